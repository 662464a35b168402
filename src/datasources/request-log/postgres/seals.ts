import type { Vault } from '../vault.ts';

/**
 * Seals values between the gateway and a table, and opens them again. Texts are stored as base64. A value opens only at its own place:
 * table, column and key of its row.
 */
export class Seals {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** The key that new rows are sealed with; null when they lie as they came. */
  get keyId(): string | null {
    return this.#vault.keyId;
  }

  /** False for a value whose key is not configured here. Another gateway may have it. */
  hasKey(keyId: string | null): boolean {
    return keyId === null || this.#vault.has(keyId);
  }

  sealText<Text extends string | null>(plain: Text, place: string): Text | string {
    return plain === null || this.keyId === null ? plain : this.#vault.seal(plain, place).toString('base64');
  }

  sealBytes(plain: Uint8Array, place: string): Uint8Array {
    return this.keyId === null ? plain : this.#vault.seal(plain, place);
  }

  /** @throws GatewayError STORE_FAILED for a value that does not open. */
  openText<Text extends string | null>(stored: Text, keyId: string | null, place: string): Text | string {
    return stored === null || keyId === null ? stored : this.#vault.open(Buffer.from(stored, 'base64'), keyId, place).toString();
  }

  /** @throws GatewayError STORE_FAILED for a value that does not open. */
  openBytes(stored: Uint8Array, keyId: string | null, place: string): Uint8Array {
    return keyId === null ? stored : this.#vault.open(stored, keyId, place);
  }
}
