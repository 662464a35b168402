import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync, type KeyObject } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import { fingerprint } from '../../lib/fingerprint.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals values of the store with AES-256-GCM: nonce (random, 12 bytes), ciphertext, tag. A value opens only at its own place: a
 * value that was moved to another row is refused like a changed one.
 *
 * Nonces are random, so a key may seal about 4 billion values (2^32). It is exchanged long before that.
 */
export class Vault {
  /** The fingerprint of the key that seals. It is stored beside each value. Null when there is no key and everything stays plain. */
  readonly keyId: string | null;
  /** True once it has sealed a value. */
  hasSealed = false;
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #nonces = Buffer.alloc(NONCE_BYTES * 256);
  #nextNonce = this.#nonces.length;

  /** @param keys 32 bytes each. The first one seals, all of them open. */
  constructor(keys: readonly Uint8Array[]) {
    const ids = keys.map(fingerprint);
    this.#keys = new Map(keys.map((key, at) => [ids[at] ?? '', createSecretKey(key)]));
    this.keyId = ids[0] ?? null;
  }

  has(keyId: string): boolean {
    return this.#keys.has(keyId);
  }

  seal(plain: string | Uint8Array, place: string): Buffer {
    const key = this.keyId === null ? undefined : this.#keys.get(this.keyId);
    if (!key) throw new TypeError('nothing is sealed without a key');
    const nonce = this.#nonce();
    const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(place));
    const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
    const rest = cipher.final();
    this.hasSealed = true;
    return Buffer.concat([nonce, body, rest, cipher.getAuthTag()]);
  }

  /** @throws GatewayError STORE_FAILED for a value that does not open. The message names neither the value nor its place. */
  open(sealed: Uint8Array, keyId: string, place: string): Buffer {
    const key = this.#keys.get(keyId);
    if (!key)
      throw new GatewayError('STORE_FAILED', `A value of the store is sealed with key ${keyId}, which M2M_STORE_KEYS does not hold.`);
    try {
      const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(sealed.subarray(Math.max(sealed.length - TAG_BYTES, NONCE_BYTES)));
      const body = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([body, decipher.final()]);
    } catch {
      throw new GatewayError(
        'STORE_FAILED',
        'A sealed value of the store does not open with its key: it was changed, moved or damaged. `npm run store -- verify` names the row; restore a backup that verifies well.',
      );
    }
  }

  #nonce(): Buffer {
    if (this.#nextNonce === this.#nonces.length) {
      randomFillSync(this.#nonces);
      this.#nextNonce = 0;
    }
    this.#nextNonce += NONCE_BYTES;
    return this.#nonces.subarray(this.#nextNonce - NONCE_BYTES, this.#nextNonce);
  }
}
