import type { monitorEventLoopDelay } from 'node:perf_hooks';
import type { PartsOf } from '../../datasources/request-log/store.ts';
import { isStoreAway } from '../../errors.ts';
import type { Session } from '../../datasources/thingspace/session.ts';
import type { Metrics } from '../../metrics.ts';

/** Between two looks at how late the event loop is. */
export const LAG_RESOLUTION_MS = 10;

export interface GaugeSources {
  readonly metrics: Metrics;
  /** How late the event loop is. */
  readonly lag: ReturnType<typeof monitorEventLoopDelay>;
  readonly now: () => number;
}

export interface StoreSources {
  readonly store: PartsOf<{ health: 'counts'; forwards: 'forwardBacklog'; upkeep: 'sizes' | 'disk' | 'lastTimes' }>;
  readonly session: Session;
}

/**
 * A store that is away leaves its gauges as they are: what waits in the journal, and that nothing is ready, is told all the same.
 *
 * @param parts null while the store does not answer.
 */
export async function refreshGauges(sources: GaugeSources, parts: StoreSources | null): Promise<void> {
  const { metrics, lag } = sources;
  // It counts the pause between two looks too.
  metrics.eventLoopLag.set(lag.count > 0 ? Math.max(0, lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS) / 1_000 : 0);
  lag.reset();
  metrics.memoryBytes.set(process.memoryUsage.rss());
  if (parts === null) return;
  await refreshStoreGauges(sources, parts).catch((error: unknown) => {
    if (!isStoreAway(error)) throw error;
  });
}

async function refreshStoreGauges({ metrics, now }: GaugeSources, { store, session }: StoreSources): Promise<void> {
  const { unclaimed, openByStatus, deadLettersByReason, overdueDevices } = await store.health.counts();
  metrics.unclaimed.set(unclaimed);
  metrics.overdueDevices.set(overdueDevices);
  metrics.openRequests.reset();
  for (const [status, count] of Object.entries(openByStatus)) metrics.openRequests.set({ status }, count);
  metrics.keptMessages.reset();
  for (const [reason, count] of Object.entries(deadLettersByReason)) metrics.keptMessages.set({ reason: reason.toLowerCase() }, count);
  const { rows, oldestAt } = await store.forwards.forwardBacklog();
  metrics.forwardBacklog.set(rows);
  metrics.forwardOldest.set(oldestAt === null ? 0 : Math.max(0, now() - oldestAt) / 1000);
  metrics.loginLatched.set((await session.isLatched()) ? 1 : 0);
  const { fileBytes, walBytes } = await store.upkeep.sizes();
  metrics.storeBytes.set({ part: 'file' }, fileBytes);
  metrics.storeBytes.set({ part: 'wal' }, walBytes);
  const { freeBytes, isLow } = await store.upkeep.disk();
  metrics.diskFree.set(freeBytes);
  metrics.diskLow.set(isLow ? 1 : 0);
  const { purgeAt, backupAt } = await store.upkeep.lastTimes();
  metrics.lastPurge.set((purgeAt ?? 0) / 1000);
  metrics.lastBackup.set((backupAt ?? 0) / 1000);
}
