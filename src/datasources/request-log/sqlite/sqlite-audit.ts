import type { AuditEntry, AuditFilter, AuditRecord, AuditTrail } from '../audit-trail.ts';
import { numberIn } from '../numbered-id.ts';
import type { NextTurn, Page } from '../stored-request.ts';
import type { GroupCommit } from './group-commit.ts';
import type { RowOf } from './sqlite-rows.ts';
import { AUDIT, type Statements } from './sqlite-statements.ts';
import type { KeyedRows, KeyWalker, OrderedIndex, Walk } from './walk-keys.ts';

/** Runs inside a transaction, so an action and its record are on disk together. */
export function insertAudit(sql: Statements, records: readonly AuditRecord[], at: number): void {
  for (const { caller, action, account, devices, subject, outcome } of records) {
    sql.insertAudit.run(at, caller, action, account, devices, subject, outcome);
  }
}

interface Parts {
  readonly sql: Statements;
  readonly commits: GroupCommit;
  readonly walker: KeyWalker;
  readonly now: () => number;
  /** Told of records that could not be written. Without it `recordAudit` rejects. */
  readonly onFailed: ((records: readonly AuditRecord[], error: unknown) => void) | undefined;
}

/** `AuditTrail` of the SQLite store. */
export class SqliteAudit implements AuditTrail {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async recordAudit(records: readonly AuditRecord[]): Promise<void> {
    const { sql, commits, now, onFailed } = this.#parts;
    try {
      await commits.run(() => insertAudit(sql, records, now()));
    } catch (error) {
      if (!onFailed) throw error;
      onFailed(records, error);
    }
  }

  async auditEntries(filter: AuditFilter, before: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<AuditEntry>> {
    const plan = () => planAudit(filter, before === null ? Number.MAX_SAFE_INTEGER : numberIn('aud', before));
    const rows = await this.#parts.walker.page<RowOf<AuditEntry>>(AUDIT_ENTRIES, plan, limit + 1, nextTurn);
    return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
  }

  auditEntriesById(ids: readonly string[], accounts: readonly string[] | null): Promise<Map<string, AuditEntry>> {
    const { sql, commits } = this.#parts;
    return commits.read(() => {
      const numbers = JSON.stringify(ids.map((id) => numberIn('aud', id)));
      const found = sql.auditByIds.all(numbers, accounts && JSON.stringify(accounts)) as RowOf<AuditEntry>[];
      return new Map(found.map((row) => [row.id, row]));
    });
  }
}

export const AUDIT_ENTRIES: KeyedRows = { table: 'audit', select: AUDIT, order: 'DESC' };
const BY_ACCOUNT: OrderedIndex = { from: 'audit INDEXED BY audit_by_account', column: 'account', key: 'pk' };

export function planAudit({ accounts, caller }: AuditFilter, before: number | null): Walk {
  return {
    source: accounts && { index: BY_ACCOUNT, values: [...new Set(accounts)] },
    conditions: caller === null ? [] : ['caller = :caller'],
    parameters: caller === null ? {} : { caller },
    ranges: before === null ? [] : [[before - 1, 0]],
  };
}
