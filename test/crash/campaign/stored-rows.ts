import type { LogRow } from './audit-subscriber.ts';

/** What a store has, read without a gateway. */
export interface StoredRows {
  /** What is wrong with the store as a whole. */
  faults(): Promise<readonly string[]>;
  /** All stored messages but the carrier's answers to our questions. */
  messages(): AsyncIterable<StoredMessage>;
  /** The Requests of callers. */
  requests(): Promise<readonly StoredRequest[]>;
  /** A Request's log as it was written. */
  log(requestId: string): Promise<readonly LogRow[]>;
}

export interface StoredMessage {
  readonly message: string;
  /** Of its Request; null when it has none. */
  readonly reference: string | null;
}

export interface StoredRequest {
  readonly id: string;
  readonly reference: string | null;
  readonly status: string;
}
