import type { Simulator } from '../simulator.ts';
import { unkindnesses, unkindnessNames } from '../unkind/unkindnesses.ts';
import { callbackFaultsBody, emitBody, endpointFaultBody, refuseLoginsBody, releaseBody, unkindBody } from './admin-bodies.ts';

/** Takes the JSON body and the query. Returns the JSON answer; nothing stands for `{ done: true }`. */
export type AdminCommand = (body: unknown, query: URLSearchParams) => unknown;

/** Every command of the admin API, by `METHOD /path`. */
export function adminRoutes(simulator: Simulator): Record<string, AdminCommand> {
  const { faults, ledger, inventory } = simulator;
  return {
    'GET /admin': () => ({
      url: simulator.url,
      oauthUrl: simulator.oauthUrl,
      adminUrl: simulator.adminUrl,
      credentials: simulator.credentials,
      accounts: simulator.accounts,
      unkindnesses,
      heldCallbacks: simulator.heldCallbacks,
    }),
    'GET /admin/devices': (_body, query) => {
      const account = query.get('account');
      const devices = inventory.find(account === null ? {} : { account });
      return devices.map((device) => ({
        ...device,
        customFields: Object.fromEntries(device.customFields),
        placeOfUse: Object.fromEntries(device.placeOfUse),
      }));
    },
    'GET /admin/listeners': () => simulator.accounts.flatMap((account) => simulator.listeners(account)),
    'GET /admin/ledger': () => ({
      counts: ledger.counts,
      posts: ledger.posts,
      callbacks: ledger.callbacks,
      lost: ledger.lost,
      postsPerDevice: Object.fromEntries(ledger.postsPerDevice()),
      performedPerDevice: Object.fromEntries(ledger.performedPerDevice()),
    }),
    'DELETE /admin/ledger': () => ledger.clear(),
    'GET /admin/idle': () => simulator.idle(),

    'GET /admin/faults': () => ({
      endpoints: faults.endpoints.list().map((rule) => ({ ...rule, times: rule.times === Infinity ? 'always' : rule.times })),
      callbacks: faults.callbacks,
      unkind: faults.unkind.on,
    }),
    'DELETE /admin/faults': () => faults.clear(),
    'POST /admin/faults': (body) => faults.add(endpointFaultBody.parse(body)),
    'POST /admin/faults/callbacks': (body) => Object.assign(faults.callbacks, callbackFaultsBody.parse(body)),
    'POST /admin/faults/unkind': (body) => faults.unkind.turn(unkindnessNames(unkindBody.parse(body).names)),

    'POST /admin/auth/expire-bearer': () => faults.expireBearer(),
    'POST /admin/auth/expire-sessions': () => faults.expireSessions(),
    'POST /admin/auth/refuse-logins': (body) => faults.refuseLogins(refuseLoginsBody.parse(body).refuse),
    'POST /admin/auth/lock': () => faults.lock(),
    'POST /admin/auth/unlock': () => faults.unlock(),

    'POST /admin/callbacks/hold': () => simulator.holdCallbacks(),
    'POST /admin/callbacks/release': (body) => simulator.releaseCallbacks(releaseBody.parse(body).order),
    'POST /admin/callbacks/pause': () => simulator.pauseCallbacks(),
    'POST /admin/callbacks/resume': () => simulator.resumeCallbacks(),
    'POST /admin/callbacks/emit': (body) => {
      const { account, service, body: message, ...options } = emitBody.parse(body);
      return simulator.emitCallback(account, service, message, options);
    },
  };
}
