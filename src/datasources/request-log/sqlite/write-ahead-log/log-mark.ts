import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/**
 * Fact: this database has a write-ahead log beside it. Its value is the first salt of the log when everything before was moved into
 * the main file. The next frame of the log takes it away. So it is in the main file while there are later writes in a log, and it is
 * gone once they have been moved too.
 */
export const LOG_MARK = 'write-ahead-log';

/** A value that names no log yet. */
export const NO_LOG = 'none';

/** What the main file alone says, without its log. 'UNKNOWN' where it cannot be read: a crash may leave it half written. */
export function readMark(path: string): number | null | 'UNKNOWN' {
  const url = pathToFileURL(path);
  // SQLite reads nothing but this file then, and takes no lock.
  url.searchParams.set('immutable', '1');
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(url, { readOnly: true });
    const isOurs = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'fact'").get() !== undefined;
    const row = isOurs ? db.prepare('SELECT value FROM fact WHERE key = ?').get(LOG_MARK) : undefined;
    return row === undefined || row['value'] === NO_LOG ? null : Number(row['value']);
  } catch {
    return 'UNKNOWN';
  } finally {
    db?.close();
  }
}

/** Makes the database one file, without a log and without a mark. The caller has the only connection. */
export function removeLog(db: DatabaseSync): void {
  db.exec(`BEGIN IMMEDIATE; DELETE FROM fact WHERE key = '${LOG_MARK}'; COMMIT`);
  db.exec('PRAGMA journal_mode = DELETE');
}
