import type { StoreUpkeep } from '../datasources/request-log/store-upkeep.ts';
import type { Metrics } from '../metrics.ts';

/** How large the store is and when it was last cared for, read when the metrics are asked for. */
export async function refreshStoreGauges(metrics: Metrics, upkeep: StoreUpkeep): Promise<void> {
  const { fileBytes, walBytes } = upkeep.sizes();
  metrics.storeBytes.set({ part: 'file' }, fileBytes);
  metrics.storeBytes.set({ part: 'wal' }, walBytes);
  const { purgeAt, backupAt } = await upkeep.lastTimes();
  metrics.lastPurge.set((purgeAt ?? 0) / 1000);
  metrics.lastBackup.set((backupAt ?? 0) / 1000);
}
