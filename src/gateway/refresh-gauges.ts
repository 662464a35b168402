import type { RequestLog } from '../datasources/request-log/request-log.ts';
import type { Session } from '../datasources/thingspace/session.ts';
import type { Metrics } from '../metrics.ts';
import type { Overload } from '../server/overload.ts';

/** Brings up to date what is read from the store, or sampled, when the metrics are asked for. */
export async function refreshGauges(
  metrics: Metrics,
  requestLog: RequestLog,
  session: Pick<Session, 'isLatched'>,
  overload: Overload,
  now: number,
): Promise<void> {
  const { unclaimed, openByStatus, deadLettersByReason, overdueDevices } = await requestLog.counts();
  metrics.unclaimed.set(unclaimed);
  metrics.overdueDevices.set(overdueDevices);
  metrics.openRequests.reset();
  for (const [status, count] of Object.entries(openByStatus)) metrics.openRequests.set({ status }, count);
  metrics.keptMessages.reset();
  for (const [reason, count] of Object.entries(deadLettersByReason)) metrics.keptMessages.set({ reason: reason.toLowerCase() }, count);
  const { rows, oldestAt } = await requestLog.forwardBacklog();
  metrics.forwardBacklog.set(rows);
  metrics.forwardOldest.set(oldestAt === null ? 0 : Math.max(0, now - oldestAt) / 1000);
  metrics.loginLatched.set((await session.isLatched()) ? 1 : 0);
  metrics.eventLoopLag.set(overload.lagMs / 1000);
}
