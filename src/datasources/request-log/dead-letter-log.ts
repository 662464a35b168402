import type { ForwardCopy } from './forward-queue.ts';
import type { NextTurn, Page } from './stored-request.ts';

export type DeadLetterReason = 'UNREADABLE' | 'QUARANTINED' | 'FOREIGN_REQUEST' | 'WRONG_SERVICE' | 'DAMAGED_REQUEST';

/**
 * Why a message is not stored.
 *
 * - `PATH_FULL`: its path holds as many messages of its kind as it may, or as many bytes.
 * - `REQUEST_FULL`: its request, or its id that no request has, holds as much as it may.
 * - `DISK_LOW`: the disk has little room left, which is kept for what settles a known request.
 */
export type Refusal = (typeof REFUSALS)[number];

export const REFUSALS = ['PATH_FULL', 'REQUEST_FULL', 'DISK_LOW'] as const;

export function isRefusal(outcome: string): outcome is Refusal {
  return REFUSALS.some((refusal) => refusal === outcome);
}

/**
 * A message that cannot be applied: it is unreadable, has wrong credentials, came by another service than its request waits for, or
 * belongs to another account's request or a damaged one.
 */
export interface DeadLetter {
  readonly account: string;
  readonly service: string;
  readonly receivedAt: number;
  readonly reason: DeadLetterReason;
  readonly contentType: string | null;
  /** The codings that are still on `body`, because they could not be undone. */
  readonly contentEncoding?: string | null;
  readonly body: Uint8Array;
  /** The copy for the previous listener, if there is one. */
  readonly forward?: ForwardCopy | null;
}

export interface DeadLetterFilter {
  readonly accounts: readonly string[] | null;
  readonly reason: DeadLetterReason | null;
}

export interface StoredDeadLetter extends DeadLetter {
  readonly id: string;
}

/** The dead letters that `CallbackIntake` keeps: messages that came on a valid path and could not be applied. */
export interface DeadLetterLog {
  /** Oldest first. */
  deadLetters(filter: DeadLetterFilter, after: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<StoredDeadLetter>>;
  /**
   * Dead letters of these accounts (null: of all). Those of other accounts are not read at all: the time that takes would tell a
   * caller that they exist.
   */
  deadLettersById(ids: readonly string[], accounts: readonly string[] | null): Promise<ReadonlyMap<string, StoredDeadLetter>>;
  /** Removes a dead letter that was applied after all. */
  discardDeadLetter(id: string): Promise<void>;
}
