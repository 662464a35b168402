import type { AuditRecord } from '../../src/datasources/request-log/audit-trail.ts';

/** What a command has done stays done, and the one who gave it is told that the audit log does not say so. */
export function tellUnrecorded(records: readonly AuditRecord[], error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  for (const { action, outcome } of records)
    process.stderr.write(`The audit log lacks this: ${action}, ${outcome}. It could not be written: ${why}\n`);
}
