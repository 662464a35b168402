import { createHash, timingSafeEqual } from 'node:crypto';
import type { ForwardCopy, ForwardLane } from '../../datasources/request-log/forward-queue.ts';
import type { StoredDeadLetter } from '../../datasources/request-log/dead-letter-log.ts';
import type { AppendResult, IncomingCallback, RequestLog } from '../../datasources/request-log/request-log.ts';
import { parseCallback } from '../../datasources/thingspace/wire/callback.ts';
import { withFields } from '../../datasources/thingspace/wire/forwarded-callback.ts';
import { readCallbackBody, type CallbackBody, type UnreadableReason } from '../../datasources/thingspace/wire/callback-body.ts';
import { maskSecrets } from './mask-secrets.ts';

export interface ReceivedMessage {
  readonly account: string;
  readonly service: string;
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
}

export interface RegisteredCredentials {
  readonly username: string;
  readonly password: string;
}

export interface ReceiveCallbackOptions {
  readonly requestLog: RequestLog;
  /** What was given at registration; null when the listeners are registered without. */
  readonly credentials: RegisteredCredentials | null;
  /** Those of the registration before: the carrier goes on using them for a while. */
  readonly previousCredentials?: RegisteredCredentials | null;
  /** Strict mode: a message without credentials is quarantined too. */
  readonly requireCredentials: boolean;
  /** Kept messages of one reason at one listener at most; what comes beyond is acknowledged, counted and dropped. */
  readonly keptPerReason: number;
  readonly now: () => number;
  /** Whether messages of a lane are forwarded to the listener before us; left out, none is. */
  readonly isForwarded?: (lane: ForwardLane) => boolean;
}

export type ReceiveResult =
  | {
      readonly stored: true;
      readonly outcome: RedriveOutcome;
      readonly reason: UnreadableReason | 'NOT_A_CALLBACK' | null;
      readonly credentials: Credentials;
    }
  | { readonly stored: false; readonly outcome: 'DROPPED'; readonly reason: string; readonly credentials: Credentials };

export type RedriveOutcome = Exclude<AppendResult, 'DROPPED'> | 'QUARANTINED' | 'UNREADABLE';

/** What a message claims of its registration. `PREVIOUS`: right for the registration before. */
type Credentials = 'NONE' | 'RIGHT' | 'PREVIOUS' | 'WRONG';

/** What a message's bytes come to: a callback, or why they are none. */
type Reading =
  | { readonly callback: Omit<IncomingCallback, 'receivedAt'>; readonly credentials: Credentials }
  | {
      readonly outcome: 'QUARANTINED' | 'UNREADABLE';
      readonly reason: UnreadableReason | 'NOT_A_CALLBACK' | null;
      readonly credentials: Credentials;
    };

/**
 * The webhook resolver: one POST of the carrier on a right path. When it resolves, the message is on disk, whatever it was,
 * and may be acknowledged; when it rejects, nothing was stored and the carrier must send it again.
 *
 * Read → credentials → parse → append in one transaction. A duplicate, an unknown request id and another tool's message are
 * normal; what cannot be read, or names credentials that are not ours, is kept aside and not applied.
 */
export class CallbackReceiver {
  readonly #options: ReceiveCallbackOptions;
  readonly #registered: readonly { readonly verdict: 'RIGHT' | 'PREVIOUS'; readonly username: Uint8Array; readonly password: Uint8Array }[];
  readonly #passwords: readonly string[];

  constructor(options: ReceiveCallbackOptions) {
    this.#options = options;
    const { credentials, previousCredentials = null } = options;
    const known = [
      { verdict: 'RIGHT' as const, pair: credentials },
      { verdict: 'PREVIOUS' as const, pair: previousCredentials },
    ].flatMap(({ verdict, pair }) => (pair ? [{ verdict, ...pair }] : []));
    this.#registered = known.map(({ verdict, username, password }) => ({
      verdict,
      username: digestOf(username),
      password: digestOf(password),
    }));
    this.#passwords = known.map(({ password }) => password);
  }

  async receive(received: ReceivedMessage): Promise<ReceiveResult> {
    const read = this.#read(received);
    if (!('callback' in read)) return this.#keep(received, read.outcome, read.reason, read.credentials);
    const callback = { ...read.callback, forward: this.#copyOf(read.callback), receivedAt: this.#options.now() };
    const outcome = await this.#options.requestLog.append(callback);
    if (outcome === 'DROPPED') return { stored: false, outcome, reason: 'FOREIGN_REQUEST', credentials: read.credentials };
    return { stored: true, outcome, reason: null, credentials: read.credentials };
  }

  /**
   * Tries a kept message again: after an upgrade it may be readable, after a change of the settings its credentials may be
   * right. What can be applied now is stored as it came, at its time, and no longer kept aside.
   *
   * @param trustCredentials an operator vouches for the message, whatever credentials it names.
   */
  async redrive(kept: StoredDeadLetter, trustCredentials: boolean): Promise<RedriveOutcome> {
    const { account, service, contentType, body, receivedAt } = kept;
    // These had been judged when they came, and were kept without their credentials.
    const isTrusted = trustCredentials || kept.reason === 'FOREIGN_REQUEST' || kept.reason === 'DAMAGED_REQUEST';
    const read = this.#read({ account, service, contentType, bytes: body }, { isTrusted, wasKept: true });
    if (!('callback' in read)) return read.outcome;
    // Everything else was forwarded when it came.
    const forward = kept.reason === 'QUARANTINED' ? this.#copyOf(read.callback) : null;
    const outcome = await this.#options.requestLog.append({ ...read.callback, forward, receivedAt });
    if (outcome === 'FOREIGN' || outcome === 'DROPPED') return 'FOREIGN';
    if (outcome === 'DAMAGED') return outcome;
    await this.#options.requestLog.discardDeadLetter(kept.id);
    return outcome;
  }

  #read({ account, service, bytes }: ReceivedMessage, { isTrusted = false, wasKept = false } = {}): Reading {
    const body = readCallbackBody(bytes, this.#passwords);
    if ('unreadable' in body) return { outcome: 'UNREADABLE', reason: body.unreadable, credentials: 'NONE' };
    const credentials = this.#judge(body, wasKept);
    if (!isTrusted && (credentials === 'WRONG' || (credentials === 'NONE' && this.#options.requireCredentials))) {
      return { outcome: 'QUARANTINED', reason: null, credentials };
    }
    const message = parseCallback(service, body.message);
    if (!message) return { outcome: 'UNREADABLE', reason: 'NOT_A_CALLBACK', credentials };
    const { json, digest, callbackCount } = body;
    return { callback: { account, service, json, digest, callbackCount, message }, credentials };
  }

  async #keep(
    received: ReceivedMessage,
    outcome: 'QUARANTINED' | 'UNREADABLE',
    reason: UnreadableReason | 'NOT_A_CALLBACK' | null,
    credentials: Credentials,
  ): Promise<ReceiveResult> {
    const { account, service, contentType, bytes } = received;
    const body = this.#masked(bytes);
    const forwarded = outcome === 'UNREADABLE' && this.#options.isForwarded?.({ account, service });
    // What has no type is this type (RFC 9110, 8.3); null stands for our own JSON.
    const forward = forwarded ? { contentType: contentType ?? 'application/octet-stream', body } : null;
    const kept = { account, service, contentType, receivedAt: this.#options.now(), reason: outcome, body, forward };
    const stored = await this.#options.requestLog.keep(kept, this.#options.keptPerReason);
    if (!stored) return { stored, outcome: 'DROPPED', reason: outcome, credentials };
    return { stored, outcome, reason, credentials };
  }

  #copyOf({ account, service, json, callbackCount }: Omit<IncomingCallback, 'receivedAt'>): ForwardCopy | null {
    if (!this.#options.isForwarded?.({ account, service })) return null;
    return { contentType: null, body: Buffer.from(withFields(json, callbackCount === null ? {} : { callbackCount })) };
  }

  /** The samples of two of three operations carry no credentials, CarrierService faults carry empty ones: both are no claim. */
  #judge({ credentials }: CallbackBody, wasKept: boolean): Credentials {
    const { username, password } = credentials;
    if (empty(username) && empty(password)) return 'NONE';
    const given = { username: digestOf(username), password: digestOf(password) };
    // A right password was masked when the message was kept: beside its username it is no claim any more.
    const isMasked = wasKept && typeof password === 'string' && /^\*+$/.test(password);
    // All are compared, always, and over digests: the time taken tells nothing.
    const verdicts = this.#registered.map((registered): Credentials => {
      const isUser = timingSafeEqual(given.username, registered.username);
      const isPassword = timingSafeEqual(given.password, registered.password);
      if (isUser && isMasked) return 'NONE';
      return isUser && isPassword ? registered.verdict : 'WRONG';
    });
    return verdicts.find((verdict) => verdict !== 'WRONG') ?? 'WRONG';
  }

  /** An unreadable body is kept byte for byte, but for the configured passwords. */
  #masked(bytes: Uint8Array): Uint8Array {
    return this.#passwords.length > 0 ? maskSecrets(bytes, this.#passwords) : bytes;
  }
}

function empty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** What is no text is the same as nothing registered; nor is it written out, for it may be nested too deep. */
function digestOf(value: unknown): Uint8Array {
  return createHash('sha256')
    .update(typeof value === 'string' ? `text:${value}` : 'other')
    .digest();
}
