import type { Config } from '../../src/config.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { SqliteRequestLog } from '../../src/datasources/request-log/sqlite.ts';
import { callbackListeners, connectCarrier } from '../../src/gateway/connect-carrier.ts';
import { createMetrics } from '../../src/metrics.ts';
import type { ListenerReport } from '../../src/resolvers/callback-listeners.ts';
import type { CallbackCommand } from './callback-command.ts';

/** Lists, registers or removes with the store open: a login that was refused before is not tried again, and a gateway cannot start meanwhile. */
export async function callbacksWithoutGateway(config: Config, command: CallbackCommand): Promise<readonly ListenerReport[]> {
  await using undo = new AsyncDisposableStack();
  const requestLog = undo.use(
    new SqliteRequestLog({
      path: config.storePath,
      hub: new Hub({ tickMs: () => 0 }),
      now: Date.now,
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
  const listeners = callbackListeners(config, thingSpace, door);
  switch (command.name) {
    case 'list':
      return await listeners.list();
    case 'register':
      return await listeners.register({ replace: command.replace });
    case 'remove':
      return await listeners.remove();
  }
}
