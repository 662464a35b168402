import type { AddressInfo } from 'node:net';
import { isLoopback, type Config } from '../../config/config.ts';
import type { Store } from '../../datasources/request-log/store.ts';
import { listen } from '../../lib/listen.ts';
import { pseudonym } from '../../lib/pseudonym.ts';
import type { RefusedMessages } from '../../resolvers/callbacks/refused-messages.ts';
import { MAX_MESSAGE_BYTES } from '../../resolvers/callbacks/receive-callback.ts';
import { CallbackAddresses } from '../../server/callbacks/callback-addresses.ts';
import { createCallbackServer } from '../../server/callbacks/callbacks.ts';
import { DoorConnections } from '../../server/door-connections.ts';
import { loadCallbackPaths } from '../load-callback-paths.ts';
import type { SharedParts } from '../shared-parts.ts';
import { buildReceiver } from './build-receiver.ts';
import { traceIntake } from './trace-intake.ts';

/** What the callback door needs of a store. */
export type DoorStore = Pick<Store, 'intake' | 'requests' | 'deadLetters' | 'facts' | 'leases' | 'hub'>;

interface Parts extends Pick<SharedParts, 'metrics' | 'logger' | 'now' | 'undo'> {
  readonly store: DoorStore;
  readonly refused: RefusedMessages;
  /** The most connections at a time. */
  readonly most: number;
}

/** See `ListenOptions`. */
export const CALLBACK_LISTENING = { variable: 'M2M_CALLBACK_PORT', patienceMs: 3_000, lingers: true, sockets: 64 } as const;

/** Opens the listener of callbacks, which is closed when `undo` is. Gives back its URL. */
export async function openCallbackDoor(config: Config, { store, refused, most, metrics, logger, now, undo }: Parts): Promise<string> {
  const { callbackHost: host, callbackPort: port, callbackFd: descriptors, callbackPublicUrl: publicUrl } = config;
  const { paths } = await loadCallbackPaths(config, { store, now, undo, logger });
  let known: CallbackAddresses | null = null;
  // The address of an inherited socket is known only when it is open.
  const addresses = () =>
    (known ??= new CallbackAddresses({
      allowed: config.callbackAddresses,
      proxyHops: config.callbackProxyHops,
      isOnLoopback: isLoopback(descriptors ? (server.address() as AddressInfo).address : host),
      publicUrl,
    }));
  const pseudonyms = new Map([...config.accounts].map((account) => [account, pseudonym(account, config.callbackSecret)]));
  const connections = undo.use(new DoorConnections({ listener: 'callbacks', most, logger, metrics }));
  const server = createCallbackServer({
    connections,
    receiver: buildReceiver(config, { store: { intake: traceIntake(store), deadLetters: store.deadLetters }, now }),
    refused,
    addresses,
    paths,
    maxBodyBytes: MAX_MESSAGE_BYTES,
    // Only paths of these accounts are taken.
    pseudonym: (account) => pseudonyms.get(account) ?? '',
    logger,
    metrics,
    now,
  });
  connections.attach(server);
  const inherited = descriptors && { descriptors, variable: 'M2M_CALLBACK_FD' };
  const url = await listen(undo, server, { ...CALLBACK_LISTENING, host, port, inherited });
  const { rule, mayRefuseAll } = addresses();
  logger.info('callback_addresses', { status: rule });
  if (mayRefuseAll) logger.warn('callback_addresses', { status: rule, reason: BEHIND_TLS });
  return url;
}

const BEHIND_TLS =
  'M2M_CALLBACK_PUBLIC_URL is https, so a proxy stands in front. Unless the proxy keeps the address of the sender, every callback is refused. Set M2M_CALLBACK_PROXY_HOPS.';
