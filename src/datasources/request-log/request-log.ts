import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { AuditTrail, AuditRecord } from './audit-trail.ts';
import type { FollowUpLog } from './follow-up-log.ts';
import type { ForwardCopy, ForwardQueue } from './forward-queue.ts';
import type { DeadLetterLog, DeadLetterReason } from './dead-letter-log.ts';
import type { SendingStep } from './sending-steps.ts';
import type {
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
 * - `DROPPED`: not stored. It belongs to another account's request, and no more of these may be kept.
 */
export type AppendResult = 'APPLIED' | 'UNCLAIMED' | 'DUPLICATE' | 'FOREIGN' | 'WRONG_SERVICE' | 'DAMAGED' | 'DROPPED';

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
  /** -1 for the first page. */
  readonly afterIndex: number;
  readonly limit: number;
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
   * arrive. `adopted` are new Requests of `origin: EXTERNAL`, made for callbacks that have been unclaimed since before `before`.
   */
  settleUnclaimed(before: number): Promise<{ readonly resolved: readonly string[]; readonly adopted: readonly string[] }>;
  /** Runs after a start. Carrier requests that were being sent have an unknown fate. Gives back the ids of Requests that wait to be sent. */
  recover(): Promise<readonly string[]>;

  requests(ids: readonly string[]): Promise<ReadonlyMap<string, StoredRequest>>;
  findByCarrierRequestId(carrierRequestId: string): Promise<StoredRequest | null>;
  carrierRequests(requestIds: readonly string[]): Promise<ReadonlyMap<string, readonly StoredCarrierRequest[]>>;
  list(filter: RequestFilter, after: string | null, limit: number): Promise<Page<StoredRequest>>;
  /**
   * One page of outcomes for each of `wanted`, in the same order. The number of statements does not grow with their number. With
   * `work` it may stop early: it gives back the first pages only, at least one, whose work is about that of showing `work` devices.
   */
  outcomePages(wanted: readonly OutcomePage[], work?: number): Promise<readonly Page<StoredOutcome>[]>;
  outcomesById(ids: readonly string[]): Promise<ReadonlyMap<string, StoredOutcome>>;
  unclaimed(accounts: readonly string[] | null, after: string | null, limit: number): Promise<Page<UnclaimedCallback>>;
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
