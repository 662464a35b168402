import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Facts } from './login-budget.ts';

const SESSION = 'session';
const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The session token that all gateways of a store use, so that one login is enough for all. It is sealed with a key that is made from the
 * credentials of the login: whoever reads the store alone cannot use it.
 */
export class SharedSession {
  readonly #facts: Facts;
  readonly #key: Uint8Array;

  constructor(facts: Facts, { clientSecret, username, password }: { clientSecret: string; username: string; password: string }) {
    this.#facts = facts;
    this.#key = new Uint8Array(hkdfSync('sha256', JSON.stringify([clientSecret, username, password]), '', 'm2m-gateway session', 32));
  }

  /** Null when there is none, or it is of other credentials. */
  async read(): Promise<string | null> {
    const sealed = Buffer.from((await this.#facts.recall(SESSION)) ?? '', 'base64');
    if (sealed.length <= NONCE_BYTES + TAG_BYTES) return null;
    try {
      const decipher = createDecipheriv(ALGORITHM, this.#key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString();
    } catch {
      return null;
    }
  }

  async write(token: string): Promise<void> {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES });
    const sealed = Buffer.concat([nonce, cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    await this.#facts.remember(SESSION, sealed.toString('base64'));
  }
}
