import type { Config } from '../../src/config/config.ts';
import type { SqliteRequestLog } from '../../src/datasources/request-log/sqlite/sqlite.ts';
import { callbackListeners, connectCarrier } from '../../src/gateway/connect-carrier.ts';
import { createMetrics } from '../../src/metrics.ts';
import { CallbackGeneration } from '../../src/resolvers/callbacks/callback-generation.ts';
import type { CallbackListeners, ListenerReport, RotationReport } from '../../src/resolvers/callbacks/callback-listeners.ts';
import type { AdminRequest } from '../support/ask-gateway.ts';
import type { GatewayCommand } from '../support/gateway-command.ts';

/** The state of each listener; a rotation tells more. */
export type CallbackAnswer = readonly ListenerReport[] | RotationReport;

export const callbackCommands = {
  list: () => onListeners({ method: 'GET', path: '/callbacks' }, (listeners) => listeners.list()),
  register: (how: { readonly replace: boolean }) =>
    onListeners({ method: 'POST', path: `/callbacks/register${how.replace ? '?replace=true' : ''}` }, (listeners) =>
      listeners.register(how),
    ),
  rotate: (how: { readonly force: boolean }) =>
    onListeners({ method: 'POST', path: `/callbacks/rotate${how.force ? '?force=true' : ''}` }, (listeners) => listeners.rotate(how)),
  remove: () => onListeners({ method: 'POST', path: '/callbacks/remove' }, (listeners) => listeners.remove()),
};

/** The work needs the store too: a login that was refused before is not tried again. */
function onListeners(asked: AdminRequest, work: (listeners: CallbackListeners) => Promise<CallbackAnswer>): GatewayCommand<CallbackAnswer> {
  return {
    ...asked,
    makesStore: true,
    work: async (requestLog, config) => {
      await using undo = new AsyncDisposableStack();
      return await work(await connectListeners(requestLog, config, undo));
    },
  };
}

async function connectListeners(requestLog: SqliteRequestLog, config: Config, undo: AsyncDisposableStack): Promise<CallbackListeners> {
  const { callbackHost: host, callbackPort: port } = config;
  const { thingSpace } = connectCarrier(config, { requestLog, metrics: createMetrics(), now: Date.now, undo });
  const door = port === 0 ? null : `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return callbackListeners(config, thingSpace, door, await CallbackGeneration.load(requestLog, Date.now));
}
