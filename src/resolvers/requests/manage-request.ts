import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RequestLog } from '../../datasources/request-log/request-log.ts';
import type { OutcomeStatus, RequestedDevice, StoredOutcome, StoredRequest } from '../../datasources/request-log/stored-request.ts';
import { cleanRequestId } from '../../datasources/thingspace/wire/carrier-request-id.ts';
import { cleanIdentifier, leaveOutRespellings } from '../../datasources/thingspace/wire/same-identifier.ts';
import { OneAtATime } from '../../lib/one-at-a-time.ts';
import type { Command, Operation } from '../../operations/define-operation.ts';
import { operationNamed } from '../../operations/index.ts';
import { REQUEST_OPTIONS, type RequestOptions } from '../../operations/fields.ts';
import { faultsOf } from '../../operations/input-fault.ts';
import { mayUse, type Caller } from '../access/caller.ts';
import { findRequest } from './find-request.ts';
import { keyOfDevice } from './same-input.ts';
import type { RequestSender } from './request-sender.ts';
import { refuseInput, type InvalidResult, type RequestSubmitter, type SubmitResult } from './submit-request.ts';

interface RequestManagerOptions {
  readonly requestLog: RequestLog;
  readonly submitter: RequestSubmitter;
  readonly sender: RequestSender;
}

export type ManageResult = { readonly type: 'DONE'; readonly request: StoredRequest } | InvalidResult;

export interface ResolveUnknownInput {
  readonly requestId: string;
  /** Which of its `carrierRequests`; needed when more than one is UNKNOWN. */
  readonly position: number | null;
  /** What the carrier's support or its portal tells; null with `neverArrived`. */
  readonly carrierRequestId: string | null;
  readonly neverArrived: boolean;
}

const RETRY = 'retryFailedDevices';

/** How many outcomes are read at once. Other work has its turn in between. */
const PAGE = 500;

/** Does what a person asks of an existing Request: cancels it, resolves an unknown fate, retries the failed devices. */
export class RequestManager {
  readonly #options: RequestManagerOptions;
  /** By Request. Its retries run one after the other: two at once would send its devices twice. */
  readonly #retrying = new Map<string, OneAtATime>();

  constructor(options: RequestManagerOptions) {
    this.#options = options;
  }

  /** Cancels what is still QUEUED. The carrier does not let us call back what was sent to it. */
  cancel(caller: Caller, requestId: string): Promise<ManageResult> {
    return this.#manage(caller, 'cancelRequest', requestId, (request) => this.#cancel(request));
  }

  resolveUnknown(caller: Caller, input: ResolveUnknownInput): Promise<ManageResult> {
    return this.#manage(caller, 'resolveUnknownRequest', input.requestId, (request) => this.#resolve(request, input));
  }

  async #cancel(request: StoredRequest): Promise<ManageResult> {
    const { requestLog, sender } = this.#options;
    const error = { code: 'CANCELLED', message: 'Cancelled before it was sent. Nothing was done at the carrier.' };
    if ((await requestLog.cancelQueued(request.id, error)) === 0)
      return refuseInput('requestId', 'NOTHING_QUEUED', `No part of this request waits to be sent: it is ${request.status}.`);
    sender.withdraw(request.id);
    return this.#reread(request.id);
  }

  async #resolve(request: StoredRequest, input: ResolveUnknownInput): Promise<ManageResult> {
    const { requestLog } = this.#options;
    const { neverArrived, position } = input;
    const carrierRequestId = input.carrierRequestId === null ? null : cleanRequestId(input.carrierRequestId.trim());
    if ((carrierRequestId !== null) === neverArrived)
      return refuseInput('carrierRequestId', 'EXACTLY_ONE', 'Give either carrierRequestId or neverArrived: true.');
    if (carrierRequestId !== null && !/^[A-Za-z0-9-]{3,64}$/.test(carrierRequestId))
      return refuseInput('carrierRequestId', 'FORMAT', 'A carrier requestId has 3 to 64 letters, digits and dashes.');
    const parts = (await requestLog.carrierRequests([request.id])).get(request.id) ?? [];
    const unknown = parts.filter((part) => part.state === 'UNKNOWN' && (position === null || part.position === position));
    const [only] = unknown;
    if (!only) return NOT_UNKNOWN;
    if (unknown.length > 1)
      return refuseInput('carrierRequestIndex', 'AMBIGUOUS', `${unknown.length} carrier requests of it are UNKNOWN. Say which one.`);
    const result = await requestLog.resolveUnknown(request.id, only.position, carrierRequestId);
    if (result === 'RESOLVED') return this.#reread(request.id);
    return result === 'ID_TAKEN' ? ID_TAKEN : NOT_UNKNOWN;
  }

  /**
   * Makes a new Request, linked to the first, for the devices that failed and are in no retry of it yet.
   *
   * @param given the request options of the mutation, not checked yet.
   */
  async retryFailed(caller: Caller, requestId: string, given: unknown): Promise<SubmitResult> {
    const request = await this.#findWritable(caller, requestId);
    if (!request) return this.#record(caller, RETRY, null, UNKNOWN_REQUEST);
    const options = REQUEST_OPTIONS.safeParse(given);
    if (!options.success) {
      const faults = faultsOf(options.error);
      return this.#record(caller, RETRY, request, { type: 'INVALID', faults, total: faults.length });
    }
    const retries = this.#retrying.get(request.id) ?? new OneAtATime();
    this.#retrying.set(request.id, retries);
    try {
      return await retries.run(() => this.#retry(caller, request, options.data));
    } finally {
      if (retries.isIdle) this.#retrying.delete(request.id);
    }
  }

  async #retry(caller: Caller, request: StoredRequest, options: RequestOptions): Promise<SubmitResult> {
    const { submitter } = this.#options;
    const key = options.validateOnly ? null : (options.idempotencyKey ?? null);
    const repeat = await submitter.findRepeated(caller, request.account, key, ({ retryOf }) => retryOf === request.id);
    if (repeat) return this.#record(caller, RETRY, request, repeat);
    const command = await this.#planRetry(request, options);
    // The submitter records the result of a command.
    return 'type' in command ? this.#record(caller, RETRY, request, command) : submitter.submit(caller, RETRY, () => ({ command }));
  }

  async #planRetry(request: StoredRequest, options: RequestOptions): Promise<Command | InvalidResult> {
    const { requestLog } = this.#options;
    const operation = operationNamed(request.operation);
    const sendable = await requestLog.sendable(request.id);
    if (!operation || !sendable)
      return refuseInput('requestId', 'NOT_RETRIABLE', 'Another tool made this request. The gateway does not know what it asked for.');
    const failed = await this.#findFailedDevices(request.id, operation, sendable.devices);
    if (failed.length === 0) return refuseInput('requestId', 'NOTHING_FAILED', 'No device of this request has failed.');
    const retried = await this.#findRetriedDevices(request.id);
    const devices = failed.filter((device) => !retried.has(keyOfDevice(device)));
    if (devices.length === 0)
      return refuseInput(
        'requestId',
        'ALREADY_RETRIED',
        'Every failed device is in a retry already (see `retries`). Follow or retry that.',
      );
    const namedDevices = sendable.carrierRequests.every(({ deviceCount }) => deviceCount !== null);
    const { clientReference, idempotencyKey, validateOnly } = options;
    return {
      operation,
      accountName: request.account,
      devices,
      // Beside a list of devices, the fields of a filter would be values to set and a group to move the devices to.
      settings: namedDevices ? sendable.settings : operation.withoutFilter(sendable.settings),
      clientReference: clientReference ?? request.clientReference,
      idempotencyKey: idempotencyKey ?? null,
      retryOf: request.id,
      validateOnly: validateOnly ?? false,
    };
  }

  async #manage(
    caller: Caller,
    action: string,
    requestId: string,
    work: (request: StoredRequest) => Promise<ManageResult>,
  ): Promise<ManageResult> {
    const request = await this.#findWritable(caller, requestId);
    return this.#record(caller, action, request, request ? await work(request) : UNKNOWN_REQUEST);
  }

  /** Writes the audit record of a command, also when its input is wrong or a retry is repeated. */
  async #record<Result extends ManageResult | SubmitResult>(
    caller: Caller,
    action: string,
    request: StoredRequest | null,
    result: Result,
  ): Promise<Result> {
    const outcome = result.type === 'INVALID' ? (result.faults[0]?.code ?? result.type) : 'request' in result ? 'DONE' : result.type;
    await this.#options.requestLog.recordAudit([
      { caller: caller.id, action, account: request?.account ?? null, devices: null, subject: request?.id ?? null, outcome },
    ]);
    return result;
  }

  async #findFailedDevices(id: string, operation: Operation, named: readonly RequestedDevice[] | null): Promise<RequestedDevice[]> {
    const devices: RequestedDevice[] = [];
    for await (const outcome of this.#readOutcomes(id, ['FAILED', 'REJECTED'])) {
      const device = named?.[outcome.index] ?? nameReported(outcome, operation);
      if (device.deviceIds.length > 0) devices.push(device);
    }
    return devices;
  }

  /** A device that was cancelled in a retry was not sent. So it counts as not retried. */
  async #findRetriedDevices(requestId: string): Promise<Set<string>> {
    const { requestLog } = this.#options;
    const retries = (await requestLog.retriesOf([requestId])).get(requestId) ?? [];
    const retried = new Set<string>();
    for (const { id } of retries) {
      const sent = new Map(((await requestLog.sendable(id))?.devices ?? []).entries());
      for await (const { index } of this.#readOutcomes(id, ['CANCELLED'])) sent.delete(index);
      for (const device of sent.values()) retried.add(keyOfDevice(device));
    }
    return retried;
  }

  async *#readOutcomes(requestId: string, statuses: readonly OutcomeStatus[]): AsyncGenerator<StoredOutcome, void, void> {
    for (let afterIndex = -1, more = true; more;) {
      const [page] = await this.#options.requestLog.outcomePages([{ requestId, statuses, afterIndex, limit: PAGE }]);
      yield* page?.rows ?? [];
      more = page?.hasMore ?? false;
      afterIndex = page?.rows.at(-1)?.index ?? afterIndex;
      await nextTurn();
    }
  }

  async #findWritable(caller: Caller, requestId: string): Promise<StoredRequest | null> {
    const request = await findRequest(this.#options.requestLog, caller, requestId);
    return request && mayUse(caller, request.account, 'write') ? request : null;
  }

  async #reread(requestId: string): Promise<ManageResult> {
    const request = (await this.#options.requestLog.requests([requestId])).get(requestId);
    return request ? { type: 'DONE', request } : UNKNOWN_REQUEST;
  }
}

/** One answer for a request that does not exist and for one that this caller may not change. */
const UNKNOWN_REQUEST = refuseInput(
  'requestId',
  'NOT_FOUND',
  'No request has this id. Pass the `id` a mutation returned, or the carrier’s requestId.',
);
const ID_TAKEN = refuseInput('carrierRequestId', 'ID_TAKEN', 'Another request has this id already. Look it up with `request(id:)`.');
const NOT_UNKNOWN = refuseInput('requestId', 'NOT_UNKNOWN', 'No such carrier request is UNKNOWN now. See `carrierRequests`.');

/** Names a device that only a callback reported, as a retry of the operation must name it. */
function nameReported({ final }: StoredOutcome, { retryKinds }: Operation): RequestedDevice {
  const identifiers = leaveOutRespellings(final?.message.deviceIds ?? []);
  return {
    deviceIds: identifiers.flatMap(({ kind, id }) =>
      kind !== null && retryKinds.includes(kind) ? [{ kind, id: cleanIdentifier(kind, id) }] : [],
    ),
  };
}
