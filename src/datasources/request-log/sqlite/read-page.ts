import type { StatementSync } from 'node:sqlite';
import type { Page } from '../stored-request.ts';

/** The messages in one page, in bytes or characters. */
const PAGE_LENGTH = 8 * 1_048_576;

/** A page of long messages ends early: a thousand messages of a megabyte each would not fit into memory, nor into one answer. */
export function readPage<Row>(found: readonly unknown[], limit: number, read: StatementSync, lengthOf: (row: Row) => number): Page<Row> {
  const rows: Row[] = [];
  let length = 0;
  for (const { pk } of found as readonly { readonly pk: number }[]) {
    const row = read.get(pk) as Row;
    length += lengthOf(row);
    if (rows.length === limit || (length > PAGE_LENGTH && rows.length > 0)) return { rows, hasMore: true };
    rows.push(row);
  }
  return { rows, hasMore: false };
}
