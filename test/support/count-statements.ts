import { StatementSync } from 'node:sqlite';
import { vi } from 'vitest';

/** Counts, from now on, the statements of this process that read rows by a list of keys. Gives back how many there were so far. */
export function countStatements(): () => number {
  const all = vi.spyOn(StatementSync.prototype, 'all');
  return () => all.mock.contexts.filter((each) => each instanceof StatementSync && each.sourceSQL.includes('json_each')).length;
}
