import type { CallbackFault } from '../thingspace/wire/callback-meaning.ts';
import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';
import type { AuditTrail, AuditRecord } from './audit-trail.ts';
import type { FollowUpLog } from './follow-up-log.ts';
import type { ForwardCopy, ForwardQueue } from './forward-queue.ts';
import type { DeadLetterLog, DeadLetterReason, Refusal } from './dead-letter-log.ts';
import type { LogEvent } from './log-event.ts';
import type { SendingStep } from './sending-steps.ts';
import type {
  NextTurn,
  OutcomeStatus,
  Page,
  Progress,
  RequestedDevice,
  RequestStatus,
  StoredCarrierRequest,
  StoredOutcome,
  StoredRequest,
} from './stored-request.ts';

/** One batch of a Request's log, as followers receive it. */
export interface LogBatch {
  readonly lastSeq: number;
  /** The status and the progress as of `lastSeq`. */
  readonly status: RequestStatus;
  readonly progress: Progress;
  /** Each device that changed in the batch, once, as it stands at `lastSeq`. */
  readonly outcomes: readonly StoredOutcome[];
}

export interface UnclaimedCallback {
  readonly id: string;
  readonly account: string;
  readonly service: string;
  readonly carrierRequestId: string | null;
  readonly receivedAt: number;
  readonly callbackCount: number | null;
  readonly message: CallbackMessage;
  /** The stored message: without the registration's credentials, but with everything else that the carrier sent. */
  readonly json: string;
}

export interface NewRequest {
  readonly id: string;
  readonly account: string;
  readonly operation: string;
  readonly createdBy: string;
  readonly clientReference: string | null;
  readonly idempotencyKey: string | null;
  readonly retryOf: string | null;
  /** SHA-256 over operation and parsed input. Two requests under one idempotency key have "the same input" when these are equal. */
  readonly inputHash: Uint8Array;
  readonly devices: readonly RequestedDevice[] | null;
  /** The same devices as JSON, which is stored. */
  readonly devicesJson: string | null;
  /** The rest of the parsed input, as JSON. */
  readonly settings: string;
  readonly carrierRequests: readonly { readonly service: string; readonly firstIndex: number; readonly deviceCount: number | null }[];
  readonly createdAt: number;
  /** The audit record that is stored in the same transaction when the Request is new. */
  readonly audit?: AuditRecord;
}

export interface IncomingCallback {
  readonly account: string;
  readonly service: string;
  readonly receivedAt: number;
  readonly json: string;
  readonly digest: Uint8Array;
  readonly callbackCount: number | null;
  readonly message: CallbackMessage;
  /** The copy for the previous listener, if there is one. It is stored in the same transaction when the callback is new. */
  readonly forward?: ForwardCopy | null;
}

/**
 * - `FOREIGN`: kept as a dead letter, because it belongs to another account's request.
 * - `WRONG_SERVICE`: kept as a dead letter, because its request waits for the messages of another callback service.
 * - `DAMAGED`: kept as a dead letter, because the stored rows of its request cannot be read.
 * - A `Refusal` is not stored, and must not be acknowledged.
 */
export type AppendResult = 'APPLIED' | 'UNCLAIMED' | 'DUPLICATE' | 'FOREIGN' | 'WRONG_SERVICE' | 'DAMAGED' | Refusal;

export interface RequestFilter {
  readonly accounts: readonly string[] | null;
  readonly statuses?: readonly RequestStatus[] | undefined;
  readonly operation?: string | undefined;
  readonly clientReference?: string | undefined;
  /** Identifier keys (see `identifierKey`). A Request is listed when a device of it has an identifier that is one with any of them. */
  readonly deviceKeys?: readonly string[] | undefined;
  readonly search?: RequestSearch | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** A text that may mean several things. A Request is listed when one of them is true of it. */
export interface RequestSearch {
  /** As in `RequestFilter`. Empty when the text is no identifier. */
  readonly deviceKeys: readonly string[];
  readonly requestId: string;
  readonly carrierRequestId: string;
  /** The Request's reference begins with it. */
  readonly clientReference: string;
}

export interface OutcomePage {
  readonly requestId: string;
  readonly statuses: readonly OutcomeStatus[] | null;
  /** Only FAILED devices with one of these fault codes. */
  readonly faultCodes?: readonly string[] | null;
  /** Only devices with an identifier that contains this text. */
  readonly search?: string | null;
  /** -1 for the first page. */
  readonly afterIndex: number;
  readonly limit: number;
}

/** One device of a Request, without its message. */
export interface DeviceSummary {
  readonly index: number;
  readonly status: OutcomeStatus;
  /** As the mutation named it; null when it did not. */
  readonly device: RequestedDevice | null;
  /** Of a FAILED device: the fault of its final message and the identifiers in it. Otherwise null and empty. */
  readonly fault: CallbackFault | null;
  readonly reported: readonly DeviceIdentifier[];
}

/** A row of a Request's log without its message. */
export interface LogStep extends Pick<LogEvent, 'kind' | 'position' | 'ties'> {
  readonly seq: number;
  readonly at: number;
  /** Of a row that changes a device: its status after it, and the row of its final message. */
  readonly outcomeStatus: OutcomeStatus | null;
  readonly finalSeq: number;
  readonly requestStatus: RequestStatus;
}

/** A Request with everything that is needed to send it. */
export interface SendableRequest {
  readonly request: StoredRequest;
  readonly devices: readonly RequestedDevice[] | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly carrierRequests: readonly StoredCarrierRequest[];
}

export interface LogCounts {
  readonly unclaimed: number;
  readonly deadLettersByReason: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** How many devices are OVERDUE now. */
  readonly overdueDevices: number;
  readonly openByStatus: Readonly<Partial<Record<RequestStatus, number>>>;
}

/**
 * The durable truth of the gateway: one append-only log for each Request, and the callbacks that no Request has yet. When a write
 * resolves, its rows are on disk (fsync), and a crash cannot undo it.
 */
export interface RequestLog extends FollowUpLog, DeadLetterLog, ForwardQueue, AuditTrail, AsyncDisposable {
  /** Changes when a backup is restored. A cursor of another epoch is refused. */
  readonly epoch: string;

  /** Writes the intent before anything leaves for the carrier: the Request, its carrier requests and all devices. */
  create(request: NewRequest): Promise<{ readonly outcome: 'CREATED' | 'EXISTS' | 'KEY_REUSED'; readonly id: string }>;
  /** The Request that was made with an idempotency key; null when there is none. */
  findByKey(account: string, createdBy: string, key: string): Promise<{ readonly id: string; readonly inputHash: Uint8Array } | null>;
  /** False when the carrier request is not in a state in which this step may begin: for example, it was cancelled. */
  step(requestId: string, position: number, step: SendingStep): Promise<boolean>;
  /** Resolves once the message is durable. A message that is there already changes nothing. */
  append(callback: IncomingCallback): Promise<AppendResult>;
  /**
   * Finds owners for unclaimed callbacks. `resolved` are Requests of UNKNOWN fate that were the only possible owners, so they did
   * arrive. `adopted` are new Requests of `origin: EXTERNAL`, made for callbacks that have been unclaimed since before `before`. One
   * call is a bounded step. `done`: it has come to the end, and the next one begins anew.
   */
  settleUnclaimed(
    before: number,
  ): Promise<{ readonly resolved: readonly string[]; readonly adopted: readonly string[]; readonly done: boolean }>;
  /** Runs after a start. Carrier requests that were being sent have an unknown fate. Gives back the ids of Requests that wait to be sent. */
  recover(): Promise<readonly string[]>;

  requests(ids: readonly string[]): Promise<ReadonlyMap<string, StoredRequest>>;
  findByCarrierRequestId(carrierRequestId: string): Promise<StoredRequest | null>;
  carrierRequests(requestIds: readonly string[]): Promise<ReadonlyMap<string, readonly StoredCarrierRequest[]>>;
  /**
   * Newest first.
   *
   * @param nextTurn is waited for before each turn of a list, here and wherever a list is read. A filter may make it look at all rows.
   */
  list(filter: RequestFilter, after: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<StoredRequest>>;
  /**
   * One page of outcomes for each of `wanted`, in the same order. The number of statements does not grow with their number. With
   * `work` it may stop early: it gives back the first pages only, at least one, whose work is about that of showing `work` devices.
   */
  outcomePages(wanted: readonly OutcomePage[], work?: number): Promise<readonly Page<StoredOutcome>[]>;
  /**
   * Reads messages of devices into memory: those of FAILED devices, or of all. At most `limit` in one go, because they take 30 µs
   * each. True when none is left. Pages by fault or by search, and `devices`, then find them there.
   */
  prepare(requestId: string, of: 'FAILED' | 'ALL', limit: number): Promise<boolean>;
  /** The devices of a Request with one of these statuses, in order. With null all devices, without their faults. */
  devices(requestId: string, statuses: readonly OutcomeStatus[] | null): Promise<readonly DeviceSummary[]>;
  outcomesById(ids: readonly string[]): Promise<ReadonlyMap<string, StoredOutcome>>;
  /** Oldest first. */
  unclaimed(accounts: readonly string[] | null, after: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<UnclaimedCallback>>;
  /** Unclaimed callbacks of these accounts (null: of all). */
  unclaimedById(ids: readonly string[], accounts: readonly string[] | null): Promise<ReadonlyMap<string, UnclaimedCallback>>;
  /** Up to `limit` rows after `afterSeq`, without their messages. To read 1,000 takes a few milliseconds. */
  steps(requestId: string, afterSeq: number, limit: number): Promise<readonly LogStep[]>;
  /** The stored settings of Requests that were made here. */
  settings(requestIds: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>;
  sendable(requestId: string): Promise<SendableRequest | null>;

  /** Up to `limit` changes after `afterSeq`; null when nothing is new. In a batch only the last change may end the Request. */
  read(requestId: string, afterSeq: number, limit: number): Promise<LogBatch | null>;

  /** The times since `since` at which carrier requests of this operation were sent, oldest first. The rate window starts from them. */
  sentSince(operation: string, since: number): Promise<readonly number[]>;
  /** How many devices have succeeded and have had no NIDD message yet. */
  niddOutstanding(requestId: string): Promise<number>;

  /** Small facts that must survive a restart, for example the login latch. */
  remember(key: string, value: string | null): Promise<void>;
  recall(key: string): Promise<string | null>;
  /** Commits a real write. Readiness depends on it. */
  probe(): Promise<void>;
  counts(): Promise<LogCounts>;
}
