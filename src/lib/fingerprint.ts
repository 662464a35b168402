import { hash } from 'node:crypto';

/** A name for a secret that does not reveal it: the first 8 hex digits of its SHA-256. */
export function fingerprint(key: Uint8Array): string {
  return hash('sha256', key).slice(0, 8);
}
