import type { AddressInfo } from 'node:net';
import { isLoopback, type Config } from '../config/config.ts';
import type { SqliteRequestLog } from '../datasources/request-log/sqlite/sqlite.ts';
import type { Session } from '../datasources/thingspace/session.ts';
import type { ThingSpace } from '../datasources/thingspace/thing-space.ts';
import { listen } from '../lib/listen.ts';
import { pseudonym, type Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { RegistrationKeeper } from '../resolvers/callbacks/keep-registrations.ts';
import type { CallbackReceiver } from '../resolvers/callbacks/receive-callback.ts';
import { RegistrationWatch } from '../resolvers/callbacks/watch-registrations.ts';
import { CallbackAddresses } from '../server/callbacks/callback-addresses.ts';
import { createCallbackServer } from '../server/callbacks/callbacks.ts';
import type { Overload } from '../server/overload.ts';
import { loadRegistrations } from './connect-carrier.ts';

interface Parts {
  readonly requestLog: SqliteRequestLog;
  readonly receiver: CallbackReceiver;
  readonly thingSpace: ThingSpace;
  readonly session: Pick<Session, 'isLatched'>;
  readonly overload: Overload;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly undo: AsyncDisposableStack;
  /** When the carrier is asked whether its registrations still name us. */
  readonly watch: { readonly firstAfterMs: number; readonly everyMs: number };
}

/** See `ListenOptions`. */
const LISTENING = { variable: 'M2M_CALLBACK_PORT', patienceMs: 3_000, lingers: true, sockets: 64 } as const;

/** The callback door, not open yet, and who looks after the carrier's registrations of it. */
export async function buildCallbackDoor(config: Config, parts: Parts) {
  const { requestLog, thingSpace, session, metrics, logger, now, undo } = parts;
  const { accounts, callbackPublicUrl: publicUrl, callbackRegister: registersMissing } = config;
  let url: string | null = null;
  const { paths, registrations } = await loadRegistrations(config, { requestLog, thingSpace, now, listenerUrl: () => url });
  const nameAccount = (account: string) => pseudonym(account, config.callbackSecret);
  const isDelivered = registersMissing || publicUrl !== null;
  const watch = new RegistrationWatch({
    accounts,
    list: (some) => registrations.list(some),
    isLatched: () => session.isLatched(),
    onChecked: (lost, at) => {
      metrics.registrationsLost.set(lost);
      if (at !== null) metrics.registrationsChecked.set(at / 1_000);
    },
    pseudonym: nameAccount,
    logger,
    now,
  });
  const keeper = new RegistrationKeeper({ registrations, watch: isDelivered ? watch : null, registersMissing, ...parts.watch, logger });

  /** Opens the listener, then tells the carrier of it. Gives back its URL. */
  const open = async (): Promise<string> => {
    const { callbackHost: host, callbackPort: port, callbackFd: descriptors } = config;
    let known: CallbackAddresses | null = null;
    // Where an inherited socket listens is known when it is open.
    const addresses = () =>
      (known ??= new CallbackAddresses({
        allowed: config.callbackAddresses,
        proxyHops: config.callbackProxyHops,
        isOnLoopback: isLoopback(descriptors ? (server.address() as AddressInfo).address : host),
        publicUrl,
      }));
    const { receiver, overload } = parts;
    const server = createCallbackServer({
      receiver,
      addresses,
      paths,
      maxBodyBytes: 1_048_576,
      pseudonym: nameAccount,
      overload,
      logger,
      metrics,
      now,
    });
    const inherited = descriptors && { descriptors, variable: 'M2M_CALLBACK_FD' };
    url = await listen(undo, server, { ...LISTENING, host, port, inherited });
    const { rule, mayRefuseAll } = addresses();
    logger.info('callback_addresses', { status: rule });
    if (mayRefuseAll) logger.warn('callback_addresses', { status: rule, reason: BEHIND_TLS });
    undo.use(keeper);
    await keeper.start();
    return url;
  };
  return { paths, keeper, open };
}

const BEHIND_TLS =
  'M2M_CALLBACK_PUBLIC_URL is https, so a proxy stands in front: unless it passes the address of the sender on as its own, every callback is refused. Set M2M_CALLBACK_PROXY_HOPS.';
