import type { BackupReport, PurgeReport, ResealReport, StoreStats } from '../../src/datasources/request-log/store-upkeep.ts';
import { StorePurge } from '../../src/resolvers/upkeep/purge-store.ts';
import { StoreReseal } from '../../src/resolvers/upkeep/reseal-store.ts';
import type { GatewayCommand } from '../support/gateway-command.ts';

/** Without a running gateway nobody else needs the store, so the work takes no rests between its steps. */
export const storeCommands = {
  backup: (path: string): GatewayCommand<BackupReport> => ({
    method: 'POST',
    path: `/store/backup?path=${encodeURIComponent(path)}`,
    work: ({ upkeep }) => upkeep.backup(path),
  }),
  purge: (olderThanDays: number | null): GatewayCommand<PurgeReport> => ({
    method: 'POST',
    path: `/store/purge${olderThanDays === null ? '' : `?olderThanDays=${olderThanDays}`}`,
    work: (store, { retentionDays }, now) => {
      const ignore = () => undefined;
      const purge = new StorePurge({ store, retentionDays, now, restFactor: 0, onStep: ignore, onPurged: ignore });
      return purge.run(olderThanDays ?? undefined);
    },
  }),
  reseal: (): GatewayCommand<ResealReport> => ({
    method: 'POST',
    path: '/store/reseal',
    work: (store) => new StoreReseal({ store, restFactor: 0 }).run(),
  }),
  stats: (): GatewayCommand<StoreStats> => ({ method: 'GET', path: '/store/stats', work: ({ upkeep }) => upkeep.stats() }),
};
