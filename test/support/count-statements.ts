import { StatementSync } from 'node:sqlite';

let count = 0;
const statements: object = StatementSync.prototype;
const all = Reflect.get(statements, 'all') as (this: StatementSync, ...parameters: unknown[]) => unknown;
Reflect.set(statements, 'all', function counted(this: StatementSync, ...parameters: unknown[]) {
  if (this.sourceSQL.includes('FROM json_each(')) count++;
  return all.apply(this, parameters);
});

/** How many statements of this process have read rows by a list of keys. */
export function countStatements(): number {
  return count;
}
