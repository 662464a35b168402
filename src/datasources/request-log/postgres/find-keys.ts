import type { NextTurn } from '../stored-request.ts';
import type { Queries, Value } from './database.ts';

/** Keys that one statement looks at when it may find few of them. */
const LOOKED_AT = 2_000;
/** The same for all accounts of a list together: each of them is looked through up to the number for one. */
const LOOKED_AT_IN_ALL = 20_000;

/** A row of a list, and whether the filter of the list means it. */
export interface LookedAt {
  readonly pk: number;
  /** False for a row that was looked at in vain. */
  readonly isMeant: boolean;
}

export interface KeyWalk {
  /** Gives back the next rows in the order of the list. Its parameters: the key to go on behind, how many rows, and `values`. */
  readonly sql: string;
  readonly values: readonly Value[];
  readonly from: number;
  /** How many of the rows that are meant are wanted. */
  readonly limit: number;
  /** Rows may be looked at in vain. */
  readonly isFiltered: boolean;
  /** How many accounts each statement looks through. */
  readonly accounts: number;
}

/** Reads keys in the order of a list. Each statement looks at a bounded number of rows, however few of them are meant. */
export async function findKeys<Row extends LookedAt>(db: Queries, walk: KeyWalk, nextTurn: NextTurn | undefined): Promise<Row[]> {
  const { sql, values, limit, isFiltered, accounts } = walk;
  const most = Math.min(LOOKED_AT, Math.ceil(LOOKED_AT_IN_ALL / Math.max(1, accounts)));
  const count = isFiltered ? Math.max(limit, most) : limit;
  const found: Row[] = [];
  let { from } = walk;
  for (;;) {
    await nextTurn?.();
    const rows = await db.rows<Row>(sql, [from, count, ...values]);
    for (const row of rows) if (row.isMeant) found.push(row);
    const last = rows.at(-1);
    if (found.length >= limit || rows.length < count || !last) return found.slice(0, limit);
    from = last.pk;
  }
}
