import { numberIn } from '../numbered-id.ts';
import type { UnclaimedCallback } from '../request-log.ts';
import type { NextTurn, Page } from '../stored-request.ts';
import { readPage } from './read-page.ts';
import { toUnclaimed, type UnclaimedRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';
import type { KeyedRows, KeyWalker, OrderedIndex, Walk } from './walk-keys.ts';

/** A page, oldest first. */
export async function readUnclaimed(
  sql: Statements,
  walker: KeyWalker,
  asked: { accounts: readonly string[] | null; after: string | null; limit: number; nextTurn: NextTurn | undefined },
): Promise<Page<UnclaimedCallback>> {
  const { accounts, after, limit, nextTurn } = asked;
  const plan = () => planUnclaimed(accounts, after === null ? 0 : numberIn('unc', after));
  const keys = await walker.page<{ pk: number }>(UNCLAIMED, plan, limit + 1, nextTurn);
  const page = { keys, limit, read: sql.unclaimedByPk, lengthOf: ({ json }: UnclaimedRow) => json.length };
  return readPage(walker, { ...page, toItem: toUnclaimed }, nextTurn);
}

export const UNCLAIMED: KeyedRows = { table: 'unclaimed', select: 'pk', order: 'ASC' };
const BY_ACCOUNT: OrderedIndex = { from: 'unclaimed INDEXED BY unclaimed_by_account', column: 'account', key: 'pk' };

export function planUnclaimed(accounts: readonly string[] | null, after: number | null): Walk {
  return {
    source: accounts && { index: BY_ACCOUNT, values: [...new Set(accounts)] },
    conditions: [],
    parameters: {},
    ranges: after === null ? [] : [[after + 1, Number.MAX_SAFE_INTEGER]],
  };
}

export function readUnclaimedById(
  sql: Statements,
  ids: readonly string[],
  accounts: readonly string[] | null,
): Map<string, UnclaimedCallback> {
  const numbers = JSON.stringify(ids.map((id) => numberIn('unc', id)));
  const rows = sql.unclaimedByIds.all(numbers, accounts && JSON.stringify(accounts)) as UnclaimedRow[];
  return new Map(rows.flatMap((row) => toUnclaimed(row) ?? []).map((callback) => [callback.id, callback]));
}
