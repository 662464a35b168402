import type { NextTurn, Page } from '../stored-request.ts';
import type { Queries } from './database.ts';
import type { LookedAt } from './find-keys.ts';

/** The messages in one page, in bytes. */
const PAGE_BYTES = 8 * 1_048_576;
/** Rows and bytes that are read in one statement: so much is in memory twice for a moment. */
const ROWS_AT_ONCE = 200;
const BYTES_AT_ONCE = 1_048_576;

/** The key of a message, and its size. */
export interface SizedKey extends LookedAt {
  readonly bytes: number;
}

export interface MessageRows<Row, Item> {
  /** The keys of the page's rows, and of one row more when there is one. */
  readonly keys: readonly SizedKey[];
  readonly limit: number;
  /** Reads the rows of a list of keys, in the order of the page. */
  readonly sql: string;
  /** Null for a row that is not shown. */
  readonly toItem: (row: Row) => Item | null;
}

/**
 * Reads messages in parts. A page of long messages ends early: a thousand messages of a megabyte each would not fit into memory, nor into
 * one answer.
 */
export async function readPage<Row, Item>(
  db: Queries,
  { keys, limit, sql, toItem }: MessageRows<Row, Item>,
  nextTurn: NextTurn | undefined,
): Promise<Page<Item>> {
  const shown = takeWithin(keys.slice(0, limit), PAGE_BYTES);
  const rows: Item[] = [];
  for (let at = 0; at < shown.length;) {
    const part = takeWithin(shown.slice(at, at + ROWS_AT_ONCE), BYTES_AT_ONCE);
    at += part.length;
    await nextTurn?.();
    // What was purged or claimed since the keys were read is not there.
    for (const row of await db.rows<Row>(sql, [part.map(({ pk }) => pk)])) {
      const item = toItem(row);
      if (item !== null) rows.push(item);
    }
  }
  return { rows, hasMore: keys.length > shown.length };
}

/** The first rows that have at most `most` bytes together. It takes at least one row, whatever its size. */
export function takeWithin<Row extends { readonly bytes: number }>(rows: readonly Row[], most: number): readonly Row[] {
  let bytes = 0;
  const end = rows.findIndex((row, at) => (bytes += row.bytes) > most && at > 0);
  return end < 0 ? rows : rows.slice(0, end);
}
