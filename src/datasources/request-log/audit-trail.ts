import type { Page } from './stored-request.ts';

/** Who did what, never with which arguments. */
export interface AuditRecord {
  readonly caller: string;
  /** A mutation's name, or a command of the admin listener: `keys.create`. */
  readonly action: string;
  /** Null for what concerns no single account of this gateway. */
  readonly account: string | null;
  /** How many devices it named; null where that is not known or makes no sense. */
  readonly devices: number | null;
  /** The request, key or message it was done to, by its id. */
  readonly subject: string | null;
  /** What came of it at once, in capitals: `CREATED`, `INVALID`, `FORBIDDEN`, … */
  readonly outcome: string;
}

export interface AuditEntry extends AuditRecord {
  readonly id: string;
  readonly at: number;
}

export interface AuditFilter {
  /** Null for everything, also what concerns no account. */
  readonly accounts: readonly string[] | null;
  readonly caller: string | null;
}

/** The part of the store that is only ever added to. */
export interface AuditTrail {
  /**
   * Resolves once all are on disk. It never rejects: what they tell of has happened, and who is told that nothing was stored
   * does it again. That they could not be written is told to the operator.
   */
  recordAudit(records: readonly AuditRecord[]): Promise<void>;
  /** Newest first. */
  auditEntries(filter: AuditFilter, before: string | null, limit: number): Promise<Page<AuditEntry>>;
}
