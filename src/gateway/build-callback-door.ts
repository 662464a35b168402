import type { AddressInfo } from 'node:net';
import { isLoopback, type Config } from '../config/config.ts';
import { listen } from '../lib/listen.ts';
import { pseudonym } from '../logger.ts';
import type { ForwardTargets } from '../resolvers/callbacks/forward-targets.ts';
import { RefusedMessages } from '../resolvers/callbacks/refused-messages.ts';
import { RegistrationKeeper } from '../resolvers/callbacks/keep-registrations.ts';
import { CallbackReceiver, MAX_MESSAGE_BYTES } from '../resolvers/callbacks/receive-callback.ts';
import { RegistrationWatch } from '../resolvers/callbacks/watch-registrations.ts';
import { CallbackAddresses } from '../server/callbacks/callback-addresses.ts';
import { createCallbackServer } from '../server/callbacks/callbacks.ts';
import { DoorConnections } from '../server/door-connections.ts';
import type { Overload } from '../server/overload.ts';
import { credentialsOf, loadRegistrations, type Carrier } from './connect-carrier.ts';
import type { SharedParts } from './shared-parts.ts';

/** When the gateway asks the carrier whether its registrations still name this gateway. */
export interface WatchTimes {
  readonly firstAfterMs: number;
  readonly everyMs: number;
}

interface Parts extends SharedParts, Carrier {
  readonly forwardTargets: ForwardTargets;
  readonly overload: Overload;
  readonly watchTimes: WatchTimes | undefined;
  /** The most connections at a time. */
  readonly most: number;
}

/** The first check is not at the start itself: an orchestrator that restarts a gateway in a loop would ask as often. */
const WATCH_TIMES: WatchTimes = { firstAfterMs: 60_000, everyMs: 3_600_000 };
/** See `ListenOptions`. */
export const LISTENING = { variable: 'M2M_CALLBACK_PORT', patienceMs: 3_000, lingers: true, sockets: 64 } as const;

/** Builds the receiver of callbacks, its door, which is not open yet, and the keeper of the registrations at the carrier. */
export async function buildCallbackDoor(config: Config, parts: Parts) {
  const { store, forwardTargets, session, overload, metrics, logger, now, undo, watchTimes = WATCH_TIMES } = parts;
  const { accounts, callbackPublicUrl: publicUrl, callbackRegister: registersMissing } = config;
  const receiver = new CallbackReceiver({
    store,
    credentials: credentialsOf(config.callbackUsername, config.callbackPassword),
    previousCredentials: credentialsOf(config.callbackPreviousUsername, config.callbackPreviousPassword),
    requireCredentials: config.callbackStrict,
    now,
    ...(forwardTargets.any && { isForwarded: (lane) => forwardTargets.find(lane) !== null }),
  });
  const refused = new RefusedMessages();
  let url: string | null = null;
  const { paths, registrations } = await loadRegistrations(config, { ...parts, listenerUrl: () => url });
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
  const keeper = new RegistrationKeeper({
    registrations,
    leases: store.leases,
    watch: isDelivered ? watch : null,
    registersMissing,
    ...watchTimes,
    logger,
  });

  /** Opens the listener, then tells the carrier of it. Returns its URL. */
  const open = async (): Promise<string> => {
    const { callbackHost: host, callbackPort: port, callbackFd: descriptors } = config;
    let known: CallbackAddresses | null = null;
    // The address of an inherited socket is known only when it is open.
    const addresses = () =>
      (known ??= new CallbackAddresses({
        allowed: config.callbackAddresses,
        proxyHops: config.callbackProxyHops,
        isOnLoopback: isLoopback(descriptors ? (server.address() as AddressInfo).address : host),
        publicUrl,
      }));
    const connections = undo.use(new DoorConnections({ listener: 'callbacks', most: parts.most, logger, metrics }));
    const server = createCallbackServer({
      connections,
      receiver,
      refused,
      addresses,
      paths,
      maxBodyBytes: MAX_MESSAGE_BYTES,
      pseudonym: nameAccount,
      overload,
      logger,
      metrics,
      now,
    });
    connections.attach(server);
    const inherited = descriptors && { descriptors, variable: 'M2M_CALLBACK_FD' };
    url = await listen(undo, server, { ...LISTENING, host, port, inherited });
    const { rule, mayRefuseAll } = addresses();
    logger.info('callback_addresses', { status: rule });
    if (mayRefuseAll) logger.warn('callback_addresses', { status: rule, reason: BEHIND_TLS });
    undo.use(keeper);
    await keeper.start();
    return url;
  };
  return { receiver, refused, paths, keeper, open, isOpen: () => url !== null };
}

const BEHIND_TLS =
  'M2M_CALLBACK_PUBLIC_URL is https, so a proxy stands in front. Unless the proxy keeps the address of the sender, every callback is refused. Set M2M_CALLBACK_PROXY_HOPS.';
