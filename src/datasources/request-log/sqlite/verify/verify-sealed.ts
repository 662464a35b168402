import type { DatabaseSync } from 'node:sqlite';
import type { Vault } from '../../vault.ts';
import { OpenedValues } from '../../verify/opened-values.ts';
import { type Faults, isJson } from '../../verify/verify-faults.ts';
import { SEALED_WITH } from '../sealing/sealed-with.ts';
import { placeOf, type SealedColumn, type SealedTable } from '../sealing/sqlite-sealing.ts';

/** The first schema whose rows may be sealed. */
const SEALED_SINCE = 3;

/** What is needed to open a value. */
export type Sealed = {
  readonly key_id: string | null;
  readonly place: string;
};

/** The sealed values of a SQLite store that is being verified. */
export class SealedValues extends OpenedValues {
  /** False for a backup of an older gateway, which sealed nothing. */
  readonly maySeal: boolean;

  constructor(db: DatabaseSync, vault: Vault, faults: Faults) {
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    const row = db.prepare('SELECT value FROM fact WHERE key = ?').get(SEALED_WITH) as { value: string } | undefined;
    super(vault, faults, row && isJson(row.value) ? (JSON.parse(row.value) as string[]) : []);
    this.maySeal = version >= SEALED_SINCE;
  }

  /** The columns of `Sealed`, as SQL. */
  columns(table: SealedTable, column: SealedColumn): string {
    return this.maySeal ? `key_id, ${placeOf(table, column)} AS place` : "NULL AS key_id, '' AS place";
  }
}
