import { CHANGE_NOTED_EVERY_MS } from '../change-notes.ts';
import type { ChangePlace, ChangesPage } from '../changed-requests.ts';
import { toRequest, type RequestRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

type ChangedRow = RequestRow & { readonly changedAt: number };

/**
 * Reads what has changed after a place, in one moment. There is one writer, and the times that it notes only grow (`ChangeClock`): so
 * what changes after the last note of now is noted later, or was noted at most `CHANGE_NOTED_EVERY_MS` before.
 */
export function readChanges(sql: Statements, account: string, { changedAt, id }: ChangePlace, limit: number): ChangesPage {
  const { at } = sql.lastChangeOf.get(account) as { at: number };
  // All of this time come again when the Request at the place was purged.
  const after = id === null ? 0 : ((sql.pkOfRequest.get(id) as { pk: number } | undefined)?.pk ?? 0);
  const rows = limit === 0 ? [] : (sql.changesAfter.all(account, changedAt, after, limit + 1) as ChangedRow[]);
  return {
    rows: rows.slice(0, limit).map(({ changedAt: noted, ...row }) => ({ request: toRequest(row), changedAt: noted })),
    hasMore: rows.length > limit,
    goOnAt: Math.max(0, at - CHANGE_NOTED_EVERY_MS),
  };
}
