import type { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../../errors.ts';
import { SEALED_WITH } from '../sealing/sealed-with.ts';
import { placeOf, type SealedColumn, type SealedTable } from '../sealing/sqlite-sealing.ts';
import { type Faults, isJson } from './verify-faults.ts';
import type { Vault } from '../../vault.ts';

/** The first schema whose rows may be sealed. */
const SEALED_SINCE = 3;

/** What is needed to open a value. */
export type Sealed = {
  readonly key_id: string | null;
  readonly place: string;
};

/** Opens the sealed values of a store that is being verified. It counts values whose key is missing, and reports damaged ones. */
export class SealedValues {
  readonly #vault: Vault;
  readonly #faults: Faults;
  /** The keys that the store names as the keys of its rows. */
  readonly #known: ReadonlySet<string>;
  /** How many sealed values were not read, because their key is missing. */
  unread = 0;
  readonly missingKeys = new Set<string>();
  /** False for a backup of an older gateway, which sealed nothing. */
  readonly maySeal: boolean;

  constructor(db: DatabaseSync, vault: Vault, faults: Faults) {
    this.#vault = vault;
    this.#faults = faults;
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    this.maySeal = version >= SEALED_SINCE;
    const row = db.prepare('SELECT value FROM fact WHERE key = ?').get(SEALED_WITH) as { value: string } | undefined;
    this.#known = new Set(row && isJson(row.value) ? (JSON.parse(row.value) as string[]) : []);
  }

  /** The columns of `Sealed`, as SQL. */
  columns(table: SealedTable, column: SealedColumn): string {
    return this.maySeal ? `key_id, ${placeOf(table, column)} AS place` : "NULL AS key_id, '' AS place";
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
