import { GatewayError } from '../../../../errors.ts';
import type { Statements } from '../sqlite-statements.ts';
import type { Vault } from './vault.ts';

/** Fact: JSON list of the ids of every key that rows of the store may be sealed with. */
export const SEALED_WITH = 'sealed-with';
/** Fact: how far an unfinished reseal has come, and with which key. */
export const RESEAL_POSITION = 'reseal-position';

export interface ResealPosition {
  readonly keyId: string;
  readonly table: number;
  /** The last row of the table that was looked at. */
  readonly after: number;
}

/** Keeps the fact of which keys a store is sealed with: on disk with the first row of each, so that no row's key is unknown. */
export class SealedWith {
  readonly #sql: Statements;
  readonly #vault: Vault;
  #keyIds: readonly string[];
  /** As the open transaction has written it. */
  #written: readonly string[] | null = null;

  /** @throws GatewayError STORE_UNUSABLE when a key is missing that rows may be sealed with. */
  constructor(sql: Statements, vault: Vault, path: string) {
    this.#sql = sql;
    this.#vault = vault;
    this.#keyIds = JSON.parse((sql.fact.get(SEALED_WITH) as { value: string } | undefined)?.value ?? '[]') as string[];
    const missing = this.#keyIds.filter((keyId) => !vault.has(keyId));
    if (missing.length > 0) throw describeMissingKeys(path, missing);
    this.#dropOtherReseal();
  }

  get keyIds(): readonly string[] {
    return this.#keyIds;
  }

  /** The last of a transaction: a key that has sealed its first row is noted with that row. */
  finish(): void {
    const { keyId, hasSealed } = this.#vault;
    if (!hasSealed || keyId === null || this.#written || this.#keyIds.includes(keyId)) return;
    this.#write([...this.#keyIds, keyId]);
  }

  /** In the transaction that ends a reseal: no row has another key any more. */
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

  /** Rows behind the position of a reseal may have this key from now on: with the other one it begins again. */
  #dropOtherReseal(): void {
    const position = this.#sql.fact.get(RESEAL_POSITION) as { value: string } | undefined;
    if (position && (JSON.parse(position.value) as ResealPosition).keyId !== this.#vault.keyId) this.#sql.deleteFact.run(RESEAL_POSITION);
  }
}

function describeMissingKeys(path: string, missing: readonly string[]): GatewayError {
  return new GatewayError(
    'STORE_UNUSABLE',
    `The store ${path} has rows that are sealed with a key that is not configured (${missing.join(', ')}): M2M_STORE_KEYS, or the file that M2M_STORE_KEYS_FILE names, must hold it. Put it after the key that new rows are sealed with; it can go once \`npm run store -- reseal\` has ended.`,
  );
}
