import { createHash, timingSafeEqual } from 'node:crypto';
import type { ForwardCopy, ForwardLane } from '../../datasources/request-log/forward-queue.ts';
import { isRefusal, type DeadLetterReason, type Refusal, type StoredDeadLetter } from '../../datasources/request-log/dead-letter-log.ts';
import type { AppendResult, IncomingCallback } from '../../datasources/request-log/callback-intake.ts';
import type { PartsOf } from '../../datasources/request-log/store.ts';
import { parseCallback } from '../../datasources/thingspace/wire/callback.ts';
import { withFields, type CallbackForm } from '../../datasources/thingspace/wire/callback-form.ts';
import { readCallbackBody, type CallbackBody, type UnreadableReason } from '../../datasources/thingspace/wire/callback-body.ts';
import { unpack, type ForeignBytes } from '../../datasources/thingspace/wire/foreign-bytes.ts';
import { inSpan } from '../../lib/trace.ts';
import { maskSecrets } from './mask-secrets.ts';

/** A body that came for an account and service, with what its headers say of it. */
export interface ReceivedMessage extends ForwardLane {
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
  readonly contentEncoding?: string | null;
}

type Unpacked = ForwardLane & ForeignBytes;

/** The largest message, as it comes and when it is unpacked. The carrier's messages have about 1 kB. */
export const MAX_MESSAGE_BYTES = 1_048_576;

interface RegisteredCredentials {
  readonly username: string;
  readonly password: string;
}

interface CallbackReceiverOptions {
  readonly store: PartsOf<{ intake: 'append' | 'keep'; deadLetters: 'discardDeadLetter' }>;
  /** The credentials of the current registration; null when it has none. */
  readonly credentials: RegisteredCredentials | null;
  /** The credentials of the registration before. The carrier goes on using them for a while. */
  readonly previousCredentials?: RegisteredCredentials | null;
  /** In strict mode a message without credentials is a dead letter too. */
  readonly requireCredentials: boolean;
  /** The most dead letters of one reason, account and service, if that is less than the store's own bound. */
  readonly deadLettersPerReason?: number;
  readonly now: () => number;
  /** Whether messages of a lane are forwarded to the listener before us. The default forwards none. */
  readonly isForwarded?: (lane: ForwardLane) => boolean;
}

export interface ReceiveResult {
  /**
   * Two kinds of messages are not stored, and must not be acknowledged. A `Refusal`: there is no room for it; it is to come again.
   * `TOO_LARGE`: a message that unpacks to more than the limit; it must be refused like any message that is too large.
   */
  readonly outcome: AppendResult | 'QUARANTINED' | 'UNREADABLE' | 'TOO_LARGE';
  /** Why it is a dead letter, or would be one; null when `outcome` says it. */
  readonly reason: string | null;
  readonly credentials: Credentials;
}

/** `NO_ROOM`: it could not be stored, and remains a dead letter. */
export type RedriveOutcome = Exclude<AppendResult, Refusal> | 'QUARANTINED' | 'UNREADABLE' | 'NO_ROOM';

/** How the credentials of a message compare with ours. `PREVIOUS`: right for the registration before. */
type Credentials = 'NONE' | 'RIGHT' | 'PREVIOUS' | 'WRONG';

interface ReadCallback {
  readonly callback: Omit<IncomingCallback, 'receivedAt'>;
  readonly form: CallbackForm;
  readonly credentials: Credentials;
}

interface DeadLetter extends ReceiveResult {
  readonly outcome: 'QUARANTINED' | 'UNREADABLE';
  readonly reason: UnreadableReason | 'NOT_A_CALLBACK' | null;
}

/**
 * The webhook resolver: takes one POST of the carrier on a right path. When it resolves, the message is on disk, whatever it was,
 * and may be acknowledged, unless the outcome says that there was no room for it, or that it is too large. When it rejects, nothing was
 * stored and the carrier must send it again.
 *
 * Unpack → read → credentials → parse → append in one transaction. A duplicate, an unknown request id and another tool's message are
 * normal. A message with an unreadable body or with wrong credentials becomes a dead letter: stored, not applied.
 */
export class CallbackReceiver {
  readonly #options: CallbackReceiverOptions;
  readonly #registered: readonly { readonly verdict: 'RIGHT' | 'PREVIOUS'; readonly username: Uint8Array; readonly password: Uint8Array }[];
  readonly #passwords: readonly string[];

  constructor(options: CallbackReceiverOptions) {
    this.#options = options;
    const { credentials, previousCredentials } = options;
    const known = [
      ...(credentials ? [{ verdict: 'RIGHT' as const, ...credentials }] : []),
      ...(previousCredentials ? [{ verdict: 'PREVIOUS' as const, ...previousCredentials }] : []),
    ];
    this.#registered = known.map((pair) => ({ ...pair, username: digestOf(pair.username), password: digestOf(pair.password) }));
    this.#passwords = known.map(({ password }) => password);
  }

  async receive(received: ReceivedMessage): Promise<ReceiveResult> {
    const parsed = await inSpan('callback parse', {}, () => this.#parse(received));
    if (!parsed) return { outcome: 'TOO_LARGE', reason: null, credentials: 'NONE' };
    const { message, read } = parsed;
    if (!('callback' in read)) return this.#storeDeadLetter(message, read);
    const { credentials } = read;
    const callback = { ...read.callback, forward: this.#makeForwardCopy(read.callback, read.form), receivedAt: this.#options.now() };
    const outcome = await this.#options.store.intake.append(callback);
    return { outcome, reason: null, credentials };
  }

  /**
   * Tries a dead letter again: after an upgrade it may be readable, after a change of the settings its credentials may be right.
   * If it can be applied now, it is stored with the time it came at and is a dead letter no more.
   *
   * @param trustCredentials an operator vouches for the message, whatever credentials it names.
   */
  async redrive(letter: StoredDeadLetter, trustCredentials: boolean): Promise<RedriveOutcome> {
    const { id, receivedAt, reason } = letter;
    // These were checked when they came, and are stored without their credentials.
    const isTrusted = trustCredentials || CHECKED.has(reason);
    const message = await this.#unpack({ ...letter, bytes: letter.body });
    if (!message) return 'UNREADABLE';
    const read = this.#read(message, { isTrusted, isDeadLetter: true });
    if (!('callback' in read)) return read.outcome;
    // All others were forwarded when they came.
    const forward = reason === 'QUARANTINED' ? this.#makeForwardCopy(read.callback, read.form) : null;
    const outcome = await this.#options.store.intake.append({ ...read.callback, forward, receivedAt });
    if (isRefusal(outcome)) return 'NO_ROOM';
    if (!STILL_DEAD.has(outcome)) await this.#options.store.deadLetters.discardDeadLetter(id);
    return outcome;
  }

  async #parse(received: ReceivedMessage): Promise<{ readonly message: Unpacked; readonly read: ReadCallback | DeadLetter } | null> {
    const message = await this.#unpack(received);
    return message && { message, read: this.#read(message) };
  }

  async #unpack({ account, service, bytes, contentType, contentEncoding = null }: ReceivedMessage): Promise<Unpacked | null> {
    const unpacked = await unpack({ bytes, contentType, contentEncoding }, MAX_MESSAGE_BYTES);
    return unpacked && { account, service, ...unpacked };
  }

  #read(message: Unpacked, { isTrusted = false, isDeadLetter = false } = {}): ReadCallback | DeadLetter {
    const { account, service } = message;
    const body = readCallbackBody(message.bytes, this.#passwords, message);
    if ('unreadable' in body) return { outcome: 'UNREADABLE', reason: body.unreadable, credentials: 'NONE' };
    const credentials = this.#checkCredentials(body, isDeadLetter);
    if (!isTrusted && (credentials === 'WRONG' || (credentials === 'NONE' && this.#options.requireCredentials)))
      return { outcome: 'QUARANTINED', reason: null, credentials };
    const parsed = parseCallback(service, body.message, body.form);
    if (!parsed) return { outcome: 'UNREADABLE', reason: 'NOT_A_CALLBACK', credentials };
    const { json, digest, callbackCount, form } = body;
    return { callback: { account, service, json, digest, callbackCount, message: parsed }, form, credentials };
  }

  async #storeDeadLetter(unpacked: Unpacked, letter: DeadLetter): Promise<ReceiveResult> {
    const { account, service, contentType, contentEncoding, bytes } = unpacked;
    const { outcome } = letter;
    // Stored byte for byte, except for the configured passwords. So it is stored unpacked: what is still packed cannot be masked.
    const body = maskSecrets(bytes, this.#passwords);
    const forwarded = outcome === 'UNREADABLE' && this.#options.isForwarded?.({ account, service });
    // A body without a type has this type (RFC 9110, 8.3). Null stands for our own JSON.
    const forward = forwarded ? { contentType: contentType ?? 'application/octet-stream', contentEncoding, body } : null;
    const message = { account, service, contentType, contentEncoding, receivedAt: this.#options.now(), reason: outcome, body, forward };
    const kept = await this.#options.store.intake.keep(message, this.#options.deadLettersPerReason);
    return kept === 'KEPT' ? letter : { ...letter, outcome: kept, reason: outcome };
  }

  #makeForwardCopy(
    { account, service, json, callbackCount }: Omit<IncomingCallback, 'receivedAt'>,
    form: CallbackForm,
  ): ForwardCopy | null {
    if (!this.#options.isForwarded?.({ account, service })) return null;
    return { contentType: null, body: Buffer.from(withFields(json, callbackCount === null ? {} : { callbackCount }, form)) };
  }

  /** The samples of two of three operations carry no credentials, and CarrierService faults carry empty ones. Both count as none. */
  #checkCredentials({ credentials }: CallbackBody, isDeadLetter: boolean): Credentials {
    const { username, password } = credentials;
    if ([username, password].every((value) => value === undefined || value === null || value === '')) return 'NONE';
    const given = { username: digestOf(username), password: digestOf(password) };
    // A right password was masked when the dead letter was stored. Beside its username a mask counts as none.
    const isMasked = isDeadLetter && typeof password === 'string' && /^\*+$/.test(password);
    // Always compares all of them, and as digests: so the time it takes tells nothing.
    const verdicts = this.#registered.map((registered): Credentials => {
      const isUser = timingSafeEqual(given.username, registered.username);
      const isPassword = timingSafeEqual(given.password, registered.password);
      if (isUser && isMasked) return 'NONE';
      return isUser && isPassword ? registered.verdict : 'WRONG';
    });
    return verdicts.find((verdict) => verdict !== 'WRONG') ?? 'WRONG';
  }
}

/** Dead letters whose credentials were right when they came. */
const CHECKED: ReadonlySet<DeadLetterReason> = new Set(['FOREIGN_REQUEST', 'WRONG_SERVICE', 'DAMAGED_REQUEST']);
const STILL_DEAD: ReadonlySet<RedriveOutcome> = new Set(['FOREIGN', 'WRONG_SERVICE', 'DAMAGED']);

/** A value that is no text equals nothing registered. It is not written out: it may be nested too deep. */
function digestOf(value: unknown): Uint8Array {
  return createHash('sha256')
    .update(typeof value === 'string' ? `text:${value}` : 'other')
    .digest();
}
