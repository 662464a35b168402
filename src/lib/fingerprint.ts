import { hash } from 'node:crypto';

/** Names a secret key without telling it: the first 8 hex digits of its SHA-256. */
export function fingerprint(key: Uint8Array): string {
  return hash('sha256', key).slice(0, 8);
}
