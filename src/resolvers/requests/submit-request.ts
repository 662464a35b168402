import { createHash } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import type { AuditRecord } from '../../datasources/request-log/audit-trail.ts';
import type { NewRequest, RequestLog } from '../../datasources/request-log/request-log.ts';
import type { StoredRequest } from '../../datasources/request-log/stored-request.ts';
import type { Command, ParsedInput } from '../../operations/define-operation.ts';
import type { InputFault } from '../../operations/input-fault.ts';
import type { Session } from '../../datasources/thingspace/session.ts';
import { GatewayError } from '../../errors.ts';
import { mayUse, type Caller } from '../access/caller.ts';
import type { RequestSender } from './request-sender.ts';

/** What a mutation comes to: one member of its result union. */
export type SubmitResult =
  | { readonly type: 'ACCEPTED'; readonly request: StoredRequest }
  | { readonly type: 'VALIDATED'; readonly deviceCount: number | null; readonly carrierRequestCount: number }
  | { readonly type: 'INVALID'; readonly faults: readonly InputFault[]; readonly total: number }
  | { readonly type: 'REFUSED'; readonly request: StoredRequest }
  | { readonly type: 'UNAVAILABLE'; readonly message: string }
  | { readonly type: 'LIMITED'; readonly retryAfterMs: number }
  | { readonly type: 'KEY_REUSED'; readonly requestId: string };

export interface SubmitterOptions {
  readonly requestLog: RequestLog;
  readonly sender: RequestSender;
  readonly session: Pick<Session, 'tokens' | 'isLatched'>;
  /** The billing accounts this gateway serves: an account is valid because it is here, not because of its form. */
  readonly accounts: ReadonlySet<string>;
  /** How long a mutation waits for the carrier's answer before it gives back the Request as it stands. */
  readonly waitMs: number;
  /** Requests waiting to be sent at most; a mutation beyond is told to come back. */
  readonly maxQueued: number;
  /** Of these, what one caller may have waiting. */
  readonly maxQueuedPerCaller: number;
  readonly now: () => number;
}

const MAX_FAULTS = 100;
const LIMITED = { type: 'LIMITED', retryAfterMs: 5_000 } as const;

/**
 * Submits a command: who may → is the way to the carrier open → intent row → send → what became of it.
 *
 * Past the intent row the Request exists whatever happens; before it, nothing was taken on and the idempotency key is free.
 */
export class RequestSubmitter {
  readonly #options: SubmitterOptions;
  readonly #stop = new AbortController();
  #queued = 0;
  readonly #queuedBy = new Map<string, number>();
  /** Requests that are counted, by id. */
  readonly #sending = new Set<string>();

  constructor(options: SubmitterOptions) {
    this.#options = options;
  }

  /**
   * @param action the mutation, as the audit log names it.
   * @param parse reads its input; it has a turn of the event loop of its own, as every long step here.
   */
  async submit(caller: Caller, action: string, parse: () => ParsedInput): Promise<SubmitResult> {
    const asked: Asked = { account: null, devices: null, isRecorded: false };
    const result = await this.#submit(caller, action, parse, asked);
    if (!asked.isRecorded && result.type !== 'VALIDATED')
      await this.#options.requestLog.recordAudit([recordOf(caller, action, asked, result)]);
    return result;
  }

  async #submit(caller: Caller, action: string, parse: () => ParsedInput, asked: Asked): Promise<SubmitResult> {
    const deadline = performance.now() + this.#options.waitMs;
    // 10,000 devices take tens of milliseconds at each step: callbacks are acknowledged in between.
    await nextTurn();
    const parsed = parse();
    if ('faults' in parsed) return { type: 'INVALID', faults: parsed.faults.slice(0, MAX_FAULTS), total: parsed.faults.length };
    const { command } = parsed;
    const { accounts, requestLog } = this.#options;
    if (accounts.has(command.accountName)) asked.account = command.accountName;
    asked.devices = command.devices?.length ?? null;
    if (!mayUse(caller, command.accountName, 'write') || !accounts.has(command.accountName)) return invalid(UNKNOWN_ACCOUNT);
    const carrierRequests = split(command);
    if (command.validateOnly) {
      return { type: 'VALIDATED', deviceCount: command.devices?.length ?? null, carrierRequestCount: carrierRequests.length };
    }

    await nextTurn();
    const settings = JSON.stringify(command.settings);
    const devicesJson = command.devices && JSON.stringify(command.devices);
    const inputHash = createHash('sha256')
      .update(JSON.stringify([command.operation.name, command.accountName, ...(command.retryOf === null ? [] : [command.retryOf])]))
      .update(devicesJson ?? '')
      .update(settings)
      .digest();
    await nextTurn();
    const known =
      command.idempotencyKey === null ? null : await requestLog.findByKey(command.accountName, caller.id, command.idempotencyKey);
    if (known) {
      return Buffer.compare(known.inputHash, inputHash) === 0
        ? this.#repeated(known.id, caller.id, deadline)
        : { type: 'KEY_REUSED', requestId: known.id };
    }
    const created = await this.#takeOn(caller.id, deadline, () => {
      const createdAt = this.#options.now();
      const id = `req_${ulid(createdAt)}`;
      return {
        id,
        account: command.accountName,
        operation: command.operation.name,
        createdBy: caller.id,
        clientReference: command.clientReference,
        idempotencyKey: command.idempotencyKey,
        retryOf: command.retryOf,
        inputHash,
        devices: command.devices,
        devicesJson,
        settings,
        carrierRequests,
        createdAt,
        audit: { caller: caller.id, action, account: command.accountName, devices: asked.devices, subject: id, outcome: 'CREATED' },
      };
    });
    if ('type' in created) return created;
    if (created.outcome === 'KEY_REUSED') return { type: 'KEY_REUSED', requestId: created.id };
    asked.isRecorded = created.outcome === 'CREATED';
    await this.#sendAndWait(created.id, caller.id, deadline);
    return this.#current(created.id);
  }

  /**
   * The Request an idempotency key of this caller stands for, as a repeat of its mutation finds it; null while the key is free.
   *
   * @param isSame whether it was made by the same input.
   */
  async repeated(
    caller: Caller,
    account: string,
    key: string | null,
    isSame: (request: StoredRequest) => boolean,
  ): Promise<SubmitResult | null> {
    const known = key === null ? null : await this.#options.requestLog.findByKey(account, caller.id, key);
    if (!known) return null;
    const current = await this.#current(known.id);
    if (!('request' in current) || !isSame(current.request)) return { type: 'KEY_REUSED', requestId: known.id };
    return this.#repeated(known.id, caller.id, performance.now() + this.#options.waitMs);
  }

  /** A stop begins: mutations that wait for the carrier give back their Request as it stands, while they still can. */
  stopWaiting(): void {
    this.#stop.abort();
  }

  /** Goes on with what a restart found waiting. */
  resume(requestIds: readonly string[]): void {
    for (const id of requestIds) void this.#send(id, null);
  }

  /** Its place in the queue is taken before anything is awaited: of many at once, all would find the last one free. */
  async #takeOn(callerId: string, deadline: number, request: () => NewRequest) {
    const { maxQueued, maxQueuedPerCaller, requestLog } = this.#options;
    if (this.#queued >= maxQueued || (this.#queuedBy.get(callerId) ?? 0) >= maxQueuedPerCaller) return LIMITED;
    this.#count(callerId, +1);
    try {
      return (await this.#closedWay(deadline)) ?? (await requestLog.create(request()));
    } finally {
      this.#count(callerId, -1);
    }
  }

  async #closedWay(deadline: number): Promise<SubmitResult | null> {
    try {
      // Also the first login, when there was none yet: a refused one must not leave a Request behind.
      await Promise.race([this.#options.session.tokens(), delay(leftUntil(deadline) / 2, undefined, { ref: false })]);
      return null;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'CARRIER_LOGIN_REFUSED') return { type: 'UNAVAILABLE', message: error.message };
      // No connection now: the Request waits for it in the queue.
      if (error instanceof GatewayError) return null;
      throw error;
    }
  }

  async #sendAndWait(requestId: string, callerId: string, deadline: number): Promise<void> {
    const waited = new AbortController();
    const signal = AbortSignal.any([waited.signal, this.#stop.signal]);
    const patience = delay(leftUntil(deadline), undefined, { signal, ref: false }).catch(() => undefined);
    await Promise.race([this.#send(requestId, callerId), patience]);
    waited.abort();
  }

  /** @param callerId null for one that was waiting before a restart: it counts for nobody. */
  async #send(requestId: string, callerId: string | null): Promise<void> {
    const sent = this.#options.sender.send(requestId);
    // Repeats wait for the same sending.
    if (this.#sending.has(requestId)) return sent;
    this.#sending.add(requestId);
    this.#count(callerId, +1);
    await sent.finally(() => {
      this.#sending.delete(requestId);
      this.#count(callerId, -1);
    });
  }

  #count(callerId: string | null, change: 1 | -1): void {
    this.#queued += change;
    if (callerId === null) return;
    const queued = (this.#queuedBy.get(callerId) ?? 0) + change;
    if (queued === 0) this.#queuedBy.delete(callerId);
    else this.#queuedBy.set(callerId, queued);
  }

  /** A repeat that meets the first one still on its way waits with it: both are told of the same refusal. */
  async #repeated(requestId: string, callerId: string, deadline: number): Promise<SubmitResult> {
    const now = await this.#current(requestId);
    if (now.type !== 'ACCEPTED' || !['QUEUED', 'SUBMITTING'].includes(now.request.status)) return now;
    await this.#sendAndWait(requestId, callerId, deadline);
    return this.#current(requestId);
  }

  async #current(requestId: string): Promise<SubmitResult> {
    const request = (await this.#options.requestLog.requests([requestId])).get(requestId);
    if (!request) throw new GatewayError('NOT_FOUND', 'The request was purged while it was being looked up.');
    return { type: request.status === 'REJECTED' ? 'REFUSED' : 'ACCEPTED', request };
  }
}

/** What the audit log needs to know of a mutation under way. */
interface Asked {
  account: string | null;
  devices: number | null;
  /** Its record went into the store with the Request. */
  isRecorded: boolean;
}

/** Of a mutation that made no Request. */
function recordOf(caller: Caller, action: string, { account, devices }: Asked, result: SubmitResult): AuditRecord {
  const subject = 'request' in result ? result.request.id : 'requestId' in result ? result.requestId : null;
  return { caller: caller.id, action, account, devices, subject, outcome: 'request' in result ? 'REPEATED' : result.type };
}

/** Milliseconds, never below 0. */
function leftUntil(deadline: number): number {
  return Math.max(deadline - performance.now(), 0);
}

/** The same words for an account that does not exist and one that is not the caller's. */
const UNKNOWN_ACCOUNT: InputFault = {
  path: ['accountName'],
  code: 'UNKNOWN_ACCOUNT',
  message: 'This account is not one you can use here. Check its name, leading zeros included.',
};

function invalid(fault: InputFault): SubmitResult {
  return { type: 'INVALID', faults: [fault], total: 1 };
}

/** One carrier request, or several where the operation's limit is below the devices given. */
function split({ operation, devices }: Command): NewRequest['carrierRequests'] {
  const { callbackService: service, maxDevices } = operation;
  if (devices === null) return [{ service, firstIndex: 0, deviceCount: null }];
  const parts: { service: string; firstIndex: number; deviceCount: number }[] = [];
  for (let firstIndex = 0; firstIndex < devices.length; firstIndex += maxDevices) {
    parts.push({ service, firstIndex, deviceCount: Math.min(maxDevices, devices.length - firstIndex) });
  }
  return parts;
}
