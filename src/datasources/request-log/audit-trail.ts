import type { NextTurn, Page } from './stored-request.ts';

/** Who did what. It never holds the arguments. */
export interface AuditRecord {
  readonly caller: string;
  /** A mutation's name, or a command of the admin listener: `keys.create`. */
  readonly action: string;
  /** Null for an action that concerns no single account of this gateway. */
  readonly account: string | null;
  /** How many devices the action named. Null when that is not known or makes no sense. */
  readonly devices: number | null;
  /** The id of the request, key or message that the action concerns. */
  readonly subject: string | null;
  /** The immediate result, in capitals: `CREATED`, `INVALID`, `FORBIDDEN`, … */
  readonly outcome: string;
}

export interface AuditEntry extends AuditRecord {
  readonly id: string;
  readonly at: number;
}

export interface AuditFilter {
  /** Null for all entries, also those that concern no account. */
  readonly accounts: readonly string[] | null;
  readonly caller: string | null;
}

/** The part of the store to which entries are only added. */
export interface AuditTrail {
  /**
   * Resolves once all records are on disk. It does not reject when they cannot be written: the actions have happened, and a caller
   * who is told of a failure would repeat them. The operator is told instead.
   */
  recordAudit(records: readonly AuditRecord[]): Promise<void>;
  /** Newest first. */
  auditEntries(filter: AuditFilter, before: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<AuditEntry>>;
  /** Entries of these accounts (null: all entries, also those that concern no account). */
  auditEntriesById(ids: readonly string[], accounts: readonly string[] | null): Promise<ReadonlyMap<string, AuditEntry>>;
}
