import type { AuditEntry, AuditFilter, AuditRecord } from '../audit-trail.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Page } from '../stored-request.ts';
import type { Statements } from './sqlite-statements.ts';

type AuditRow = Omit<AuditEntry, 'id'> & { readonly pk: number };

export type OnAuditFailed = (records: readonly AuditRecord[], error: unknown) => void;

interface SqliteAuditOptions {
  readonly now: () => number;
  readonly onFailed: OnAuditFailed | undefined;
}

/** The audit log in the SQLite store, written by its group commit. */
export class SqliteAudit {
  readonly #sql: Statements;
  readonly #commits: GroupCommit;
  readonly #options: SqliteAuditOptions;

  constructor(sql: Statements, commits: GroupCommit, options: SqliteAuditOptions) {
    this.#sql = sql;
    this.#commits = commits;
    this.#options = options;
  }

  async record(records: readonly AuditRecord[]): Promise<void> {
    const { now, onFailed } = this.#options;
    try {
      await this.#commits.run(() => recordAudit(this.#sql, records, now()));
    } catch (error) {
      if (!onFailed) throw error;
      onFailed(records, error);
    }
  }

  entries(filter: AuditFilter, before: string | null, limit: number): Promise<Page<AuditEntry>> {
    return this.#commits.read(() => auditPage(this.#sql, filter, before, limit));
  }
}

/** Runs inside a transaction: what was done and that it was done are on disk together. */
export function recordAudit(sql: Statements, records: readonly AuditRecord[], at: number): void {
  for (const { caller, action, account, devices, subject, outcome } of records) {
    sql.insertAudit.run(at, caller, action, account, devices, subject, outcome);
  }
}

function auditPage(sql: Statements, { accounts, caller }: AuditFilter, before: string | null, limit: number): Page<AuditEntry> {
  const asked = { caller, before: before === null ? Number.MAX_SAFE_INTEGER : Number(before), limit: limit + 1 };
  const found = accounts ? sql.auditPageOf.all({ ...asked, accounts: JSON.stringify(accounts) }) : sql.auditPage.all(asked);
  const rows = found as AuditRow[];
  return { rows: rows.slice(0, limit).map(({ pk, ...entry }) => ({ ...entry, id: String(pk) })), hasMore: rows.length > limit };
}
