import type { ForwardCopy } from './forward-queue.ts';
import type { Page } from './stored-request.ts';

export type DeadLetterReason = 'UNREADABLE' | 'QUARANTINED' | 'FOREIGN_REQUEST' | 'DAMAGED_REQUEST';

/** A message that cannot be applied: unreadable, with credentials that are not ours, of another account's request or a damaged one. */
export interface DeadLetter {
  readonly account: string;
  readonly service: string;
  readonly receivedAt: number;
  readonly reason: DeadLetterReason;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  /** Its copy for the previous listener, where there is one. */
  readonly forward?: ForwardCopy | null;
}

export interface DeadLetterFilter {
  readonly accounts: readonly string[] | null;
  readonly reason: DeadLetterReason | null;
}

export interface StoredDeadLetter extends DeadLetter {
  readonly id: string;
}

/** The part of the log that keeps messages on a right path which could not be applied. Read oldest first. */
export interface DeadLetterLog {
  /**
   * Keeps one. False past the cap of its reason, which each listener has for itself: who floods one has nothing of another
   * dropped.
   */
  keep(message: DeadLetter, capPerReason: number): Promise<boolean>;
  deadLetters(filter: DeadLetterFilter, after: string | null, limit: number): Promise<Page<StoredDeadLetter>>;
  /** Nothing is read of those of other accounts (null: of any): it would take longer than of none. */
  deadLettersById(ids: readonly string[], accounts: readonly string[] | null): Promise<ReadonlyMap<string, StoredDeadLetter>>;
  /** One that has been applied after all is kept no longer. */
  discardDeadLetter(id: string): Promise<void>;
}
