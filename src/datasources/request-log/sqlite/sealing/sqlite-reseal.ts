import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { readResealPosition, RESEAL_POSITION, type ResealPosition, type SealedWith } from './sealed-with.ts';
import { unsealInSql, sealInSql, SEALED_TABLES, type SealedTable } from './sqlite-sealing.ts';
import type { Statements } from '../sqlite-statements.ts';
import type { ResealStep } from '../../store-upkeep.ts';
import type { Vault } from '../../vault.ts';

/** How many rows one job looks at, and how many of them (and of their bytes) it seals. Callbacks wait for it: measured at 3 to 5 ms. */
const LOOKED_AT_ONCE = 500;
const ROWS_AT_ONCE = 100;
const BYTES_AT_ONCE = 262_144;

interface Found {
  readonly key: number;
  readonly bytes: number;
  readonly due: number;
}

/**
 * Seals with the current key all rows that are plain or have another key, table by table in the order of their primary keys. Rows
 * that are written meanwhile have the current key, so behind its position all rows have it.
 */
export class SqliteReseal {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #vault: Vault;
  readonly #sealedWith: SealedWith;
  #tables: readonly { readonly find: StatementSync; readonly reseal: StatementSync }[] | null = null;

  constructor(db: DatabaseSync, sql: Statements, vault: Vault, sealedWith: SealedWith) {
    this.#db = db;
    this.#sql = sql;
    this.#vault = vault;
    this.#sealedWith = sealedWith;
  }

  /** Null when there is no key. */
  get keyId(): string | null {
    return this.#vault.keyId;
  }

  /** Other keys that rows may still have. */
  get olderKeyIds(): readonly string[] {
    return this.#sealedWith.keyIds.filter((keyId) => keyId !== this.#vault.keyId);
  }

  /** One step, inside a transaction. The position is on disk with it, so after a crash the reseal goes on from there. */
  step(keyId: string): ResealStep {
    const { table, after } = readResealPosition(this.#sql) ?? { table: 0, after: 0 };
    const statements = (this.#tables ??= this.#prepare())[table];
    if (!statements) {
      this.#sql.deleteFact.run(RESEAL_POSITION);
      this.#sealedWith.keepOnlyCurrent();
      return { rows: 0, keyId, done: true };
    }
    const { due, last, ended } = takeWithin(statements.find.iterate(after) as Iterable<Found>);
    const rows = due.length === 0 ? 0 : Number(statements.reseal.run(JSON.stringify(due)).changes);
    const next: ResealPosition = ended ? { keyId, table: table + 1, after: 0 } : { keyId, table, after: last };
    this.#sql.setFact.run(RESEAL_POSITION, JSON.stringify(next));
    return { rows, keyId, done: false };
  }

  #prepare() {
    return (Object.keys(SEALED_TABLES) as SealedTable[]).map((table) => {
      const { key, columns } = SEALED_TABLES[table];
      const last = columns.at(-1) ?? columns[0];
      const anew = columns.map((column) => `${column} = ${sealInSql(this.#vault, table, column, unsealInSql(table, column))}`);
      const keyId = this.#vault.keyId ?? '';
      return {
        find: this.#db
          .prepare(`SELECT ${key} AS key, ${columns.map((column) => `coalesce(octet_length(${column}), 0)`).join(' + ')} AS bytes,
          ${last} IS NOT NULL AND key_id IS NOT '${keyId}' AS due FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ${LOOKED_AT_ONCE}`),
        reseal: this.#db.prepare(`UPDATE ${table} SET ${anew.join(', ')}, key_id = '${keyId}'
          WHERE ${key} IN (SELECT value FROM json_each(?))`),
      };
    });
  }
}

/** The rows of one step: the rows that must be sealed, and the last one that was looked at. */
function takeWithin(rows: Iterable<Found>): { due: readonly number[]; last: number; ended: boolean } {
  const due: number[] = [];
  let last = 0;
  let looked = 0;
  let bytes = 0;
  for (const row of rows) {
    last = row.key;
    looked++;
    if (row.due !== 1) continue;
    due.push(row.key);
    bytes += row.bytes;
    if (due.length === ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE) return { due, last, ended: false };
  }
  return { due, last, ended: looked < LOOKED_AT_ONCE };
}
