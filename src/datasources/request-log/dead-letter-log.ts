import type { ForwardCopy } from './forward-queue.ts';
import type { Page } from './request-log.ts';

export type KeptReason = 'UNREADABLE' | 'QUARANTINED' | 'FOREIGN_REQUEST' | 'DAMAGED_REQUEST';

export interface KeptMessage {
  readonly account: string;
  readonly service: string;
  readonly receivedAt: number;
  readonly reason: KeptReason;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  /** Its copy for the previous listener, where there is one. */
  readonly forward?: ForwardCopy | null;
}

export interface KeptFilter {
  readonly accounts: readonly string[] | null;
  readonly reason: KeptReason | null;
}

export interface StoredKeptMessage extends KeptMessage {
  readonly id: string;
}

/** Messages on a right path that could not be applied: unreadable, with credentials that are not ours, or another account's. */
export interface KeptMessages {
  /**
   * Keeps a message that cannot be applied: unreadable, or with credentials that are not ours. False past the cap of its
   * reason, which each listener has for itself: who floods one has nothing of another dropped.
   */
  keep(message: KeptMessage, capPerReason: number): Promise<boolean>;
  /** Messages kept aside, oldest first. */
  kept(filter: KeptFilter, after: string | null, limit: number): Promise<Page<StoredKeptMessage>>;
  /** Nothing is read of those of other accounts (null: of any): it would take longer than of none. */
  keptById(ids: readonly string[], accounts: readonly string[] | null): Promise<ReadonlyMap<string, StoredKeptMessage>>;
  /** A kept message that has been applied after all is kept no longer. */
  discardKept(id: string): Promise<void>;
}
