import { hash } from 'node:crypto';

export const SHOWN_FAULTS = 100;

/** Counts the faults, and keeps the first of them in words. */
export class Faults {
  readonly shown: string[] = [];
  total = 0;

  add(fault: string): void {
    this.total++;
    if (this.shown.length < SHOWN_FAULTS) this.shown.push(fault);
  }
}

/** Compares with the digest, a SHA-256 or its first half. An answer that we asked for has none: it must at least be JSON. */
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
