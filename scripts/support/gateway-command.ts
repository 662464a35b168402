import { existsSync } from 'node:fs';
import type { Config } from '../../src/config/config.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { SqliteRequestLog } from '../../src/datasources/request-log/sqlite/sqlite.ts';
import { GatewayError } from '../../src/errors.ts';
import { readStoreKeys } from '../../src/config/read-store-keys.ts';
import { recordCommand, type RecordedCommand } from '../../src/resolvers/access/record-command.ts';
import { tellUnrecorded } from './tell-unrecorded.ts';

/** Works on the store itself, where no gateway has it open; none can start meanwhile. */
export async function withStore<Result>(config: Config, work: (requestLog: SqliteRequestLog) => Promise<Result>): Promise<Result> {
  const { storePath } = config;
  if (!existsSync(storePath))
    throw new GatewayError(
      'STORE_UNUSABLE',
      `There is no store at ${storePath}: the first start of the gateway makes it. Check M2M_STORE_PATH.`,
    );
  await using requestLog = new SqliteRequestLog({
    path: storePath,
    keys: readStoreKeys(config),
    hub: new Hub({ tickMs: () => 0 }),
    now: Date.now,
    onAuditFailed: tellUnrecorded,
    onFatal: (error) => {
      throw error;
    },
  });
  return await work(requestLog);
}

/** The same for a command that does something: it stands in the audit log, as one that a running gateway was asked for does. */
export function commandOnStore<Result>(
  config: Config,
  {
    action,
    work,
    subject,
  }: Pick<RecordedCommand<Result>, 'action' | 'subject'> & { readonly work: (requestLog: SqliteRequestLog) => Promise<Result> },
): Promise<Result> {
  return withStore(config, (requestLog) =>
    recordCommand(requestLog, { caller: 'command-line', action, work: () => work(requestLog), ...(subject && { subject }) }),
  );
}
