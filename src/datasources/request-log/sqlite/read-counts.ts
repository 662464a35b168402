import type { DeadLetterReason } from '../dead-letter-log.ts';
import type { LogCounts } from '../request-log.ts';
import type { RequestStatus } from '../stored-request.ts';
import type { Statements } from './sqlite-statements.ts';

export function readCounts(sql: Pick<Statements, 'countUnclaimed' | 'openByStatus' | 'deadLettersByReason'>): LogCounts {
  const unclaimed = sql.countUnclaimed.get() as { rows: number } | undefined;
  const open = sql.openByStatus.all() as { status: RequestStatus; rows: number; overdue: number }[];
  const kept = sql.deadLettersByReason.all() as { reason: DeadLetterReason; rows: number }[];
  return {
    unclaimed: unclaimed?.rows ?? 0,
    deadLettersByReason: Object.fromEntries(kept.map(({ reason, rows }) => [reason, rows])),
    overdueDevices: open.reduce((sum, { overdue }) => sum + overdue, 0),
    openByStatus: Object.fromEntries(open.map(({ status, rows }) => [status, rows])),
  };
}
