import type { Config } from '../../src/config/config.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { SqliteRequestLog } from '../../src/datasources/request-log/sqlite/sqlite.ts';
import { connectCarrier, loadRegistrations } from '../../src/gateway/connect-carrier.ts';
import { readStoreKeys } from '../../src/config/read-store-keys.ts';
import { createMetrics } from '../../src/metrics.ts';
import { recordCommand } from '../../src/resolvers/access/record-command.ts';
import type { CallbackCommand, CallbackCommandResult } from './callback-command.ts';
import { tellUnrecorded } from './tell-unrecorded.ts';

/** Does it with the store open: a login that was refused before is not tried again, and a gateway cannot start meanwhile. */
export async function callbacksWithoutGateway(config: Config, command: CallbackCommand): Promise<CallbackCommandResult> {
  await using undo = new AsyncDisposableStack();
  const requestLog = undo.use(
    new SqliteRequestLog({
      path: config.storePath,
      keys: readStoreKeys(config),
      hub: new Hub({ tickMs: () => 0 }),
      now: Date.now,
      onAuditFailed: tellUnrecorded,
      onFatal: (error) => {
        throw error;
      },
    }),
  );
  const { thingSpace } = connectCarrier(config, { requestLog, metrics: createMetrics(), now: Date.now, undo });
  const door =
    config.callbackPort === 0
      ? null
      : `http://${config.callbackHost.includes(':') ? `[${config.callbackHost}]` : config.callbackHost}:${config.callbackPort}`;
  const { registrations } = await loadRegistrations(config, { requestLog, thingSpace, now: Date.now, listenerUrl: () => door });
  const run = async (): Promise<CallbackCommandResult> => {
    switch (command.name) {
      case 'list':
        return { listeners: await registrations.list(), formerUntil: null };
      case 'register':
        return { listeners: await registrations.register({ replace: command.replace }), formerUntil: null };
      case 'rotate':
        return await registrations.rotate({ force: command.force });
      case 'remove':
        return { listeners: await registrations.remove(), formerUntil: null };
    }
  };
  if (command.name === 'list') return await run();
  return await recordCommand(requestLog, { caller: 'command-line', action: `callbacks.${command.name}`, work: run });
}
