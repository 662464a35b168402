import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../errors.ts';
import { refuseStrayWal } from './refuse-stray-wal.ts';

/** "M2MG": says whose file this is to whoever finds it. */
export const APPLICATION_ID = 0x4d324d47;
const MIGRATIONS = ['0001-sqlite.sql', '0002-sqlite.sql', '0003-sqlite.sql'] as const;
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Opens (or makes) the store's file with every setting the promises rest on, and verifies them: WAL, `synchronous=FULL`
 * (fsync before each commit returns), one process only.
 *
 * @throws GatewayError STORE_UNUSABLE with a sentence that says what to do.
 */
export function openSqlite(path: string): DatabaseSync {
  try {
    makeFolder(dirname(path));
  } catch (cause) {
    throw new GatewayError(
      'STORE_UNUSABLE',
      `Cannot make the store's folder ${dirname(path)}: ${reasonOf(cause)}. Make it, or give another path.`,
      { cause },
    );
  }
  let db: DatabaseSync;
  try {
    refuseStrayWal(path);
    db = new DatabaseSync(path, { timeout: 500 });
    if (path !== ':memory:') chmodSync(path, 0o600);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError(
      'STORE_UNUSABLE',
      `Cannot open the store ${path}: ${reasonOf(cause)}. The gateway must be able to write there.`,
      {
        cause,
      },
    );
  }
  try {
    prepare(db, path);
    return db;
  } catch (cause) {
    db.close();
    throw describeUnusable(path, cause);
  }
}

/** What stood in the way of using an open store, as a sentence that says what to do. */
export function describeUnusable(path: string, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  return new GatewayError(
    'STORE_UNUSABLE',
    `${path} is not a usable store (${reasonOf(cause)}). Restore a backup, or move the file away to start with an empty store.`,
    { cause },
  );
}

/** One level at a time: where nothing can be made below a folder that is there (/proc), Node's `recursive` never ends. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function prepare(db: DatabaseSync, path: string): void {
  try {
    // Exclusive: the lock is held for the life of the process (and freed by its death), so a second one is refused.
    db.exec('PRAGMA locking_mode = EXCLUSIVE;');
    refuseForeign(db, path);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    db.exec('PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;');
    // What is deleted or replaced is overwritten with zeros, without a key too: a reseal would not reach what lay there before.
    db.exec('PRAGMA secure_delete = ON');
    db.exec('BEGIN IMMEDIATE; COMMIT');
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    const code = sqliteCodeOf(cause);
    if (code === 5) {
      throw new GatewayError(
        'STORE_UNUSABLE',
        `Another process has the store ${path} open. Only one gateway can use it: stop the other one, or give this one its own path. (A command reaches a running gateway by M2M_ADMIN_HOST and M2M_ADMIN_PORT.)`,
        { cause },
      );
    }
    if (code === 26 || code === 11) throw describeUnusable(path, cause);
    throw new GatewayError('STORE_UNUSABLE', `Cannot write to the store ${path}: ${reasonOf(cause)}.`, { cause });
  }
  verify(db, path);
  migrate(db);
}

function verify(db: DatabaseSync, path: string): void {
  const wanted = { journal_mode: path === ':memory:' ? 'memory' : 'wal', synchronous: 2, foreign_keys: 1 };
  for (const [name, value] of Object.entries(wanted)) {
    const found = pragma(db, name);
    if (found !== value) {
      throw new GatewayError(
        'STORE_UNUSABLE',
        `The store ${path} runs with ${name} = ${String(found)}, not ${value}: nothing would be safe. Use a local disk, not a network share.`,
      );
    }
  }
}

/** Before anything is written: the database of another program, or of a newer gateway, stays as it is. */
function refuseForeign(db: DatabaseSync, path: string): void {
  const owner = pragma(db, 'application_id');
  const version = Number(pragma(db, 'user_version'));
  const empty = owner === 0 && version === 0 && db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
  if (owner !== APPLICATION_ID && !empty)
    throw new GatewayError('STORE_UNUSABLE', `${path} is a database of another program. Give the gateway a path of its own.`);
  if (version > SCHEMA_VERSION) {
    throw new GatewayError(
      'STORE_UNUSABLE',
      `The store ${path} has schema ${version}; this gateway knows up to ${SCHEMA_VERSION}. Run the newer gateway that wrote it, or restore an older backup.`,
    );
  }
}

function migrate(db: DatabaseSync): void {
  const version = Number(pragma(db, 'user_version'));
  for (const [at, file] of MIGRATIONS.entries()) {
    if (at < version) continue;
    const sql = readFileSync(new URL(`./migrations/${file}`, import.meta.url), 'utf8');
    db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${at + 1}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT;`);
  }
}

function pragma(db: DatabaseSync, name: string): unknown {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return row ? Object.values(row)[0] : undefined;
}

export function sqliteCodeOf(cause: unknown): number {
  return typeof cause === 'object' && cause !== null && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0;
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
