import type { LogCounts } from '../store-health.ts';
import type { RequestStatus } from '../stored-request.ts';
import type { Statements } from './sqlite-statements.ts';

export function readCounts(sql: Pick<Statements, 'heldByKind' | 'openByStatus'>): LogCounts {
  const open = sql.openByStatus.all() as { status: RequestStatus; rows: number; overdue: number }[];
  const held = sql.heldByKind.all() as { kind: string; rows: number }[];
  const counts = Object.fromEntries(held.map(({ kind, rows }) => [kind, rows]));
  const { UNCLAIMED: unclaimed = 0, FORWARD: _copies, EXTERNAL: _ofOthers, ...deadLettersByReason } = counts;
  return {
    unclaimed,
    deadLettersByReason,
    overdueDevices: open.reduce((sum, { overdue }) => sum + overdue, 0),
    openByStatus: Object.fromEntries(open.map(({ status, rows }) => [status, rows])),
  };
}
