import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RequestLog } from '../../datasources/request-log/request-log.ts';
import type { OutcomeStatus, RequestedDevice, StoredOutcome, StoredRequest } from '../../datasources/request-log/stored-request.ts';
import { OneAtATime } from '../../lib/one-at-a-time.ts';
import type { Command, Operation } from '../../operations/define-operation.ts';
import { operationNamed } from '../../operations/index.ts';
import { REQUEST_OPTIONS, type RequestOptions } from '../../operations/fields.ts';
import { faultsOf, type InputFault } from '../../operations/input-fault.ts';
import { mayUse, type Caller } from '../access/caller.ts';
import { findRequest } from './find-request.ts';
import type { RequestSender } from './request-sender.ts';
import type { RequestSubmitter, SubmitResult } from './submit-request.ts';

export interface RequestManagerOptions {
  readonly requestLog: RequestLog;
  readonly submitter: RequestSubmitter;
  readonly sender: RequestSender;
}

export type ManageResult =
  | { readonly type: 'DONE'; readonly request: StoredRequest }
  | { readonly type: 'INVALID'; readonly faults: readonly InputFault[]; readonly total: number };

export interface ResolveUnknownInput {
  readonly requestId: string;
  /** Its place in `carrierRequests`; needed where more than one is of unknown fate. */
  readonly position: number | null;
  /** What the carrier's support, or its portal, says; null with `neverArrived`. */
  readonly carrierRequestId: string | null;
  readonly neverArrived: boolean;
}

const RETRY = 'retryFailedDevices';

/** Outcomes read at once; other work has its turn in between. */
const PAGE = 500;

/** What a person does about a Request that exists: cancel what still waits, tell what became of it, try the failed devices again. */
export class RequestManager {
  readonly #options: RequestManagerOptions;
  /** Retries of one Request go one after the other: two at once would send its devices twice. */
  readonly #retrying = new Map<string, OneAtATime>();

  constructor(options: RequestManagerOptions) {
    this.#options = options;
  }

  /** Cancels what is still QUEUED. What has left for the carrier cannot be called back. */
  async cancel(caller: Caller, requestId: string): Promise<ManageResult> {
    const request = await this.#writable(caller, requestId);
    return this.#recorded(caller, 'cancelRequest', request, request ? await this.#cancel(request) : unknownRequest);
  }

  async #cancel(request: StoredRequest): Promise<ManageResult> {
    const { requestLog, sender } = this.#options;
    const error = { code: 'CANCELLED', message: 'Cancelled before it was sent. Nothing was done at the carrier.' };
    if ((await requestLog.cancelQueued(request.id, error)) === 0) {
      return invalid('requestId', 'NOTHING_QUEUED', `Nothing of this request waits to be sent: it is ${request.status}.`);
    }
    sender.withdraw(request.id);
    return this.#done(request.id);
  }

  async resolveUnknown(caller: Caller, input: ResolveUnknownInput): Promise<ManageResult> {
    const request = await this.#writable(caller, input.requestId);
    return this.#recorded(caller, 'resolveUnknownRequest', request, request ? await this.#resolve(request, input) : unknownRequest);
  }

  async #resolve(request: StoredRequest, input: ResolveUnknownInput): Promise<ManageResult> {
    const { requestLog } = this.#options;
    const { carrierRequestId, neverArrived, position } = input;
    if ((carrierRequestId !== null) === neverArrived)
      return invalid('carrierRequestId', 'EXACTLY_ONE', 'Give either carrierRequestId or neverArrived: true.');
    if (carrierRequestId !== null && !/^[A-Za-z0-9-]{3,64}$/.test(carrierRequestId))
      return invalid('carrierRequestId', 'FORMAT', 'A carrier requestId has 3 to 64 letters, digits and dashes.');
    const parts = (await requestLog.carrierRequests([request.id])).get(request.id) ?? [];
    const unknown = parts.filter((part) => part.state === 'UNKNOWN' && (position === null || part.position === position));
    const [only] = unknown;
    if (!only) return NOT_UNKNOWN;
    if (unknown.length > 1) {
      return invalid('carrierRequestIndex', 'AMBIGUOUS', `${unknown.length} carrier requests of it are UNKNOWN: say which.`);
    }
    switch (await requestLog.resolveUnknown(request.id, only.position, carrierRequestId)) {
      case 'NOT_UNKNOWN':
        return NOT_UNKNOWN;
      case 'ID_TAKEN':
        return invalid('carrierRequestId', 'ID_TAKEN', 'A request has this carrier requestId already: look it up with `request(id:)`.');
      case 'RESOLVED':
        return this.#done(request.id);
    }
  }

  /**
   * A new Request for the devices that failed and are in no retry of it yet, linked to the first.
   *
   * @param given the request options of the mutation, as they came.
   */
  async retryFailed(caller: Caller, requestId: string, given: unknown): Promise<SubmitResult> {
    const request = await this.#writable(caller, requestId);
    if (!request) return this.#recorded(caller, RETRY, null, unknownRequest);
    const options = REQUEST_OPTIONS.safeParse(given);
    if (!options.success) {
      const faults = faultsOf(options.error);
      return this.#recorded(caller, RETRY, request, { type: 'INVALID', faults, total: faults.length });
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
    const repeat = await submitter.repeated(caller, request.account, key, ({ retryOf }) => retryOf === request.id);
    if (repeat) return this.#recorded(caller, RETRY, request, repeat);
    const command = await this.#retryCommand(request, options);
    // The submitter records what becomes of it.
    return 'type' in command ? this.#recorded(caller, RETRY, request, command) : submitter.submit(caller, RETRY, () => ({ command }));
  }

  async #retryCommand(request: StoredRequest, options: RequestOptions): Promise<Command | Extract<SubmitResult, { type: 'INVALID' }>> {
    const { requestLog } = this.#options;
    const { account } = request;
    const operation = operationNamed(request.operation);
    const sendable = await requestLog.sendable(request.id);
    if (!operation || !sendable)
      return invalid('requestId', 'NOT_RETRIABLE', 'Another tool made this request: what it asked for is not known here.');
    const failed = await this.#failedDevices(request, operation, sendable.devices);
    if (failed.length === 0) return invalid('requestId', 'NOTHING_FAILED', 'No device of this request has failed.');
    const retried = await this.#retriedDevices(request.id);
    const devices = failed.filter((device) => !retried.has(JSON.stringify(device)));
    if (devices.length === 0) {
      const message = 'Every failed device of this request is in a retry of it already (`retries`): follow, or retry, that one.';
      return invalid('requestId', 'ALREADY_RETRIED', message);
    }
    const named = sendable.carrierRequests.every(({ deviceCount }) => deviceCount !== null);
    const { clientReference, idempotencyKey, validateOnly } = options;
    return {
      operation,
      accountName: account,
      devices,
      // With a list of devices a filter would mean values to set, and a group to move them to.
      settings: named ? sendable.settings : operation.withoutFilter(sendable.settings),
      clientReference: clientReference ?? request.clientReference,
      idempotencyKey: idempotencyKey ?? null,
      retryOf: request.id,
      validateOnly: validateOnly ?? false,
    };
  }

  /** Who did what to which request, and what came of it: a repeat of a retry, and what is wrong with an input, too. */
  async #recorded<Result extends ManageResult | SubmitResult>(
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

  async #failedDevices({ id }: StoredRequest, operation: Operation, named: readonly RequestedDevice[] | null): Promise<RequestedDevice[]> {
    const devices: RequestedDevice[] = [];
    for await (const outcome of this.#outcomes(id, ['FAILED', 'REJECTED'])) {
      const device = named?.[outcome.index] ?? nameReported(outcome, operation);
      if (device.deviceIds.length > 0) devices.push(device);
    }
    return devices;
  }

  /** What was cancelled in a retry was not sent, and may be tried again. */
  async #retriedDevices(requestId: string): Promise<Set<string>> {
    const { requestLog } = this.#options;
    const retries = (await requestLog.retriesOf([requestId])).get(requestId) ?? [];
    const retried = new Set<string>();
    for (const { id } of retries) {
      const sent = new Map(((await requestLog.sendable(id))?.devices ?? []).entries());
      for await (const { index } of this.#outcomes(id, ['CANCELLED'])) sent.delete(index);
      for (const device of sent.values()) retried.add(JSON.stringify(device));
    }
    return retried;
  }

  async *#outcomes(requestId: string, statuses: readonly OutcomeStatus[]): AsyncGenerator<StoredOutcome, void, void> {
    for (let afterIndex = -1, more = true; more;) {
      const [page] = await this.#options.requestLog.outcomePages([{ requestId, statuses, afterIndex, limit: PAGE }]);
      yield* page?.rows ?? [];
      more = page?.hasMore ?? false;
      afterIndex = page?.rows.at(-1)?.index ?? afterIndex;
      await nextTurn();
    }
  }

  async #writable(caller: Caller, requestId: string): Promise<StoredRequest | null> {
    const request = await findRequest(this.#options.requestLog, caller, requestId);
    return request && mayUse(caller, request.account, 'write') ? request : null;
  }

  async #done(requestId: string): Promise<ManageResult> {
    const request = (await this.#options.requestLog.requests([requestId])).get(requestId);
    return request ? { type: 'DONE', request } : unknownRequest;
  }
}

function invalid(field: string, code: string, message: string): Extract<SubmitResult, { type: 'INVALID' }> {
  return { type: 'INVALID', faults: [{ path: [field], code, message }], total: 1 };
}

/** The same words for a request that does not exist and one that is not the caller's. */
const unknownRequest = invalid(
  'requestId',
  'NOT_FOUND',
  'No request has this id. Pass the `id` a mutation returned, or the carrier’s requestId.',
);
const NOT_UNKNOWN = invalid(
  'requestId',
  'NOT_UNKNOWN',
  'The fate of this carrier request is known (or being found out): see `carrierRequests`.',
);

/** A device that only a callback named, as a retry of the operation names it. */
function nameReported({ final }: StoredOutcome, { retryKinds }: Operation): RequestedDevice {
  const identifiers = final?.message.deviceIds ?? [];
  return { deviceIds: identifiers.flatMap(({ kind, id }) => (kind !== null && retryKinds.includes(kind) ? [{ kind, id }] : [])) };
}
