import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { VARIABLES } from '../../src/config/config-variables.ts';
import type { Config } from '../../src/config/config.ts';
import { readStoreKeys } from '../../src/config/read-store-keys.ts';
import { verifyPostgres } from '../../src/datasources/request-log/postgres/postgres-verify.ts';
import { verifySqlite } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import type { BackupReport, StoreStats } from '../../src/datasources/request-log/store-upkeep.ts';
import type { Verification } from '../../src/datasources/request-log/verify/verification.ts';
import { GatewayError } from '../../src/errors.ts';
import { askGateway } from '../support/ask-gateway.ts';

/**
 * Verifies the store. Where a gateway has a file open, it makes a copy and this process reads the copy, so callbacks go on. A database is
 * read beside all gateways.
 */
export async function verifyStore(config: Config): Promise<Verification> {
  if (config.storeUrl !== null) return verifyPostgres(config.storeUrl, readStoreKeys(config));
  const stats = await askGateway<StoreStats>({ method: 'GET', path: '/store/stats' }, config);
  const keys = readStoreKeys(config);
  if (!stats) return verifySqlite(config.storePath, keys);
  const copy = `${stats.path}.verify-${randomUUID().slice(0, 8)}`;
  try {
    const copied = await askGateway<BackupReport>({ method: 'POST', path: `/store/copy?path=${encodeURIComponent(copy)}` }, config);
    if (!copied) throw new GatewayError('STORE_UNUSABLE', 'The gateway has stopped meanwhile: verify again.');
    return verifySqlite(copy, keys);
  } finally {
    await rm(copy, { force: true });
  }
}

/** Verifies a backup of the embedded store, or a journal. It needs nothing of the environment but the store's keys, so it works on any machine. */
export function verifyBackup(file: string, env: Readonly<Record<string, string | undefined>>): Verification {
  return verifySqlite(file, keysOf(env));
}

function keysOf(env: Readonly<Record<string, string | undefined>>): readonly Uint8Array[] {
  const { storeKeys, storeKeysFile } = VARIABLES;
  const written = env[storeKeys.name];
  if (!written) return readStoreKeys({ storeKeys: null, storeKeysFile: env[storeKeysFile.name] || null });
  const parsed = storeKeys.parse.safeParse(written);
  if (!parsed.success) throw new GatewayError('CONFIG_INVALID', `${storeKeys.name} ${parsed.error.issues[0]?.message ?? 'is not usable'}.`);
  return readStoreKeys({ storeKeys: parsed.data, storeKeysFile: null });
}
