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

/** One batch of a Request's log, as a follower receives it. */
export interface LogBatch {
  readonly lastSeq: number;
  /** As of `lastSeq`. */
  readonly status: RequestStatus;
  readonly progress: Progress;
  /** Each device that changed in the batch, once, as of `lastSeq`. */
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
  /** The message as it is stored: without the registration's credentials, but with whatever else the carrier put into it. */
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
  /** SHA-256 over operation and parsed input: what "the same input" means under one idempotency key. */
  readonly inputHash: Uint8Array;
  readonly devices: readonly RequestedDevice[] | null;
  /** The same as JSON: what is stored. */
  readonly devicesJson: string | null;
  /** The rest of the parsed input, as JSON. */
  readonly settings: string;
  readonly carrierRequests: readonly { readonly service: string; readonly firstIndex: number; readonly deviceCount: number | null }[];
  readonly createdAt: number;
  /** Recorded with it, when it is new. */
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
  /** Its copy for the previous listener, where there is one: stored with it, when it is new. */
  readonly forward?: ForwardCopy | null;
}

/**
 * `FOREIGN`: kept aside, because it is of another account's request; `DAMAGED`: because what is stored of its request cannot be
 * read. `DROPPED`: of another account's request, and not stored, because as many of these are kept as may be.
 */
export type AppendResult = 'APPLIED' | 'UNCLAIMED' | 'DUPLICATE' | 'FOREIGN' | 'DAMAGED' | 'DROPPED';

export interface RequestFilter {
  readonly accounts: readonly string[] | null;
  readonly statuses?: readonly RequestStatus[] | undefined;
  readonly operation?: string | undefined;
  readonly clientReference?: string | undefined;
  /** An identifier key (see `identifierKey`). */
  readonly deviceKeys?: readonly string[] | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export interface OutcomePage {
  readonly requestId: string;
  readonly statuses: readonly OutcomeStatus[] | null;
  /** -1 for the first page. */
  readonly afterIndex: number;
  readonly limit: number;
}

/** A Request with what is needed to send it. */
export interface SendableRequest {
  readonly request: StoredRequest;
  readonly devices: readonly RequestedDevice[] | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly carrierRequests: readonly StoredCarrierRequest[];
}

export interface LogCounts {
  readonly unclaimed: number;
  readonly deadLettersByReason: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** Devices that are OVERDUE now. */
  readonly overdueDevices: number;
  readonly openByStatus: Readonly<Partial<Record<RequestStatus, number>>>;
}

/**
 * The durable truth of the gateway: one append-only log per Request, and what has come in that no Request of ours has yet.
 * Every promise of a method holds once its promise resolves: the row is on disk (fsync), and a crash cannot take it back.
 */
export interface RequestLog extends FollowUpLog, DeadLetterLog, ForwardQueue, AuditTrail, AsyncDisposable {
  /** Changes when a backup is restored; a cursor of another epoch is refused. */
  readonly epoch: string;

  /** Writes the intent: the Request, its carrier requests, every device, before anything leaves for the carrier. */
  create(request: NewRequest): Promise<{ readonly outcome: 'CREATED' | 'EXISTS' | 'KEY_REUSED'; readonly id: string }>;
  /** The Request an idempotency key stands for, when there is one. */
  findByKey(account: string, createdBy: string, key: string): Promise<{ readonly id: string; readonly inputHash: Uint8Array } | null>;
  /** False when the carrier request does not stand where this step begins: it was cancelled, or another way was faster. */
  step(requestId: string, position: number, step: SendingStep): Promise<boolean>;
  /** Resolves once the message is durable; a message already there changes nothing. */
  append(callback: IncomingCallback): Promise<AppendResult>;
  /**
   * Finds owners for unclaimed callbacks: a Request of UNKNOWN fate that is the only one they can be of, or a new Request of
   * `origin: EXTERNAL` for those unclaimed since before `before`.
   */
  settleUnclaimed(before: number): Promise<{ readonly resolved: readonly string[]; readonly adopted: readonly string[] }>;
  /** After a start: what was being sent has an unknown fate. Gives back the ids of Requests that wait to be sent. */
  recover(): Promise<readonly string[]>;

  requests(ids: readonly string[]): Promise<ReadonlyMap<string, StoredRequest>>;
  findByCarrierRequestId(carrierRequestId: string): Promise<StoredRequest | null>;
  carrierRequests(requestIds: readonly string[]): Promise<ReadonlyMap<string, readonly StoredCarrierRequest[]>>;
  list(filter: RequestFilter, after: string | null, limit: number): Promise<Page<StoredRequest>>;
  /**
   * One page of outcomes for each of `wanted`, in its order, whatever their number in a bounded number of statements. With
   * `work` only as many, one at least, as take about the time of showing so many devices: the first of `wanted`.
   */
  outcomePages(wanted: readonly OutcomePage[], work?: number): Promise<readonly Page<StoredOutcome>[]>;
  outcomesById(ids: readonly string[]): Promise<ReadonlyMap<string, StoredOutcome>>;
  unclaimed(accounts: readonly string[] | null, after: string | null, limit: number): Promise<Page<UnclaimedCallback>>;
  sendable(requestId: string): Promise<SendableRequest | null>;

  /** Up to `limit` changes after `afterSeq`; null when there is nothing new. A batch never holds a terminal change before its last one. */
  read(requestId: string, afterSeq: number, limit: number): Promise<LogBatch | null>;

  /** When carrier requests of this operation were put on their way since `since`, oldest first: the memory of the rate window. */
  sentSince(operation: string, since: number): Promise<readonly number[]>;
  /** Devices that have succeeded and have had no NIDD message yet. */
  niddOutstanding(requestId: string): Promise<number>;

  /** Small facts that must survive a restart, for example the login latch. */
  remember(key: string, value: string | null): Promise<void>;
  recall(key: string): Promise<string | null>;
  /** A real write, committed: what readiness asks. */
  probe(): Promise<void>;
  counts(): Promise<LogCounts>;
}
