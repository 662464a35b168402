import type { LogCounts } from '../store-health.ts';
import type { RequestStatus } from '../stored-request.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Statements } from './sqlite-statements.ts';
import { walkOpen } from './walk-open.ts';

type Held = Pick<LogCounts, 'unclaimed' | 'deadLettersByReason'>;

export function readHeld({ heldByKind }: Pick<Statements, 'heldByKind'>): Held {
  const held = heldByKind.all() as { kind: string; rows: number }[];
  const counts = Object.fromEntries(held.map(({ kind, rows }) => [kind, rows]));
  const { UNCLAIMED: unclaimed = 0, FORWARD: _copies, EXTERNAL: _ofOthers, ...deadLettersByReason } = counts;
  return { unclaimed, deadLettersByReason };
}

export async function readCounts(sql: Pick<Statements, 'heldByKind' | 'openRequests'>, commits: GroupCommit): Promise<LogCounts> {
  const openByStatus: Partial<Record<RequestStatus, number>> = {};
  let overdueDevices = 0;
  for await (const requests of walkOpen(sql, commits)) {
    for (const { status, overdue } of requests) {
      openByStatus[status] = (openByStatus[status] ?? 0) + 1;
      overdueDevices += overdue;
    }
  }
  return { ...(await commits.read(() => readHeld(sql))), overdueDevices, openByStatus };
}
