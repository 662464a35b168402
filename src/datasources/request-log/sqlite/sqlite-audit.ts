import type { AuditEntry, AuditFilter, AuditRecord } from '../audit-trail.ts';
import { numberIn } from '../numbered-id.ts';
import type { Page } from '../stored-request.ts';
import type { RowOf } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

/** Runs inside a transaction, so an action and its record are on disk together. */
export function insertAudit(sql: Statements, records: readonly AuditRecord[], at: number): void {
  for (const { caller, action, account, devices, subject, outcome } of records) {
    sql.insertAudit.run(at, caller, action, account, devices, subject, outcome);
  }
}

export function readAudit(sql: Statements, { accounts, caller }: AuditFilter, before: string | null, limit: number): Page<AuditEntry> {
  const asked = { caller, before: before === null ? Number.MAX_SAFE_INTEGER : numberIn('aud', before), limit: limit + 1 };
  const found = accounts ? sql.auditPageOf.all({ ...asked, accounts: JSON.stringify(accounts) }) : sql.auditPage.all(asked);
  const rows = found as RowOf<AuditEntry>[];
  return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
}

export function readAuditById(sql: Statements, ids: readonly string[], accounts: readonly string[] | null): Map<string, AuditEntry> {
  const found = sql.auditByIds.all(JSON.stringify(ids.map((id) => numberIn('aud', id))), accounts && JSON.stringify(accounts));
  return new Map((found as RowOf<AuditEntry>[]).map((row) => [row.id, row]));
}
