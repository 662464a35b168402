import type { AuditEntry, AuditFilter, AuditRecord } from '../audit-trail.ts';
import { numberIn } from '../numbered-id.ts';
import type { NextTurn, Page } from '../stored-request.ts';
import type { RowOf } from './sqlite-rows.ts';
import { AUDIT, type Statements } from './sqlite-statements.ts';
import type { KeyedRows, KeyWalker, OrderedIndex, Walk } from './walk-keys.ts';

/** Runs inside a transaction, so an action and its record are on disk together. */
export function insertAudit(sql: Statements, records: readonly AuditRecord[], at: number): void {
  for (const { caller, action, account, devices, subject, outcome } of records) {
    sql.insertAudit.run(at, caller, action, account, devices, subject, outcome);
  }
}

/** A page, newest first. */
export async function readAudit(
  walker: KeyWalker,
  { filter, before, limit, nextTurn }: { filter: AuditFilter; before: string | null; limit: number; nextTurn: NextTurn | undefined },
): Promise<Page<AuditEntry>> {
  const plan = () => planAudit(filter, before === null ? Number.MAX_SAFE_INTEGER : numberIn('aud', before));
  const rows = await walker.page<RowOf<AuditEntry>>(AUDIT_ENTRIES, plan, limit + 1, nextTurn);
  return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
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

export function readAuditById(sql: Statements, ids: readonly string[], accounts: readonly string[] | null): Map<string, AuditEntry> {
  const found = sql.auditByIds.all(JSON.stringify(ids.map((id) => numberIn('aud', id))), accounts && JSON.stringify(accounts));
  return new Map((found as RowOf<AuditEntry>[]).map((row) => [row.id, row]));
}
