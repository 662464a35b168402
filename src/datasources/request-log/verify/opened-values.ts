import { GatewayError } from '../../../errors.ts';
import type { Vault } from '../vault.ts';
import type { Faults } from './verify-faults.ts';

/** Opens the sealed values of a store that is being verified. It counts values whose key is missing, and reports damaged ones. */
export class OpenedValues {
  readonly #vault: Vault;
  readonly #faults: Faults;
  readonly #known: ReadonlySet<string>;
  /** How many sealed values were not read, because their key is missing. */
  unread = 0;
  readonly missingKeys = new Set<string>();

  /** @param known the keys that the store names as the keys of its rows. */
  constructor(vault: Vault, faults: Faults, known: Iterable<string>) {
    this.#vault = vault;
    this.#faults = faults;
    this.#known = new Set(known);
  }

  /** The plain value. Undefined for a value that cannot be read, which is reported or counted. */
  text(value: string, keyId: string | null, place: string, what: string): string | undefined {
    return keyId === null ? value : this.#open(Buffer.from(value, 'base64'), keyId, place, what)?.toString();
  }

  bytes(value: Uint8Array, keyId: string | null, place: string, what: string): Uint8Array | undefined {
    return keyId === null ? value : this.#open(value, keyId, place, what);
  }

  #open(value: Uint8Array, keyId: string, place: string, what: string): Uint8Array | undefined {
    if (!this.#known.has(keyId)) {
      this.#faults.add(`${what} names a key that the store does not know of.`);
      return undefined;
    }
    if (!this.#vault.has(keyId)) {
      this.unread++;
      this.missingKeys.add(keyId);
      return undefined;
    }
    try {
      return this.#vault.open(value, keyId, place);
    } catch (cause) {
      if (!(cause instanceof GatewayError)) throw cause;
      this.#faults.add(`${what} does not open with its key: it was changed, moved or damaged.`);
      return undefined;
    }
  }
}
