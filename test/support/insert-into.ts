import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

/** Gives back a function that inserts one row. Columns that it is not given are NULL. */
export function insertInto(db: DatabaseSync, table: string, columns: string) {
  const names = columns.split(', ');
  const statement = db.prepare(`INSERT INTO ${table} (${columns}) VALUES (${names.map(() => '?').join(', ')})`);
  return (row: Readonly<Record<string, SQLInputValue>>) => void statement.run(...names.map((name) => row[name] ?? null));
}
