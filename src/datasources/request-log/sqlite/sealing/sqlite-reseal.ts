import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { RESEAL_POSITION, type ResealPosition, type SealedWith } from './sealed-with.ts';
import { unsealInSql, sealInSql, SEALED_TABLES, type SealedTable } from './sqlite-sealing.ts';
import type { Statements } from '../sqlite-statements.ts';
import type { ResealStep } from '../../store-upkeep.ts';
import type { Vault } from './vault.ts';

/** Rows looked at in one job, and of these the rows and bytes sealed anew: measured at 3 to 5 ms, for callbacks are committed with it. */
const LOOKED_AT_ONCE = 500;
const ROWS_AT_ONCE = 100;
const BYTES_AT_ONCE = 262_144;

const TABLES = Object.keys(SEALED_TABLES) as SealedTable[];

interface Found {
  readonly key: number;
  readonly bytes: number;
  readonly due: number;
}

interface TableStatements {
  readonly find: StatementSync;
  readonly reseal: StatementSync;
}

/**
 * Seals with the current key what is sealed with another one or lies plain, table by table in the order of their keys. What is
 * written meanwhile has the current key, so no row comes to lie behind the position that has another.
 */
export class SqliteReseal {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #vault: Vault;
  readonly #sealedWith: SealedWith;
  #tables: readonly TableStatements[] | null = null;

  constructor(db: DatabaseSync, sql: Statements, vault: Vault, sealedWith: SealedWith) {
    this.#db = db;
    this.#sql = sql;
    this.#vault = vault;
    this.#sealedWith = sealedWith;
  }

  /** Null where there is no key. */
  get keyId(): string | null {
    return this.#vault.keyId;
  }

  /** Keys that rows may still be sealed with beside the current one. */
  get olderKeyIds(): readonly string[] {
    return this.#sealedWith.keyIds.filter((keyId) => keyId !== this.#vault.keyId);
  }

  /** One step, inside a transaction. Its position is on disk with it: what a crash has interrupted goes on from there. */
  step(keyId: string): ResealStep {
    const { table, after } = this.#position() ?? { table: 0, after: 0 };
    const statements = this.#statements()[table];
    if (!statements) {
      this.#sql.deleteFact.run(RESEAL_POSITION);
      this.#sealedWith.keepOnlyCurrent();
      return { rows: 0, keyId, done: true };
    }
    const { due, last, ended } = takeWithin(statements.find.iterate(after) as Iterable<Found>);
    const rows = due.length === 0 ? 0 : Number(statements.reseal.run(JSON.stringify(due)).changes);
    this.#goTo(ended ? { keyId, table: table + 1, after: 0 } : { keyId, table, after: last });
    return { rows, keyId, done: false };
  }

  #position(): ResealPosition | null {
    const row = this.#sql.fact.get(RESEAL_POSITION) as { value: string } | undefined;
    return row ? (JSON.parse(row.value) as ResealPosition) : null;
  }

  #goTo(position: ResealPosition): void {
    this.#sql.setFact.run(RESEAL_POSITION, JSON.stringify(position));
  }

  #statements(): readonly TableStatements[] {
    this.#tables ??= TABLES.map((table) => {
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
    return this.#tables;
  }
}

/** The rows of one step: those to be sealed anew, and the last that was looked at. */
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
