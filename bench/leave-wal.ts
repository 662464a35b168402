import { DatabaseSync } from 'node:sqlite';
import { statSync } from 'node:fs';

/**
 * Writes into the store until its log has this many bytes, and kills itself. A gateway leaves such a log only if something
 * prevented checkpoints for long. SQLite reads all of it at the next start.
 */
const [path = '', bytes = '0'] = process.argv.slice(2);
const db = new DatabaseSync(path);
db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0');
const insert = db.prepare(`INSERT INTO unclaimed (account, service, received_at, digest, message) WITH RECURSIVE row (n) AS
  (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < 1000) SELECT 'bench', 'DeviceUsage', 0, randomblob(16), hex(randomblob(400)) FROM row`);
while ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) < Number(bytes)) insert.run();
process.kill(process.pid, 'SIGKILL');
