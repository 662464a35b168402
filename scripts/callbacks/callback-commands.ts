import { connectCarrier, loadRegistrations } from '../../src/gateway/connect-carrier.ts';
import { createMetrics } from '../../src/metrics.ts';
import type { CallbackRegistrations, RegistrationReport, RotationReport } from '../../src/resolvers/callbacks/callback-registrations.ts';
import type { AdminRequest } from '../support/ask-gateway.ts';
import type { GatewayCommand } from '../support/gateway-command.ts';

/** The state of each registration; a rotation tells more. */
export type CallbackAnswer = readonly RegistrationReport[] | RotationReport;

export const callbackCommands = {
  list: () => onRegistrations({ method: 'GET', path: '/callbacks' }, (registrations) => registrations.list()),
  register: (how: { readonly replace: boolean }) =>
    onRegistrations({ method: 'POST', path: `/callbacks/register${how.replace ? '?replace=true' : ''}` }, (registrations) =>
      registrations.register(how),
    ),
  rotate: (how: { readonly force: boolean }) =>
    onRegistrations({ method: 'POST', path: `/callbacks/rotate${how.force ? '?force=true' : ''}` }, (registrations) =>
      registrations.rotate(how),
    ),
  remove: () => onRegistrations({ method: 'POST', path: '/callbacks/remove' }, (registrations) => registrations.remove()),
};

/** The work needs the store too: a login that was refused before is not tried again. */
function onRegistrations(
  asked: AdminRequest,
  work: (registrations: CallbackRegistrations) => Promise<CallbackAnswer>,
): GatewayCommand<CallbackAnswer> {
  return {
    ...asked,
    makesStore: true,
    work: async (store, config, now) => {
      await using undo = new AsyncDisposableStack();
      const { callbackHost: host, callbackPort: port } = config;
      const { thingSpace } = connectCarrier(config, { store, metrics: createMetrics(), now, undo });
      const door = port === 0 ? null : `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
      const { registrations } = await loadRegistrations(config, { store, thingSpace, now, undo, listenerUrl: () => door });
      return await work(registrations);
    },
  };
}
