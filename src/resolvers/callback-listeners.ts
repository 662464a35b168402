import type { ThingSpace } from '../datasources/thingspace/thing-space.ts';
import { OWN_SERVICES, type CallbackService } from '../datasources/thingspace/wire/callback-service.ts';
import { GatewayError } from '../errors.ts';

export interface CallbackListenersOptions {
  readonly thingSpace: Pick<ThingSpace, 'registrations' | 'register' | 'deregister'>;
  readonly accounts: readonly string[];
  /** Where the carrier is to deliver; null while no public URL is configured. */
  readonly urlFor: ((account: string, service: CallbackService) => string) | null;
  /** URLs of ours under the secret before this one: they may be replaced. */
  readonly formerUrlFor: ((account: string, service: CallbackService) => string) | null;
  readonly credentials: { readonly username: string; readonly password: string } | null;
}

/** `ours`: delivers here. `former`: delivers here under the previous secret. `other`: another tool's. `none`: nowhere. */
export type ListenerState = 'ours' | 'former' | 'other' | 'none';

export interface ListenerReport {
  readonly account: string;
  readonly service: CallbackService;
  readonly state: ListenerState;
  /** Origin of what is registered; the path is a secret. */
  readonly deliversTo: string | null;
  readonly change: 'registered' | 'removed' | null;
}

/**
 * Which listeners the carrier has for the services our operations are reported by. There is one per service and account,
 * and registering replaces another tool's silently: that is only done when asked for.
 */
export class CallbackListeners {
  readonly #options: CallbackListenersOptions;

  constructor(options: CallbackListenersOptions) {
    this.#options = options;
  }

  async list(): Promise<ListenerReport[]> {
    const reports: ListenerReport[] = [];
    for (const account of this.#options.accounts) {
      const registered = await this.#options.thingSpace.registrations(account);
      for (const service of OWN_SERVICES) {
        const url = registered.find(({ serviceName }) => serviceName === service)?.url ?? null;
        reports.push({
          account,
          service,
          state: this.#stateOf(account, service, url),
          deliversTo: url === null ? null : originOf(url),
          change: null,
        });
      }
    }
    return reports;
  }

  /**
   * Registers what is missing. Finds out everything first: where another tool has a listener, nothing is changed at all.
   *
   * @throws GatewayError LISTENER_TAKEN naming each listener of another tool, unless `replace`.
   */
  async register({ replace }: { readonly replace: boolean }): Promise<ListenerReport[]> {
    const { urlFor, credentials, thingSpace } = this.#options;
    if (urlFor === null)
      throw new GatewayError('CONFIG_INVALID', 'M2M_CALLBACK_PUBLIC_URL is not set: the carrier must be told where to deliver.');
    const reports = await this.list();
    const taken = reports.filter(({ state }) => state === 'other');
    if (taken.length > 0 && !replace) {
      throw new GatewayError(
        'LISTENER_TAKEN',
        `Another tool receives ${taken.map(({ service, account, deliversTo }) => `${service} of account ${account} (at ${deliversTo})`).join(', ')}. Nothing was changed. To take these over, so that the other tool no longer receives them: npm run callbacks -- register --replace`,
      );
    }
    const done: ListenerReport[] = [];
    for (const report of reports) {
      if (report.state === 'ours') {
        done.push(report);
        continue;
      }
      const url = urlFor(report.account, report.service);
      await thingSpace.register(report.account, {
        serviceName: report.service,
        url,
        username: credentials?.username ?? '',
        password: credentials?.password ?? '',
      });
      done.push({ ...report, state: 'ours', deliversTo: originOf(url), change: 'registered' });
    }
    return done;
  }

  /** Removes ours, and only ours. */
  async remove(): Promise<ListenerReport[]> {
    const done: ListenerReport[] = [];
    for (const report of await this.list()) {
      const ours = report.state === 'ours' || report.state === 'former';
      if (ours) await this.#options.thingSpace.deregister(report.account, report.service);
      done.push(ours ? { ...report, state: 'none', deliversTo: null, change: 'removed' } : report);
    }
    return done;
  }

  #stateOf(account: string, service: CallbackService, url: string | null): ListenerState {
    if (url === null || url === '') return 'none';
    if (url === this.#options.urlFor?.(account, service)) return 'ours';
    return url === this.#options.formerUrlFor?.(account, service) ? 'former' : 'other';
  }
}

function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return '(unreadable URL)';
  }
}
