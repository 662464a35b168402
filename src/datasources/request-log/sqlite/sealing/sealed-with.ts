import { makeUnusableError } from '../sqlite-error.ts';
import { readFact, type Statements } from '../sqlite-statements.ts';
import type { Vault } from '../../vault.ts';

/** Fact: the ids of all keys that rows of the store may be sealed with, as a JSON list. */
export const SEALED_WITH = 'sealed-with';
/** Fact: how far an unfinished reseal has come, and its key. */
export const RESEAL_POSITION = 'reseal-position';

export interface ResealPosition {
  readonly keyId: string;
  readonly table: number;
  /** The last row of the table that the reseal looked at. */
  readonly after: number;
}

/** Keeps the fact that names the keys of the store. It is on disk together with the first row of each key, so no row's key is unknown. */
export class SealedWith {
  readonly #sql: Statements;
  readonly #vault: Vault;
  #keyIds: readonly string[];
  /** What the open transaction has written; null for nothing. */
  #written: readonly string[] | null = null;

  /** @throws GatewayError STORE_UNUSABLE when a key of the store is missing. */
  constructor(sql: Statements, vault: Vault, path: string) {
    this.#sql = sql;
    this.#vault = vault;
    this.#keyIds = JSON.parse(readFact(sql, SEALED_WITH) ?? '[]') as string[];
    const missing = this.#keyIds.filter((keyId) => !vault.has(keyId));
    if (missing.length > 0)
      throw makeUnusableError(
        `The store ${path} has rows that are sealed with a key that is not configured (${missing.join(', ')}): M2M_STORE_KEYS, or the file that M2M_STORE_KEYS_FILE names, must hold it. Put it after the key that new rows are sealed with; it can go once \`npm run store -- reseal\` has ended.`,
      );
    // New rows behind the position of an unfinished reseal will have the present key. A reseal with another key must begin again.
    const position = readResealPosition(sql);
    if (position && position.keyId !== vault.keyId) sql.deleteFact.run(RESEAL_POSITION);
  }

  get keyIds(): readonly string[] {
    return this.#keyIds;
  }

  /** Ends a transaction: adds a key that has sealed its first row in it. */
  finish(): void {
    const { keyId, hasSealed } = this.#vault;
    if (!hasSealed || keyId === null || this.#written || this.#keyIds.includes(keyId)) return;
    this.#write([...this.#keyIds, keyId]);
  }

  /** Called in the transaction that ends a reseal: no row has another key any more. */
  keepOnlyCurrent(): void {
    const { keyId, hasSealed } = this.#vault;
    if (keyId !== null) this.#write(hasSealed || this.#keyIds.includes(keyId) ? [keyId] : []);
  }

  afterCommit(): void {
    this.#keyIds = this.#written ?? this.#keyIds;
    this.#written = null;
  }

  rollback(): void {
    this.#written = null;
  }

  #write(keyIds: readonly string[]): void {
    this.#sql.setFact.run(SEALED_WITH, JSON.stringify(keyIds));
    this.#written = keyIds;
  }
}

export function readResealPosition(sql: Statements): ResealPosition | null {
  return JSON.parse(readFact(sql, RESEAL_POSITION) ?? 'null') as ResealPosition | null;
}
