import { openSqlite } from '../src/datasources/request-log/sqlite/sqlite-open.ts';

/** Makes the file of a store, with its tables and no rows, and leaves it to others. */
export function makeEmptyStore(path: string): void {
  const { db, lock } = openSqlite(path);
  db.close();
  lock?.[Symbol.dispose]();
}
