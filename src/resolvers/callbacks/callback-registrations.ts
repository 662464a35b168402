import type { ThingSpace } from '../../datasources/thingspace/thing-space.ts';
import {
  CALLBACK_PREFIX,
  CALLBACK_SERVICES,
  OWN_SERVICES,
  type CallbackService,
} from '../../datasources/thingspace/wire/callback-service.ts';
import { GatewayError } from '../../errors.ts';
import type { CallbackGeneration } from './callback-generation.ts';
import type { CallbackAddress, CallbackPaths, PathOrigin } from './callback-paths.ts';

interface CallbackRegistrationsOptions {
  readonly thingSpace: Pick<ThingSpace, 'registrations' | 'register' | 'deregister'>;
  readonly accounts: readonly string[];
  readonly paths: Pick<CallbackPaths, 'pathOf' | 'recognise'>;
  /** The start of our URLs, before the path, as the carrier reaches it; null while that is not known. */
  readonly publicUrl: () => string | null;
  readonly generation: CallbackGeneration;
  readonly credentials: { readonly username: string; readonly password: string } | null;
}

/**
 * What the carrier has registered. `ours`: our current URL. `former`: an earlier URL of ours, still taken. `lapsed`: a URL of
 * ours that is not taken. `other`: another tool's URL. `none`: no URL.
 */
export type RegistrationState = 'ours' | 'former' | 'lapsed' | 'other' | 'none';

export interface RegistrationReport {
  readonly account: string;
  readonly service: CallbackService;
  readonly state: RegistrationState;
  /** The origin of the registered URL. Its path is a secret. */
  readonly deliversTo: string | null;
  readonly change: 'registered' | 'removed' | null;
}

/** A registration of any service, ours or not. */
export interface RegisteredListener {
  /** As the carrier names it. */
  readonly service: string;
  readonly state: Exclude<RegistrationState, 'none'>;
  /** The origin of the registered URL. The rest of it may be a secret. Null for a URL that cannot be read. */
  readonly deliversTo: string | null;
}

export interface RotationReport {
  /** Until when the former URLs are taken, in milliseconds since 1970. */
  readonly formerUntil: number | null;
  readonly listeners: readonly RegistrationReport[];
}

/**
 * The carrier's registrations for the services that report our operations, one for each service and account. A new registration
 * silently replaces another tool's, so that is done only on request.
 */
export class CallbackRegistrations {
  readonly #options: CallbackRegistrationsOptions;

  constructor(options: CallbackRegistrationsOptions) {
    this.#options = options;
  }

  async list(accounts: readonly string[] = this.#options.accounts): Promise<RegistrationReport[]> {
    return (await this.#survey(accounts)).map(({ report }) => report);
  }

  /** All that the carrier has registered for an account, also for services that this gateway does not follow. */
  async registered(account: string): Promise<RegisteredListener[]> {
    const listed = await this.#options.thingSpace.registrations(account);
    return listed.flatMap(({ serviceName, url }) => {
      if (url === '') return [];
      const service = CALLBACK_SERVICES.find((known) => known === serviceName);
      const found = service === undefined ? null : this.#recognise({ account, service, url });
      return [{ service: serviceName, state: stateOf(found), deliversTo: URL.canParse(url) ? originOf(url) : null }];
    });
  }

  /**
   * Registers what is missing. A registration of another tool stays as it is, unless `replace`. The carrier keeps one for each
   * service, so ours of the other services take nothing away from that tool.
   *
   * @throws GatewayError LISTENER_TAKEN when it left one to another tool. It names each.
   */
  async register({ replace }: { readonly replace: boolean }): Promise<RegistrationReport[]> {
    const publicUrl = this.#publicUrl();
    const done: RegistrationReport[] = [];
    for (const report of await this.list()) {
      const isKept = report.state === 'ours' || (report.state === 'other' && !replace);
      done.push(isKept ? report : await this.#renew(publicUrl, report));
    }
    const taken = done.filter(({ state }) => state === 'other');
    if (taken.length === 0) return done;
    throw new GatewayError(
      'LISTENER_TAKEN',
      `Another tool receives ${taken.map(({ service, account, deliversTo }) => `${service} of account ${account} (at ${deliversTo})`).join(', ')}. It was left as it is; all else is registered. To take it over from the other tool: npm run callbacks -- register --replace`,
    );
  }

  /**
   * Gives every registration of ours a new URL and the configured credentials. Registrations of other tools, and services without
   * one, stay as they are. The former URLs are taken for another 24 hours.
   *
   * The gateway takes the new URLs before the carrier knows the first. After a rotation that failed half-way, this finishes it
   * and begins no other.
   *
   * @throws GatewayError BAD_USER_INPUT within 24 hours of the last rotation, unless `force`; the carrier's error, with what is
   *   still to be done, when it fails half-way.
   */
  async rotate({ force }: { readonly force: boolean }): Promise<RotationReport> {
    const publicUrl = this.#publicUrl();
    const { generation, accounts } = this.#options;
    const survey = await this.#survey(accounts);
    const unfinished = generation.formerUntil === null ? [] : survey.filter(({ found }) => found?.standing === 'FORMER');
    // The next generation would refuse the URLs that the carrier still has.
    if (force) await this.#renewOurs(publicUrl, unfinished);
    if (force || unfinished.length === 0) await generation.advance({ force });
    return { formerUntil: generation.formerUntil, listeners: await this.#renewOurs(publicUrl, survey) };
  }

  async #renewOurs(publicUrl: string, survey: readonly Surveyed[]): Promise<readonly RegistrationReport[]> {
    const done: RegistrationReport[] = [];
    for (const { report } of survey) {
      try {
        done.push(OURS.has(report.state) ? await this.#renew(publicUrl, report) : report);
      } catch (cause) {
        throw halfRotatedError(cause, this.#options.generation, survey.length - done.length);
      }
    }
    return done;
  }

  /** Removes only the registrations that are ours. */
  async remove(): Promise<RegistrationReport[]> {
    const done: RegistrationReport[] = [];
    for (const report of await this.list()) {
      if (OURS.has(report.state)) {
        await this.#options.thingSpace.deregister(report.account, report.service);
        done.push({ ...report, state: 'none', deliversTo: null, change: 'removed' });
      } else done.push(report);
    }
    return done;
  }

  async #survey(accounts: readonly string[]): Promise<Surveyed[]> {
    const { generation } = this.#options;
    const registrations: (CallbackAddress & { readonly url: string | null })[] = [];
    for (const account of accounts) {
      const registered = await this.#options.thingSpace.registrations(account);
      for (const service of OWN_SERVICES)
        registrations.push({ account, service, url: registered.find(({ serviceName }) => serviceName === service)?.url || null });
    }
    await generation.catchUp(Math.max(0, ...registrations.map((each) => this.#recognise(each)?.generation ?? 0)));
    const survey = registrations.map((registration): Surveyed => {
      const { account, service, url } = registration;
      const found = this.#recognise(registration);
      const state = url === null ? 'none' : stateOf(found);
      return { report: { account, service, state, deliversTo: url === null ? null : originOf(url), change: null }, found };
    });
    if (survey.some(({ found }) => found?.standing === 'FORMER')) await generation.prolongFormer();
    return survey;
  }

  /** Null when the URL was never ours. */
  #recognise({ url, ...address }: CallbackAddress & { readonly url: string | null }): PathOrigin | null {
    const publicUrl = this.#options.publicUrl();
    if (publicUrl === null || !url?.startsWith(publicUrl + CALLBACK_PREFIX)) return null;
    return this.#options.paths.recognise(address, url.slice(publicUrl.length));
  }

  async #renew(publicUrl: string, report: RegistrationReport): Promise<RegistrationReport> {
    const { thingSpace, credentials, paths } = this.#options;
    const url = publicUrl + paths.pathOf(report);
    await thingSpace.register(report.account, { serviceName: report.service, url, ...(credentials ?? { username: '', password: '' }) });
    return { ...report, state: 'ours', deliversTo: originOf(url), change: 'registered' };
  }

  #publicUrl(): string {
    const publicUrl = this.#options.publicUrl();
    if (publicUrl !== null) return publicUrl;
    throw new GatewayError('CONFIG_INVALID', 'M2M_CALLBACK_PUBLIC_URL is not set, and the carrier must be told where to deliver.');
  }
}

interface Surveyed {
  readonly report: RegistrationReport;
  readonly found: PathOrigin | null;
}

const OURS: ReadonlySet<RegistrationState> = new Set(['ours', 'former', 'lapsed']);

function stateOf(found: PathOrigin | null): RegisteredListener['state'] {
  if (!found) return 'other';
  if (found.standing === 'LAPSED') return 'lapsed';
  return found.standing === 'FORMER' || found.previous ? 'former' : 'ours';
}

function halfRotatedError(cause: unknown, { formerUntil }: CallbackGeneration, left: number): GatewayError {
  const until = formerUntil === null ? '' : ` until ${new Date(formerUntil).toISOString()}`;
  return new GatewayError(
    cause instanceof GatewayError ? cause.code : 'CARRIER_UNAVAILABLE',
    `The callback URLs were rotated, but the carrier was not told all of them (${left} of its registrations were left as they were): ${cause instanceof Error ? cause.message : String(cause)} Former and new URLs are both taken${until}. To finish: npm run callbacks -- register. If another tool has a registration too: rotate. If the carrier replaces none: remove, then register.`,
    { cause },
  );
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '(unreadable URL)';
}
