import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogCounts } from '../store-health.ts';
import type { RequestStatus } from '../stored-request.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Statements } from './sqlite-statements.ts';

interface OpenRequest {
  readonly status: RequestStatus;
  readonly pk: number;
  readonly overdue: number;
}

type Held = Pick<LogCounts, 'unclaimed' | 'deadLettersByReason'>;

export function readHeld({ heldByKind }: Pick<Statements, 'heldByKind'>): Held {
  const held = heldByKind.all() as { kind: string; rows: number }[];
  const counts = Object.fromEntries(held.map(({ kind, rows }) => [kind, rows]));
  const { UNCLAIMED: unclaimed = 0, FORWARD: _copies, EXTERNAL: _ofOthers, ...deadLettersByReason } = counts;
  return { unclaimed, deadLettersByReason };
}

/** Reads the open Requests in parts, and callbacks are taken in between. */
export async function readCounts(sql: Pick<Statements, 'heldByKind' | 'openRequests'>, commits: GroupCommit): Promise<LogCounts> {
  const openByStatus: Partial<Record<RequestStatus, number>> = {};
  let overdueDevices = 0;
  let after: readonly [string, number] | null = ['', 0];
  while (after) {
    const [status, pk]: readonly [string, number] = after;
    const rows = await commits.read((): OpenRequest[] => sql.openRequests.all(status, pk) as unknown as OpenRequest[]);
    for (const { status: its, overdue } of rows) {
      openByStatus[its] = (openByStatus[its] ?? 0) + 1;
      overdueDevices += overdue;
    }
    const last = rows.at(-1);
    after = last ? [last.status, last.pk] : null;
    if (after) await nextTurn();
  }
  return { ...(await commits.read(() => readHeld(sql))), overdueDevices, openByStatus };
}
