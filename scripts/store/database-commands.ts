import type { Config } from '../../src/config/config.ts';
import { readStoreKeys } from '../../src/config/read-store-keys.ts';
import { copyStore, type CopyReport } from '../../src/datasources/request-log/copy/copy-store.ts';
import { markRestored } from '../../src/datasources/request-log/postgres/mark-restored.ts';
import { GatewayError } from '../../src/errors.ts';

const TOLD_EVERY_MS = 5_000;

/** Moves the embedded store to the database of the configuration. Nobody may use either. */
export async function copyToDatabase(config: Config, onProgress: (sentence: string) => void): Promise<CopyReport> {
  const { storePath: path, storeUnsynced: allowsUnsynced } = config;
  const { now } = Date;
  let toldAt = now();
  const onRows = (rows: number, table: string) => {
    if (now() - toldAt < TOLD_EVERY_MS) return;
    toldAt = now();
    onProgress(`${rows} rows are copied. The next ones are of ${table}.`);
  };
  return copyStore({ path, url: urlOf(config), keys: readStoreKeys(config), allowsUnsynced, now, onProgress, onRows });
}

export async function noteRestored(config: Config): Promise<{ readonly restored: true }> {
  await markRestored(urlOf(config), { allowsUnsynced: config.storeUnsynced, now: Date.now() });
  return { restored: true };
}

function urlOf({ storeUrl }: Config): string {
  if (storeUrl === null)
    throw new GatewayError(
      'BAD_USER_INPUT',
      'Nothing was done: this command is for a store on PostgreSQL. Set M2M_STORE_URL. (A backup of the embedded store is marked already.)',
    );
  return storeUrl;
}
