import { hash } from 'node:crypto';

export const SHOWN_FAULTS = 100;

/** The first faults in words, and how many there are. */
export class Faults {
  readonly shown: string[] = [];
  total = 0;

  add(fault: string): void {
    this.total++;
    if (this.shown.length < SHOWN_FAULTS) this.shown.push(fault);
  }
}

/** By its digest, a SHA-256 or the first half of one; an answer we had asked for has none, and must be JSON at least. */
export function isAsItCame(message: string | Uint8Array, digest: Uint8Array | null): boolean {
  if (digest === null) return typeof message !== 'string' || isJson(message);
  return digest.length >= 16 && Buffer.compare(hash('sha256', message, 'buffer').subarray(0, digest.length), digest) === 0;
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
