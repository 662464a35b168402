import type { ChangePlace, ChangesPage } from './changed-requests.ts';
import type { LogEvent } from './log-event.ts';
import type {
  NextTurn,
  OutcomeStatus,
  Page,
  RequestedDevice,
  RequestStatus,
  StoredCarrierRequest,
  StoredRequest,
} from './stored-request.ts';

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

/** A row of a Request's log without its message. */
export interface LogStep extends Pick<LogEvent, 'kind' | 'position' | 'ties'> {
  readonly seq: number;
  readonly at: number;
  /** Of a row that changes a device: its status after it, and the row of its final message. */
  readonly outcomeStatus: OutcomeStatus | null;
  readonly finalSeq: number;
  readonly requestStatus: RequestStatus;
}

export interface RetryPage {
  readonly requestId: string;
  /** The id of the retry after which the page begins. */
  readonly after: string | null;
  readonly limit: number;
}

/** The retries of one Request. There may be as many as it has devices. */
export interface RetrySpan {
  readonly count: number;
  /** When the oldest and the newest was created. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** A Request with everything that is needed to send it. */
export interface SendableRequest {
  readonly request: StoredRequest;
  readonly devices: readonly RequestedDevice[] | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly carrierRequests: readonly StoredCarrierRequest[];
}

/** The Requests of an account that count as uses of their devices: made from `since` up to, not including, `until`. */
export interface CountedUses {
  readonly account: string;
  /** Of these operations; null for all, and those of other tools. */
  readonly operations: readonly string[] | null;
  /** Only those that are not complete. */
  readonly isOpen: boolean;
  readonly since: number;
  readonly until: number;
}

/** Reads of Requests: each as it stands, its carrier requests, its settings, the rows of its log, and what tries it again. */
export interface RequestReads {
  requests(ids: readonly string[]): Promise<ReadonlyMap<string, StoredRequest>>;
  findByCarrierRequestId(carrierRequestId: string): Promise<StoredRequest | null>;
  carrierRequests(requestIds: readonly string[]): Promise<ReadonlyMap<string, readonly StoredCarrierRequest[]>>;
  /** The stored settings of Requests that were made here. */
  settings(requestIds: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>;
  sendable(requestId: string): Promise<SendableRequest | null>;
  /**
   * Newest first.
   *
   * @param nextTurn is waited for before each turn of a list, here and wherever a list is read. A filter may make it look at all rows.
   */
  list(filter: RequestFilter, after: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<StoredRequest>>;
  /** How many Requests a list has on all its pages. It stops counting at `most`. */
  count(filter: RequestFilter, most: number, nextTurn?: NextTurn): Promise<number>;
  /** The Requests of an account that have changed since, after a place. With a limit of 0 it tells only where a reader of now goes on. */
  changes(account: string, after: ChangePlace, limit: number): Promise<ChangesPage>;
  /** How many of the Requests that count take up each identifier, by its key. Those that are REJECTED or CANCELLED as a whole do not count. */
  countUses(counted: CountedUses, keys: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Up to `limit` rows after `afterSeq`, without their messages. To read 1,000 takes a few milliseconds. */
  steps(requestId: string, afterSeq: number, limit: number): Promise<readonly LogStep[]>;
  /** How many Requests try failed devices again, by the id of each Request that has such retries. */
  retrySpans(requestIds: readonly string[]): Promise<ReadonlyMap<string, RetrySpan>>;
  /** One page of these retries, oldest first, for each of `wanted`, in the same order. One statement reads all that have the same limit. */
  retryPages(wanted: readonly RetryPage[]): Promise<readonly Page<StoredRequest>[]>;
}
