import type { BearerTokens } from '../auth/bearer-tokens.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { UnkindSwitch } from '../unkind/unkind-switch.ts';
import { type CallbackFaultSettings, noCallbackFaults } from './callback-faults.ts';
import type { EndpointFault, EndpointFaults, FaultBody } from './endpoint-faults.ts';

/** Faults on demand, for tests and for the admin API. */
export class Faults {
  readonly endpoints: EndpointFaults;
  readonly callbacks: CallbackFaultSettings;
  /** Which unkindnesses are on, for everything. */
  readonly unkind: UnkindSwitch;
  readonly #bearerTokens: BearerTokens;
  readonly #sessions: Sessions;

  constructor(parts: {
    endpoints: EndpointFaults;
    callbacks: CallbackFaultSettings;
    unkind: UnkindSwitch;
    bearerTokens: BearerTokens;
    sessions: Sessions;
  }) {
    this.endpoints = parts.endpoints;
    this.callbacks = parts.callbacks;
    this.unkind = parts.unkind;
    this.#bearerTokens = parts.bearerTokens;
    this.#sessions = parts.sessions;
  }

  /** Adds any rule for an endpoint. The methods below write the usual ones. */
  add(rule: EndpointFault): void {
    this.endpoints.add(rule);
  }

  /** Answers late. */
  latency(endpoint: string, latencyMs: number, times = 1): void {
    this.add({ endpoint, latencyMs, times });
  }

  /** Cuts the connection; `performed` tells whether the action takes effect (default true, never for `before-reading`). */
  drop(endpoint: string, drop: NonNullable<EndpointFault['drop']>, options: { performed?: boolean; times?: number } = {}): void {
    this.add({ endpoint, drop, ...options });
  }

  /** Answers with a status instead: 408, 429, 5xx. `retryAfter` is sent as it stands: seconds, a date, or nonsense. */
  status(
    endpoint: string,
    status: number,
    options: { retryAfter?: string; performed?: boolean; times?: number; body?: NonNullable<EndpointFault['body']> } = {},
  ): void {
    const { retryAfter, ...rest } = options;
    this.add({ endpoint, status, ...rest, ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }) });
  }

  /** Answers 200 with another body; the action is performed unless told otherwise. */
  body(endpoint: string, body: FaultBody | { text: string }, options: { performed?: boolean; times?: number } = {}): void {
    this.add({ endpoint, body, ...options });
  }

  /** Answers 307 to another place. */
  redirect(endpoint: string, location: string, times = 1): void {
    this.add({ endpoint, status: 307, headers: { location }, body: 'empty', times });
  }

  /** Ends the bearer token now. */
  expireBearer(): void {
    this.#bearerTokens.expire();
  }

  /** Ends every session now. */
  expireSessions(): void {
    this.#sessions.expireAll();
  }

  /** Refuses every login from now on (each refusal counts towards the lock), or no longer. */
  refuseLogins(refuse = true): void {
    this.#sessions.refuseLogins(refuse);
  }

  /** Locks the user, as five refused logins do. */
  lock(): void {
    this.#sessions.lock();
  }

  /** Unlocks the user, as Verizon Support does. */
  unlock(): void {
    this.#sessions.unlock();
  }

  /** No more faults: drops every rule, resets the callback faults, turns every unkindness off, accepts logins, unlocks the user. */
  clear(): void {
    this.endpoints.clear();
    Object.assign(this.callbacks, noCallbackFaults);
    this.unkind.turn([]);
    this.refuseLogins(false);
    this.unlock();
  }
}
