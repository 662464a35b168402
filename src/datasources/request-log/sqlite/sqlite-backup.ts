import { existsSync } from 'node:fs';
import { link, open, rename, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../../errors.ts';
import { markRestored } from './recover.ts';
import { reasonOf, SQLITE_BUSY, SQLITE_LOCKED, sqliteCodeOf } from './sqlite-error.ts';
import { readPragma } from './sqlite-open.ts';
import { LOG_MARK } from './write-ahead-log/log-mark.ts';

/**
 * Pages that another thread copies at once while the store waits: measured at 2 ms. It must be more than one commit writes (256
 * callbacks: 90 pages), or a store under full load would grow faster than it is copied.
 */
const PAGES_AT_ONCE = 256;

/**
 * After so many copied bytes they are flushed, beside the copying. SQLite flushes the rest in its last step, while the store waits:
 * with 800 MB to flush it waited for 370 ms.
 */
const FLUSHED_AFTER = 8 * 1_048_576;

export interface BackupSource {
  readonly db: DatabaseSync;
  /** About the size of the copy. */
  readonly bytes: number;
  readonly signal: AbortSignal;
}

/**
 * Copies the open database to a new file while it is in use. It writes `path.part`, which is renamed once it is complete and on
 * disk. Commits made meanwhile are in the copy up to its last step.
 */
export async function backupSqlite(source: BackupSource, path: string): Promise<void> {
  if (!isAbsolute(path)) throw describeRefusal(`${path} is not an absolute path.`);
  if (existsSync(path))
    throw describeRefusal(`${path} is there already: a backup goes to a new file. Give another name, or move that one away.`);
  const part = `${path}.part`;
  await checkRoom(source.bytes, path);
  const file = await create(part);
  try {
    await copy(source, part, file);
    mark(part);
    await file.sync();
    await file.close();
    await publish(part, path);
  } catch (cause) {
    await file.close().catch(() => undefined);
    for (const left of [part, `${part}-journal`, `${part}-wal`, `${part}-shm`]) await rm(left, { force: true });
    if (cause instanceof GatewayError) throw cause;
    throw describeFailure(path, cause);
  }
}

async function copy({ db, signal }: BackupSource, part: string, file: FileHandle): Promise<void> {
  const pageBytes = Number(readPragma(db, 'page_size'));
  const flush = { running: null as Promise<void> | null, upTo: 0 };
  let begun = false;
  const progress = ({ totalPages, remainingPages }: { totalPages: number; remainingPages: number }) => {
    signal.throwIfAborted();
    begun = true;
    const copied = (totalPages - remainingPages) * pageBytes;
    if (flush.running || copied - flush.upTo < FLUSHED_AFTER) return;
    flush.upTo = copied;
    // A flush that fails here fails again at the end, and is reported there.
    flush.running = file.datasync().then(
      () => void (flush.running = null),
      () => undefined,
    );
  };
  for (;;) {
    signal.throwIfAborted();
    try {
      await backup(db, part, { rate: PAGES_AT_ONCE, progress });
      break;
    } catch (error) {
      // When the first step meets an open transaction, Node takes that for the end of the backup. Nothing was copied.
      if (begun || !hasMetTransaction(error)) throw error;
      await delay(1);
    }
  }
  await flush.running;
}

/** Marks the copy. A gateway that opens it as a store begins a new epoch, and does not send again what was queued. */
function mark(part: string): void {
  const copied = new DatabaseSync(part);
  try {
    // Without a write-ahead log the copy is one file, which can be moved by itself.
    copied.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
    markRestored(copied);
    copied.prepare('DELETE FROM fact WHERE key = ?').run(LOG_MARK);
    copied.exec('COMMIT');
  } finally {
    copied.close();
  }
}

async function create(part: string): Promise<FileHandle> {
  try {
    return await open(part, 'wx', 0o600);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST')
      throw describeRefusal(`${part} is there: another backup is being written, or one was interrupted. Remove it if none is running.`);
    throw describeFailure(part, cause);
  }
}

/** Gives the copy its name, and never replaces a file that has appeared meanwhile. */
async function publish(part: string, path: string): Promise<void> {
  try {
    await link(part, path);
    await rm(part);
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'EEXIST') throw describeRefusal(`${path} has appeared while the backup was written. Give another name.`);
    // These codes come from a file system without hard links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw cause;
    await rename(part, path);
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A backup that fills the disk of the store would stop the gateway. */
async function checkRoom(bytes: number, path: string): Promise<void> {
  const folder = await statfs(dirname(path)).catch((cause: unknown) => {
    throw describeFailure(path, cause);
  });
  const free = folder.bavail * folder.bsize;
  if (free < bytes * 1.1)
    throw describeRefusal(
      `${dirname(path)} has ${formatMegabytes(free)} free, and the backup needs about ${formatMegabytes(bytes * 1.1)}. Choose another disk.`,
    );
}

function hasMetTransaction(error: unknown): boolean {
  const code = sqliteCodeOf(error);
  return code === 0 || code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

function describeRefusal(message: string): GatewayError {
  return new GatewayError('BAD_USER_INPUT', `No backup was made: ${message}`);
}

function describeFailure(path: string, cause: unknown): GatewayError {
  return new GatewayError('STORE_FAILED', `The backup ${path} could not be written: ${reasonOf(cause)}.`, { cause });
}

function formatMegabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}
