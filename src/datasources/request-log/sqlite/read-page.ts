import type { StatementSync } from 'node:sqlite';
import type { NextTurn, Page } from '../stored-request.ts';
import { TURN_MS, type KeyWalker } from './walk-keys.ts';

/** The messages in one page, in bytes or characters. */
const PAGE_LENGTH = 8 * 1_048_576;

export interface MessageRows<Row, Item> {
  /** The keys of the page's rows, and of one row more when there is one. */
  readonly keys: readonly { readonly pk: number }[];
  readonly limit: number;
  readonly read: StatementSync;
  readonly lengthOf: (row: Row) => number;
  /** Null for a row that is not shown. */
  readonly toItem: (row: Row) => Item | null;
}

/**
 * Reads messages in turns, because a thousand of them take longer to read than one turn may. A page of long messages ends early: a
 * thousand messages of a megabyte each would not fit into memory, nor into one answer.
 */
export async function readPage<Row, Item>(
  walker: KeyWalker,
  { keys, limit, read, lengthOf, toItem }: MessageRows<Row, Item>,
  nextTurn: NextTurn | undefined,
): Promise<Page<Item>> {
  const rows: Item[] = [];
  let length = 0;
  let at = 0;
  let hasMore = false;
  const readOne = (): boolean => {
    const key = keys[at];
    if (key === undefined) return false;
    // It may have been purged or claimed since the turn before.
    const row = read.get(key.pk) as Row | undefined;
    if (row === undefined) return ++at > 0;
    length += lengthOf(row);
    hasMore = at === limit || (length > PAGE_LENGTH && rows.length > 0);
    if (hasMore) return false;
    at++;
    const item = toItem(row);
    if (item !== null) rows.push(item);
    return true;
  };
  await walker.repeat(() => {
    const end = performance.now() + TURN_MS;
    while (readOne()) if (performance.now() > end) return true;
    return false;
  }, nextTurn);
  return { rows, hasMore };
}
