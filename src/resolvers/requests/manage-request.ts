import { createHash } from 'node:crypto';
import type { PartsOf, Store } from '../../datasources/request-log/store.ts';
import type { StoredCarrierRequest, StoredRequest } from '../../datasources/request-log/stored-request.ts';
import type { Session } from '../../datasources/thingspace/session.ts';
import { cleanRequestId } from '../../datasources/thingspace/wire/carrier-request-id.ts';
import type { Command } from '../../operations/define-operation.ts';
import { operationNamed } from '../../operations/index.ts';
import { REQUEST_OPTIONS, type RequestOptions } from '../../operations/fields.ts';
import { faultsOf } from '../../operations/input-fault.ts';
import { mayUse, type Caller } from '../access/caller.ts';
import { readFailedDevices } from './failed-devices.ts';
import { findRequest } from './find-request.ts';
import {
  cancelRefusal,
  checkRefusal,
  mayRetry,
  nothingQueued,
  nothingToAsk,
  NOT_UNKNOWN,
  resolveRefusal,
  type ActionRefusal,
} from './request-actions.ts';
import type { RequestSender } from './request-sender.ts';
import type { Reconciler } from './reconcile-requests.ts';
import { readRetried } from './retried-devices.ts';
import { chooseForRetry, RETRY_CHOICE, type RetryChoice } from './retry-choice.ts';
import { MAX_FAULTS, refuseInput, type InvalidResult, type RequestSubmitter, type SubmitResult } from './submit-request.ts';

interface RequestManagerOptions {
  readonly store: Pick<Store, 'leases'> &
    PartsOf<{
      requests: 'requests' | 'findByCarrierRequestId' | 'carrierRequests' | 'settings' | 'retryPages';
      outcomes: 'prepare' | 'devices';
      sending: 'cancelQueued';
      followUp: 'resolveUnknown';
      audit: 'recordAudit';
    }>;
  readonly reconciler: Pick<Reconciler, 'checkNow'>;
  readonly session: Pick<Session, 'isLatched'>;
  readonly submitter: RequestSubmitter;
  readonly sender: RequestSender;
}

export type ManageResult = { readonly type: 'DONE'; readonly request: StoredRequest } | InvalidResult;

/** The result of `checkNow`. `devices` is how many the carrier is asked about. */
export type CheckNowResult =
  | { readonly type: 'SCHEDULED'; readonly request: StoredRequest; readonly devices: number }
  | InvalidResult
  | Extract<SubmitResult, { readonly type: 'UNAVAILABLE' | 'LIMITED' }>;

export interface ResolveUnknownInput {
  readonly requestId: string;
  /** Which of its `carrierRequests`; needed when more than one is UNKNOWN. */
  readonly position: number | null;
  /** What the carrier's support or its portal tells; null with `neverArrived`. */
  readonly carrierRequestId: string | null;
  readonly neverArrived: boolean;
}

const RETRY = 'retryFailedDevices';

/** Does what a person asks of an existing Request: cancels it, resolves an unknown fate, retries the failed devices. */
export class RequestManager {
  readonly #options: RequestManagerOptions;

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

  /**
   * Asks the carrier about the open devices of a Request now. It takes a right to write: the questions are taken from the number
   * that all callers share, and what they teach changes the Request for everybody.
   */
  async checkNow(caller: Caller, requestId: string): Promise<CheckNowResult> {
    const request = await this.#findWritable(caller, requestId);
    return this.#record(caller, 'checkNow', request, request ? await this.#check(request) : UNKNOWN_REQUEST);
  }

  async #check(request: StoredRequest): Promise<CheckNowResult> {
    const { reconciler, session } = this.#options;
    const refusal = checkRefusal(request, await this.#partsOf(request));
    if (refusal) return refuse(refusal);
    if (await session.isLatched()) return LOGIN_REFUSED;
    const result = await reconciler.checkNow(request.id);
    if (result.type === 'SCHEDULED') return { ...result, request };
    if (result.type === 'LIMITED') return { ...result, message: JUST_CHECKED };
    // Its open devices are in a part that was not sent.
    return refuse(nothingToAsk(request));
  }

  async #cancel(request: StoredRequest): Promise<ManageResult> {
    const { store, sender } = this.#options;
    const error = { code: 'CANCELLED', message: 'Cancelled before it was sent. Nothing was done at the carrier.' };
    const refusal = cancelRefusal(request, await this.#partsOf(request));
    if (refusal) return refuse(refusal);
    // It may have left in between.
    if ((await store.sending.cancelQueued(request.id, error)) === 0) return refuse(nothingQueued(request));
    sender.withdraw(request.id);
    return this.#reread(request.id);
  }

  async #resolve(request: StoredRequest, input: ResolveUnknownInput): Promise<ManageResult> {
    const { store } = this.#options;
    const { neverArrived, position } = input;
    const carrierRequestId = input.carrierRequestId === null ? null : cleanRequestId(input.carrierRequestId.trim());
    if ((carrierRequestId !== null) === neverArrived)
      return refuseInput('fate', 'EXACTLY_ONE', 'Give either carrierRequestId or neverArrived: true.');
    if (carrierRequestId !== null && !/^[A-Za-z0-9-]{3,64}$/.test(carrierRequestId))
      return refuseInput('fate.carrierRequestId', 'INVALID_FORMAT', 'A carrier requestId has 3 to 64 letters, digits and dashes.');
    const parts = await this.#partsOf(request);
    const refusal = resolveRefusal(parts);
    if (refusal) return refuse(refusal);
    const unknown = parts.filter((part) => part.state === 'UNKNOWN' && (position === null || part.position === position));
    const [only] = unknown;
    if (!only) return refuse(NOT_UNKNOWN);
    if (unknown.length > 1)
      return refuseInput('carrierRequestIndex', 'AMBIGUOUS', `${unknown.length} carrier requests of it are UNKNOWN. Say which one.`);
    const result = await store.followUp.resolveUnknown(request.id, only.position, carrierRequestId);
    if (result === 'RESOLVED') return this.#reread(request.id);
    return result === 'ID_TAKEN' ? ID_TAKEN : refuse(NOT_UNKNOWN);
  }

  /**
   * Makes a new Request, linked to the first, for the devices that failed and are in no retry of it yet: all, or those that are chosen.
   *
   * @param given the request options of the mutation and the choice of devices, not checked yet.
   */
  async retryFailed(caller: Caller, requestId: string, given: unknown): Promise<SubmitResult> {
    const request = await this.#findWritable(caller, requestId);
    if (!request || !mayRetry(caller, request)) return this.#record(caller, RETRY, request, UNKNOWN_REQUEST);
    const [options, choice] = [REQUEST_OPTIONS.safeParse(given), RETRY_CHOICE.safeParse(given)];
    if (!options.success || !choice.success) {
      const faults = [options, choice].flatMap(({ error }) => (error ? faultsOf(error) : []));
      return this.#record(caller, RETRY, request, { type: 'INVALID', faults, total: faults.length });
    }
    // Two at once would send the devices twice.
    return this.#options.store.leases.during(`retry ${request.id}`, () => this.#retry(caller, request, options.data, choice.data));
  }

  async #retry(caller: Caller, request: StoredRequest, options: RequestOptions, choice: RetryChoice): Promise<SubmitResult> {
    const { submitter } = this.#options;
    const key = options.validateOnly ? null : (options.idempotencyKey ?? null);
    const waitMs = options.waitMs ?? null;
    const repeat = await submitter.findRepeated(caller, request.account, key, hashOfRetry(request, choice), waitMs);
    if (repeat) return this.#record(caller, RETRY, request, repeat);
    const command = await this.#planRetry(request, options, choice);
    // The submitter records the result of a command.
    return 'type' in command ? this.#record(caller, RETRY, request, command) : submitter.submit(caller, RETRY, () => ({ command }));
  }

  async #planRetry(request: StoredRequest, options: RequestOptions, choice: RetryChoice): Promise<Command | InvalidResult> {
    const { store } = this.#options;
    const failed = await readFailedDevices(store.outcomes, request.id);
    const chosen = chooseForRetry(request, failed, await readRetried(store, request.id), choice);
    if ('faults' in chosen) return { type: 'INVALID', faults: chosen.faults.slice(0, MAX_FAULTS), total: chosen.faults.length };
    const operation = operationNamed(request.operation);
    const settings = (await store.requests.settings([request.id])).get(request.id);
    if (!operation || !settings) return UNKNOWN_REQUEST;
    const namedDevices = (await this.#partsOf(request)).every(({ deviceCount }) => deviceCount !== null);
    const { clientReference, idempotencyKey, validateOnly, waitMs } = options;
    return {
      operation,
      accountName: request.account,
      devices: chosen.devices,
      // Beside a list of devices, the fields of a filter would be values to set and a group to move the devices to.
      settings: namedDevices ? settings : operation.withoutFilter(settings),
      clientReference: clientReference ?? request.clientReference,
      idempotencyKey: idempotencyKey ?? null,
      retryOf: request.id,
      inputHash: hashOfRetry(request, choice),
      validateOnly: validateOnly ?? false,
      waitMs: waitMs ?? null,
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
  async #record<Result extends ManageResult | SubmitResult | CheckNowResult>(
    caller: Caller,
    action: string,
    request: StoredRequest | null,
    result: Result,
  ): Promise<Result> {
    const outcome = result.type === 'INVALID' ? (result.faults[0]?.code ?? result.type) : 'request' in result ? 'DONE' : result.type;
    await this.#options.store.audit.recordAudit([
      { caller: caller.id, action, account: request?.account ?? null, devices: null, subject: request?.id ?? null, outcome },
    ]);
    return result;
  }

  async #findWritable(caller: Caller, requestId: string): Promise<StoredRequest | null> {
    const request = await findRequest(this.#options.store.requests, caller, requestId);
    return request && mayUse(caller, request.account, 'write') ? request : null;
  }

  async #partsOf({ id }: StoredRequest): Promise<readonly StoredCarrierRequest[]> {
    return (await this.#options.store.requests.carrierRequests([id])).get(id) ?? [];
  }

  async #reread(requestId: string): Promise<ManageResult> {
    const request = (await this.#options.store.requests.requests([requestId])).get(requestId);
    return request ? { type: 'DONE', request } : UNKNOWN_REQUEST;
  }
}

/** One answer for a request that does not exist and for one that this caller may not change. */
const UNKNOWN_REQUEST = refuseInput(
  'requestId',
  'NOT_FOUND',
  'No request has this id. Pass the `id` a mutation returned, or the carrier’s requestId.',
);
const LOGIN_REFUSED = {
  type: 'UNAVAILABLE',
  message: 'The carrier refused the login of this gateway. It is asked nothing until an administrator has corrected the credentials.',
} as const;
const JUST_CHECKED =
  'The carrier was asked about this request a moment ago, or too many requests wait to be asked about. Answers come as changes of the request. Ask again after `retryAfterMs`.';
const ID_TAKEN = refuseInput('fate.carrierRequestId', 'ID_TAKEN', 'Another request has this id already. Look it up with `request(id:)`.');

function refuse({ code, message }: ActionRefusal): InvalidResult {
  return refuseInput('requestId', code, message);
}

/** The same choice is the same retry, whatever has failed since. */
function hashOfRetry({ id }: StoredRequest, { outcomeIds, faultCodes }: RetryChoice): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify([RETRY, id, outcomeIds?.toSorted() ?? null, faultCodes?.toSorted() ?? null]))
    .digest();
}
