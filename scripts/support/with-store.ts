import { existsSync } from 'node:fs';
import type { Config } from '../../src/config.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { SqliteRequestLog } from '../../src/datasources/request-log/sqlite.ts';
import { GatewayError } from '../../src/errors.ts';

/** Works on the store itself, where no gateway has it open; none can start meanwhile. */
export async function withStore<Result>({ storePath }: Config, work: (requestLog: SqliteRequestLog) => Promise<Result>): Promise<Result> {
  if (!existsSync(storePath)) throw new GatewayError('STORE_UNUSABLE', `There is no store at ${storePath}. Check M2M_STORE_PATH.`);
  await using requestLog = new SqliteRequestLog({
    path: storePath,
    hub: new Hub({ tickMs: () => 0 }),
    now: Date.now,
    onFatal: (error) => {
      throw error;
    },
  });
  return await work(requestLog);
}
