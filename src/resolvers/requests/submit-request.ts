import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import type { NewRequest } from '../../datasources/request-log/request-sending.ts';
import type { SendableRequest } from '../../datasources/request-log/request-reads.ts';
import type { PartsOf } from '../../datasources/request-log/store.ts';
import type { StoredRequest } from '../../datasources/request-log/stored-request.ts';
import type { Command, ParsedInput } from '../../operations/define-operation.ts';
import type { InputFault, InputFaultCode } from '../../operations/input-fault.ts';
import type { EvidenceService } from '../../datasources/thingspace/wire/evidence.ts';
import type { Session } from '../../datasources/thingspace/session.ts';
import { GatewayError } from '../../errors.ts';
import { mayUse, type Caller } from '../access/caller.ts';
import type { RequestSender } from './request-sender.ts';
import { hashInput, isSameInput, type AskedInput } from './same-input.ts';

export interface InvalidResult {
  readonly type: 'INVALID';
  readonly faults: readonly InputFault[];
  readonly total: number;
}

/** The result of a mutation: one member of its result union. */
export type SubmitResult =
  | { readonly type: 'ACCEPTED'; readonly request: StoredRequest }
  | { readonly type: 'VALIDATED'; readonly command: Command; readonly carrierRequestCount: number; readonly at: number }
  | InvalidResult
  | { readonly type: 'REFUSED'; readonly request: StoredRequest }
  | { readonly type: 'UNAVAILABLE'; readonly message: string }
  | { readonly type: 'LIMITED'; readonly retryAfterMs: number; readonly message?: string }
  | { readonly type: 'KEY_REUSED'; readonly requestId: string };

export interface SubmitterOptions {
  readonly store: PartsOf<{ requests: 'requests' | 'sendable'; sending: 'create' | 'hasRoom' | 'findByKey'; audit: 'recordAudit' }>;
  readonly sender: RequestSender;
  readonly session: Pick<Session, 'tokens'>;
  /** The billing accounts this gateway serves. An account is valid when it is one of them; its form does not matter. */
  readonly accounts: ReadonlySet<string>;
  /** How long a mutation waits for the carrier's answer unless it says so. After that it returns the Request as it stands. */
  readonly waitMs: number;
  /** The most Requests that may wait to be sent. A further mutation is told to try again later. */
  readonly maxQueued: number;
  /** The most of them that one caller may have. */
  readonly maxQueuedPerCaller: number;
  readonly now: () => number;
}

export const MAX_FAULTS = 100;
const LIMITED = { type: 'LIMITED', retryAfterMs: 5_000 } as const;

/**
 * Submits a command: check the caller's right → check the login at the carrier → write the intent row → send → read the result.
 *
 * Once the intent row is written, the Request exists whatever happens. Before that, the idempotency key is still free.
 */
export class RequestSubmitter {
  readonly #options: SubmitterOptions;
  readonly #stop = new AbortController();
  /** The callers of the commands that wait for the login. */
  readonly #entering: string[] = [];

  constructor(options: SubmitterOptions) {
    this.#options = options;
  }

  /**
   * @param action the mutation's name in the audit log.
   * @param parse reads its input, in a turn of the event loop of its own like every long step here.
   */
  async submit(caller: Caller, action: string, parse: () => ParsedInput): Promise<SubmitResult> {
    const attempt: Attempt = { account: null, devices: null, isRecorded: false };
    const result = await this.#submit(caller, action, parse, attempt);
    const { account, devices, isRecorded } = attempt;
    if (isRecorded || result.type === 'VALIDATED') return result;
    const subject = 'request' in result ? result.request.id : 'requestId' in result ? result.requestId : null;
    const outcome = 'request' in result ? 'REPEATED' : result.type;
    await this.#options.store.audit.recordAudit([{ caller: caller.id, action, account, devices, subject, outcome }]);
    return result;
  }

  async #submit(caller: Caller, action: string, parse: () => ParsedInput, attempt: Attempt): Promise<SubmitResult> {
    const began = performance.now();
    // Each step takes tens of milliseconds for 10,000 devices. Callbacks are acknowledged between the steps.
    await nextTurn();
    const parsed = parse();
    if ('faults' in parsed) return { type: 'INVALID', faults: parsed.faults.slice(0, MAX_FAULTS), total: parsed.faults.length };
    const { command } = parsed;
    const deadline = began + (command.waitMs ?? this.#options.waitMs);
    const { accounts, store, maxQueued, maxQueuedPerCaller } = this.#options;
    if (accounts.has(command.accountName)) attempt.account = command.accountName;
    attempt.devices = command.devices?.length ?? null;
    if (!mayUse(caller, command.accountName, command.operation.scope) || !accounts.has(command.accountName)) return UNKNOWN_ACCOUNT;
    const { namesNoAccount, scope } = command.operation;
    if (namesNoAccount && ![...accounts].every((account) => mayUse(caller, account, scope))) return NEEDS_EVERY_ACCOUNT;
    const carrierRequests = split(command);
    if (command.validateOnly) return { type: 'VALIDATED', command, carrierRequestCount: carrierRequests.length, at: this.#options.now() };

    await nextTurn();
    const settings = JSON.stringify(command.settings);
    const devicesJson = command.devices && JSON.stringify(command.devices);
    await nextTurn();
    const asked: AskedInput = { ...command, operation: command.operation.name };
    const inputHash = command.inputHash ?? hashInput(asked);
    await nextTurn();
    const known =
      command.idempotencyKey === null ? null : await store.sending.findByKey(command.accountName, caller.id, command.idempotencyKey);
    if (known) return this.#repeatIfSame(known.id, asked, Buffer.compare(inputHash, known.inputHash) === 0, deadline);
    using entered = await this.#enter(caller.id);
    if (!entered) return LIMITED;
    const refused = await this.#checkLogin(deadline);
    if (refused) return refused;
    const createdAt = this.#options.now();
    const id = `req_${ulid(createdAt)}`;
    const created = await store.sending.create(
      {
        id,
        account: command.accountName,
        operation: command.operation.name,
        createdBy: caller.id,
        clientReference: command.clientReference,
        idempotencyKey: command.idempotencyKey,
        retryOf: command.retryOf,
        inputHash,
        devicesJson,
        settings,
        carrierRequests,
        createdAt,
        audit: { caller: caller.id, action, account: command.accountName, devices: attempt.devices, subject: id, outcome: 'CREATED' },
      },
      { ofAll: maxQueued, ofCaller: maxQueuedPerCaller },
    );
    if (created.outcome === 'NO_ROOM') return LIMITED;
    if (created.outcome === 'KEY_REUSED') return this.#repeatIfSame(created.id, asked, false, deadline);
    attempt.isRecorded = created.outcome === 'CREATED';
    await this.#sendAndWait(created.id, deadline);
    return this.#readResult(created.id);
  }

  /**
   * Repeats the mutation that made a Request with this idempotency key of the caller; null while the key is free.
   *
   * @param inputHash tells whether the same input made the Request.
   * @param waitMs how long to wait for the carrier's answer; null for the configured time.
   */
  async findRepeated(
    caller: Caller,
    account: string,
    key: string | null,
    inputHash: Uint8Array,
    waitMs: number | null,
  ): Promise<SubmitResult | null> {
    const known = key === null ? null : await this.#options.store.sending.findByKey(account, caller.id, key);
    if (!known) return null;
    if (!Buffer.from(inputHash).equals(known.inputHash)) return { type: 'KEY_REUSED', requestId: known.id };
    return this.#repeat(known.id, performance.now() + (waitMs ?? this.#options.waitMs));
  }

  /** Ends the waiting when the gateway begins to stop: mutations still return their Request as it stands. */
  stopWaiting(): void {
    this.#stop.abort();
  }

  /**
   * Counts a command from here to its row, because it waits for the login with its whole input in memory. Null when there is no room for
   * it: so a full queue refuses at once.
   */
  async #enter(callerId: string): Promise<Disposable | null> {
    const { maxQueued: ofAll, maxQueuedPerCaller: ofCaller, store } = this.#options;
    const own = this.#entering.filter((id) => id === callerId).length;
    if (this.#entering.length >= ofAll || own >= ofCaller) return null;
    this.#entering.push(callerId);
    const leave = () => void this.#entering.splice(this.#entering.indexOf(callerId), 1);
    if (await store.sending.hasRoom(callerId, { ofAll, ofCaller })) return { [Symbol.dispose]: leave };
    leave();
    return null;
  }

  /** Null unless the carrier refuses our login. */
  async #checkLogin(deadline: number): Promise<SubmitResult | null> {
    try {
      // Waits for the first login too: a refused login must not leave a Request behind.
      await Promise.race([this.#options.session.tokens(), delay(leftUntil(deadline) / 2, undefined, { ref: false })]);
      return null;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'CARRIER_LOGIN_REFUSED') return { type: 'UNAVAILABLE', message: error.message };
      // There is no connection now. The Request waits for one in the queue.
      if (error instanceof GatewayError) return null;
      throw error;
    }
  }

  async #sendAndWait(requestId: string, deadline: number): Promise<void> {
    const waited = new AbortController();
    const signal = AbortSignal.any([waited.signal, this.#stop.signal]);
    const patience = delay(leftUntil(deadline), undefined, { signal, ref: false }).catch(() => undefined);
    await Promise.race([this.#options.sender.send(requestId), patience]);
    waited.abort();
  }

  /** @param isEqual whether the hashes of the inputs are equal. If not, the stored input itself is compared. */
  async #repeatIfSame(requestId: string, asked: AskedInput, isEqual: boolean, deadline: number): Promise<SubmitResult> {
    const stored = isEqual ? null : await this.#options.store.requests.sendable(requestId);
    if (!isEqual && !(stored && isSameInput(askedOf(stored), asked))) return { type: 'KEY_REUSED', requestId };
    return this.#repeat(requestId, deadline);
  }

  /** While the first mutation is still on its way, the repeat waits with it. So both learn of a refusal. */
  async #repeat(requestId: string, deadline: number): Promise<SubmitResult> {
    const now = await this.#readResult(requestId);
    if (now.type !== 'ACCEPTED' || !['QUEUED', 'SUBMITTING'].includes(now.request.status)) return now;
    await this.#sendAndWait(requestId, deadline);
    return this.#readResult(requestId);
  }

  async #readResult(requestId: string): Promise<SubmitResult> {
    const request = (await this.#options.store.requests.requests([requestId])).get(requestId);
    if (!request) throw new GatewayError('NOT_FOUND', 'The request was purged while it was looked up.');
    return { type: request.status === 'REJECTED' ? 'REFUSED' : 'ACCEPTED', request };
  }
}

/** What the audit log needs to know of a mutation under way. */
interface Attempt {
  account: string | null;
  devices: number | null;
  /** Its audit record was written together with the Request. */
  isRecorded: boolean;
}

/** What made a stored Request. The devices of a group were not in its input: they were read from the carrier. */
function askedOf({ request, devices, settings, carrierRequests }: SendableRequest): AskedInput {
  const { operation, account: accountName, retryOf } = request;
  const isListed = carrierRequests.every(({ deviceCount }) => deviceCount !== null);
  return { operation, accountName, retryOf, devices: isListed ? devices : null, settings };
}

/** In milliseconds. Never negative: a timer would warn about it. */
function leftUntil(deadline: number): number {
  return Math.max(deadline - performance.now(), 0);
}

/** @param field below `input`, with dots between the parts of its path. */
export function refuseInput(field: string, code: InputFaultCode, message: string): InvalidResult {
  return { type: 'INVALID', faults: [{ path: field.split('.'), code, message }], total: 1 };
}

/** One answer for an account that does not exist and for one that this caller may not use. */
export const UNKNOWN_ACCOUNT = refuseInput(
  'accountName',
  'UNKNOWN_ACCOUNT',
  'This account is not one you can use here. Check its name, leading zeros included.',
);

/** Of an operation that may reach devices of any account. */
const NEEDS_EVERY_ACCOUNT = refuseInput(
  'accountName',
  'NEEDS_EVERY_ACCOUNT',
  'The carrier is told no account for this operation, so it may reach devices of every account. It needs your right to every account of this gateway.',
);

/** Stands for the callback service of a carrier request that has none. */
const ANSWERS_AT_ONCE: EvidenceService = 'DeviceResult';

/** Splits the devices into carrier requests, each within the operation's limit. */
function split({ operation, devices }: Command): NewRequest['carrierRequests'] {
  const { deviceDecides = false, maxDevices } = operation;
  const service = operation.callbackService ?? ANSWERS_AT_ONCE;
  if (devices === null) return [{ service, deviceDecides, firstIndex: 0, deviceCount: null }];
  const starts = Array.from({ length: Math.ceil(devices.length / maxDevices) }, (_, part) => part * maxDevices);
  return starts.map((firstIndex) => ({
    service,
    deviceDecides,
    firstIndex,
    deviceCount: Math.min(maxDevices, devices.length - firstIndex),
  }));
}
