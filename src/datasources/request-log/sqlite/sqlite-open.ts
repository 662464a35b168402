import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../errors.ts';
import { describeUnusable, reasonOf, SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_NOTADB, sqliteCodeOf, makeUnusableError } from './sqlite-error.ts';
import { StoreLock } from './store-lock.ts';
import { checkStoreFiles, findRealPath, type StoreFiles } from './write-ahead-log/check-store-files.ts';
import { removeLog } from './write-ahead-log/log-mark.ts';

/** "M2MG": tells whoever finds the file which program wrote it. */
export const APPLICATION_ID = 0x4d324d47;
const MIGRATIONS = [
  '0001-sqlite.sql',
  '0002-sqlite.sql',
  '0003-sqlite.sql',
  '0004-sqlite.sql',
  '0005-sqlite.sql',
  '0006-sqlite.sql',
  '0007-sqlite.sql',
  '0008-sqlite.sql',
] as const;
export const SCHEMA_VERSION = MIGRATIONS.length;

export interface OpenDatabase {
  readonly db: DatabaseSync;
  /** Null for `:memory:`. */
  readonly files: StoreFiles | null;
  /** To be disposed of when the database is closed. Null for `:memory:`. */
  readonly lock: StoreLock | null;
}

/**
 * Opens (or makes) the store's file with the settings that the promises need, and verifies them: WAL, `synchronous=FULL`
 * (fsync before each commit returns), one process only.
 *
 * @throws GatewayError STORE_UNUSABLE with a sentence that says what to do.
 */
export function openSqlite(path: string): OpenDatabase {
  try {
    makeFolder(dirname(path));
  } catch (cause) {
    throw makeUnusableError(`Cannot make the store's folder ${dirname(path)}: ${reasonOf(cause)}. Make it, or give another path.`, cause);
  }
  let files: StoreFiles | null = null;
  using undo = new DisposableStack();
  let lock: StoreLock | null = null;
  let db: DatabaseSync;
  try {
    if (path !== ':memory:') {
      lock = undo.use(StoreLock.take(findRealPath(path)));
      files = checkStoreFiles(path);
    }
    db = undo.adopt(new DatabaseSync(path, { timeout: 500 }), (opened) => opened.close());
    if (lock) chmodSync(path, 0o600);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw makeUnusableError(`Cannot open the store ${path}: ${reasonOf(cause)}. The gateway must be able to write there.`, cause);
  }
  try {
    configure(db, path, files);
    verifySettings(db, path);
    migrate(db);
    undo.move();
    return { db, files, lock };
  } catch (cause) {
    throw describeUnusable(path, cause);
  }
}

/** Makes one level at a time. Node's `recursive` never ends below a folder in which nothing can be made (/proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function configure(db: DatabaseSync, path: string, files: StoreFiles | null): void {
  try {
    refuseForeign(db, path);
    if (files?.log === 'VOID') removeLog(db);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    db.exec('PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;');
    // Deleted and replaced values are overwritten with zeros, also when there is no key: a later reseal would not reach them.
    db.exec('PRAGMA secure_delete = ON');
    db.exec('BEGIN IMMEDIATE; COMMIT');
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    const code = sqliteCodeOf(cause);
    if (code === SQLITE_BUSY) throw makeUnusableError(`Another program is using the store ${path}. Close it, and start again.`, cause);
    if (code === SQLITE_NOTADB || code === SQLITE_CORRUPT) throw describeUnusable(path, cause);
    throw makeUnusableError(`Cannot write to the store ${path}: ${reasonOf(cause)}.`, cause);
  }
}

function verifySettings(db: DatabaseSync, path: string): void {
  const wanted = { journal_mode: path === ':memory:' ? 'memory' : 'wal', synchronous: 2, foreign_keys: 1 };
  for (const [name, value] of Object.entries(wanted)) {
    const found = readPragma(db, name);
    if (found !== value) {
      throw makeUnusableError(
        `The store ${path} runs with ${name} = ${String(found)}, not ${value}: nothing would be safe. Use a local disk, not a network share.`,
      );
    }
  }
}

/** Runs before anything is written, so the database of another program, or of a newer gateway, stays as it is. */
function refuseForeign(db: DatabaseSync, path: string): void {
  const owner = readPragma(db, 'application_id');
  const version = Number(readPragma(db, 'user_version'));
  const isEmpty = owner === 0 && version === 0 && db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
  if (owner !== APPLICATION_ID && !isEmpty)
    throw makeUnusableError(`${path} is a database of another program. Give the gateway a path of its own.`);
  if (version > SCHEMA_VERSION) {
    throw makeUnusableError(
      `The store ${path} has schema ${version}; this gateway knows up to ${SCHEMA_VERSION}. Run the newer gateway that wrote it, or restore an older backup.`,
    );
  }
}

function migrate(db: DatabaseSync): void {
  const version = Number(readPragma(db, 'user_version'));
  for (const [at, file] of MIGRATIONS.entries()) {
    if (at < version) continue;
    const sql = readFileSync(new URL(`./migrations/${file}`, import.meta.url), 'utf8');
    db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${at + 1}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT;`);
  }
}

export function readPragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}
