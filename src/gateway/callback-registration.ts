import type { AddressInfo } from 'node:net';
import { isLoopback, type Config } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import type { Session } from '../datasources/thingspace/session.ts';
import type { ThingSpace } from '../datasources/thingspace/thing-space.ts';
import type { CallbackService } from '../datasources/thingspace/wire/callback-service.ts';
import { pseudonym, type Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { CallbackGeneration } from '../resolvers/callbacks/callback-generation.ts';
import type { ListenerReport } from '../resolvers/callbacks/callback-listeners.ts';
import type { CallbackReceiver } from '../resolvers/callbacks/receive-callback.ts';
import { ListenerWatch } from '../resolvers/callbacks/watch-listeners.ts';
import type { ListenerCommands } from '../server/admin/admin.ts';
import { CallbackAddresses } from '../server/callbacks/callback-addresses.ts';
import { CALLBACK_PREFIX, CallbackPaths, callbackToken } from '../server/callbacks/callback-paths.ts';
import { createCallbackServer } from '../server/callbacks/callbacks.ts';
import type { Overload } from '../server/overload.ts';
import { callbackListeners } from './connect-carrier.ts';
import { listen } from '../lib/listen.ts';
import { OneAtATime } from '../lib/one-at-a-time.ts';

interface Parts {
  readonly receiver: CallbackReceiver;
  readonly generation: CallbackGeneration;
  readonly thingSpace: ThingSpace;
  readonly session: Pick<Session, 'isLatched'>;
  readonly overload: Overload;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly undo: AsyncDisposableStack;
  /** When the carrier is asked whether its registrations still name us, in milliseconds. */
  readonly watch: { readonly firstAfterMs: number; readonly everyMs: number };
}

/** See `ListenOptions`. */
const LISTENING = { variable: 'M2M_CALLBACK_PORT', patienceMs: 3_000, lingers: true, sockets: 64 } as const;

/** The way of a callback from the carrier's registration to the door, and the watch over that registration. */
export class CallbackDoor {
  readonly #config: Config;
  readonly #parts: Parts;
  readonly #watch: ListenerWatch | null;
  #url: string | null = null;
  /** A registration that is under way must not put a URL back that a rotation has just replaced. */
  readonly #changes = new OneAtATime();

  constructor(config: Config, parts: Parts) {
    this.#config = config;
    this.#parts = parts;
    const { metrics, session, logger, now } = parts;
    const isDelivered = config.callbackRegister || config.callbackPublicUrl !== null;
    this.#watch = isDelivered
      ? new ListenerWatch({
          accounts: config.accounts,
          list: (accounts) => this.#listeners().list(accounts),
          isLatched: () => session.isLatched(),
          onChecked: (lost, at) => {
            metrics.listenersLost.set(lost);
            if (at !== null) metrics.listenersChecked.set(at / 1_000);
          },
          pseudonym: (account) => this.#pseudonym(account),
          logger,
          now,
        })
      : null;
  }

  /** What readiness says of it; never a reason to be taken out of service, for then callbacks would be lost. */
  get checks(): Readonly<Record<string, string>> {
    return this.#watch ? { callbacks: this.#watch.status } : {};
  }

  /** The commands of the command line; what they find out, the watch knows too. */
  get commands(): ListenerCommands {
    const told = <Reports extends readonly ListenerReport[]>(reports: Reports): Reports => {
      this.#watch?.tell(reports);
      return reports;
    };
    return {
      list: async () => told(await this.#listeners().list()),
      register: (options) => this.#changes.run(async () => told(await this.#listeners().register(options))),
      remove: () => this.#changes.run(async () => told(await this.#listeners().remove())),
      rotate: (options) =>
        this.#changes.run(async () => {
          const report = await this.#listeners().rotate(options);
          told(report.listeners);
          return report;
        }),
    };
  }

  path(account: string, service: CallbackService): string {
    return `${CALLBACK_PREFIX}${callbackToken(this.#config.callbackSecret, { account, service }, this.#parts.generation.current)}`;
  }

  /** Opens the door, then tells the carrier of it. Gives back its URL. */
  async open(): Promise<string> {
    const { callbackAddresses, callbackHost: host, callbackPort: port, callbackFd: descriptors, callbackRegister } = this.#config;
    const { receiver, generation, overload, metrics, logger, now, undo } = this.#parts;
    const { accounts, callbackSecret: secret, callbackPreviousSecret: previousSecret } = this.#config;
    let known: CallbackAddresses | null = null;
    // Where an inherited socket listens is known when it is open.
    const addresses = () =>
      (known ??= new CallbackAddresses({
        allowed: callbackAddresses,
        proxyHops: this.#config.callbackProxyHops,
        isOnLoopback: isLoopback(descriptors ? (server.address() as AddressInfo).address : host),
        publicUrl: this.#config.callbackPublicUrl,
      }));
    const server = createCallbackServer({
      receiver,
      addresses,
      paths: new CallbackPaths({ accounts, secret, previousSecret, generation }),
      maxBodyBytes: 1_048_576,
      pseudonym: (account) => this.#pseudonym(account),
      overload,
      logger,
      metrics,
      now,
    });
    const inherited = descriptors && { descriptors, variable: 'M2M_CALLBACK_FD' };
    const url = await listen(undo, server, { ...LISTENING, host, port, inherited });
    this.#url = url;
    const { rule } = addresses();
    logger.info('callback_addresses', { status: rule });
    if (rule === 'published' && this.#seesOnlyProxy()) logger.warn('callback_addresses', { status: rule, reason: BEHIND_TLS });
    // The door is open before the carrier is told of it.
    this.#startWatching(callbackRegister && !(await this.#registerMissing()));
    return url;
  }

  /**
   * A carrier that cannot be asked, or a listener that another tool has, is no reason to be closed to what comes by the others:
   * it is told loudly, and tried again.
   */
  async #registerMissing(): Promise<boolean> {
    const { logger } = this.#parts;
    try {
      const reports = await this.commands.register({ replace: false });
      logger.info('callback_listeners_registered', { count: reports.filter(({ change }) => change === 'registered').length });
      return true;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      logger.error('callback_listeners_not_registered', { code: error.code, reason: NOT_REGISTERED });
      return false;
    }
  }

  #startWatching(isUnregistered: boolean): void {
    const watch = this.#watch;
    if (!watch) return;
    let unregistered = isUnregistered;
    const { firstAfterMs, everyMs } = this.#parts.watch;
    let isStopped = false;
    const checkNow = async (): Promise<void> => {
      if (unregistered) unregistered = !(await this.#registerMissing());
      await watch.check();
      if (!isStopped) timer = setTimeout(() => void checkNow(), unregistered ? firstAfterMs : everyMs);
    };
    let timer = setTimeout(() => void checkNow(), firstAfterMs);
    // A check under way is not waited for: it changes nothing.
    this.#parts.undo.defer(() => {
      isStopped = true;
      clearTimeout(timer);
    });
  }

  #seesOnlyProxy(): boolean {
    return this.#config.callbackProxyHops === 0 && (this.#config.callbackPublicUrl?.startsWith('https://') ?? false);
  }

  #listeners() {
    return callbackListeners(this.#config, this.#parts.thingSpace, this.#url, this.#parts.generation);
  }

  #pseudonym(account: string): string {
    return pseudonym(account, this.#config.callbackSecret);
  }
}

const NOT_REGISTERED =
  'Callbacks may be delivered elsewhere, or not at all. See `npm run callbacks -- list`; it is tried again every minute, and another tool is never replaced but by `npm run callbacks -- register --replace`.';
const BEHIND_TLS =
  'M2M_CALLBACK_PUBLIC_URL is https, so a proxy stands in front: unless it passes the address of the sender on as its own, every callback is refused. Set M2M_CALLBACK_PROXY_HOPS.';
