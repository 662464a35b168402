import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import * as z from 'zod';
import type { Config } from '../../src/config/config.ts';
import type { SqliteRequestLog } from '../../src/datasources/request-log/sqlite/sqlite.ts';
import { verifySqlite, type Verification } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import type { BackupReport, PurgeReport, ResealReport, StoreStats } from '../../src/datasources/request-log/store-upkeep.ts';
import { readStoreKeys } from '../../src/config/read-store-keys.ts';
import { GatewayError } from '../../src/errors.ts';
import { StorePurge } from '../../src/resolvers/upkeep/purge-store.ts';
import { StoreReseal } from '../../src/resolvers/upkeep/reseal-store.ts';
import { askGateway } from './ask-gateway.ts';
import { commandOnStore, withStore } from './with-store.ts';

const number = z.number();
const backupReport: z.ZodType<BackupReport> = z.object({ path: z.string(), bytes: number, durationMs: number });
const purgeShape = z.object({ requests: number, messages: number, rows: number });
const purgeReport: z.ZodType<PurgeReport> = purgeShape;
const resealReport: z.ZodType<ResealReport> = z.object({ rows: number, keyId: z.string() });
const storeStats: z.ZodType<StoreStats> = z.object({
  path: z.string(),
  epoch: z.string(),
  schemaVersion: number,
  fileBytes: number,
  walBytes: number,
  freeBytes: number,
  requestsByStatus: z.record(z.string(), number),
  purging: number,
  oldestRequestAt: number.nullable(),
  approximateEvents: number,
  unclaimed: number,
  kept: number,
  forwardBacklog: number,
  lastPurge: purgeShape.extend({ at: number }).nullable(),
  lastBackupAt: number.nullable(),
  sealedWith: z.string().nullable(),
  olderKeys: z.array(z.string()),
});

/** Each command is done by the running gateway; on the store itself where none runs. */
export async function backupStore(config: Config, path: string): Promise<BackupReport> {
  const asked = await askGateway(config, { method: 'POST', path: `/store/backup?path=${encodeURIComponent(path)}` }, backupReport);
  return asked ?? commandOnStore(config, { action: 'store.backup', work: ({ upkeep }) => upkeep.backup(path) });
}

export async function purgeStore(config: Config, olderThanDays: number | null): Promise<PurgeReport> {
  const query = olderThanDays === null ? '' : `?olderThanDays=${olderThanDays}`;
  const asked = await askGateway(config, { method: 'POST', path: `/store/purge${query}` }, purgeReport);
  return (
    asked ??
    commandOnStore(config, { action: 'store.purge', work: ({ upkeep }) => purgeAlone(config, upkeep).run(olderThanDays ?? undefined) })
  );
}

export async function resealStore(config: Config): Promise<ResealReport> {
  const asked = await askGateway(config, { method: 'POST', path: '/store/reseal' }, resealReport);
  const work = ({ upkeep }: SqliteRequestLog) => new StoreReseal({ upkeep, restFactor: 0 }).run();
  return asked ?? commandOnStore(config, { action: 'store.reseal', work });
}

export async function readStoreStats(config: Config): Promise<StoreStats> {
  const asked = await askGateway(config, { method: 'GET', path: '/store/stats' }, storeStats);
  return asked ?? withStore(config, ({ upkeep }) => upkeep.stats());
}

async function copyStore(config: Config, path: string): Promise<void> {
  const asked = await askGateway(config, { method: 'POST', path: `/store/copy?path=${encodeURIComponent(path)}` }, backupReport);
  if (!asked) throw new GatewayError('STORE_UNUSABLE', 'The gateway has stopped meanwhile: verify again.');
}

/** The store of a running gateway is verified in a copy of it, in this process: callbacks go on. */
export async function verifyStore(config: Config): Promise<Verification> {
  const stats = await askGateway(config, { method: 'GET', path: '/store/stats' }, storeStats);
  const keys = readStoreKeys(config);
  if (!stats) return verifySqlite(config.storePath, keys);
  const copy = `${stats.path}.verify-${randomUUID().slice(0, 8)}`;
  try {
    await copyStore(config, copy);
    return verifySqlite(copy, keys);
  } finally {
    await rm(copy, { force: true });
  }
}

/** Nobody else wants the store: no rest between the steps. */
function purgeAlone({ retentionDays }: Config, upkeep: ConstructorParameters<typeof StorePurge>[0]['upkeep']): StorePurge {
  const ignore = () => undefined;
  return new StorePurge({ upkeep, retentionDays, now: Date.now, restFactor: 0, onStep: ignore, onPurged: ignore });
}
