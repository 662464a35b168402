import type { Page } from '../stored-request.ts';

/** Of the messages in one page, in bytes or characters. */
const PAGE_LENGTH = 8 * 1_048_576;

/** A page of long messages ends early: a thousand of a megabyte each would not fit into memory, nor into one answer. */
export function readPage<Row>(
  found: readonly { readonly pk: number }[],
  limit: number,
  read: (pk: number) => Row,
  lengthOf: (row: Row) => number,
): Page<Row> {
  const rows: Row[] = [];
  let length = 0;
  for (const { pk } of found) {
    const row = read(pk);
    length += lengthOf(row);
    if (rows.length === limit || (length > PAGE_LENGTH && rows.length > 0)) return { rows, hasMore: true };
    rows.push(row);
  }
  return { rows, hasMore: false };
}
