import { numberIn } from '../numbered-id.ts';
import type { UnclaimedCallback } from '../request-log.ts';
import type { Page } from '../stored-request.ts';
import { readPage } from './read-page.ts';
import { toUnclaimed, type UnclaimedRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

export function readUnclaimed(
  sql: Statements,
  accounts: readonly string[] | null,
  after: string | null,
  limit: number,
): Page<UnclaimedCallback> {
  const asked = { after: after === null ? 0 : numberIn('unc', after), limit: limit + 1 };
  const { unclaimedPage, unclaimedPageOf, unclaimedByPk } = sql;
  const found = accounts ? unclaimedPageOf.all({ ...asked, accounts: JSON.stringify(accounts) }) : unclaimedPage.all(asked);
  const { rows, hasMore } = readPage<UnclaimedRow>(found, limit, unclaimedByPk, ({ json }) => json.length);
  return { rows: rows.flatMap((row) => toUnclaimed(row) ?? []), hasMore };
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
