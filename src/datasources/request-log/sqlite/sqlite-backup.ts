import { access, link, open, rename, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../../errors.ts';
import { EPOCH, RESTORED } from './recover.ts';

/**
 * Pages copied at once, by another thread; the store waits for it that long at most: measured at 2 ms. It must be more than
 * one commit writes (256 callbacks: 90 pages), or a store under full load would grow faster than it is copied.
 */
const PAGES_AT_ONCE = 256;

/**
 * Copied bytes after which they are flushed, beside the copying. SQLite flushes the rest in its last step while the store
 * waits: with 800 MB to flush it waited for 370 ms.
 */
const FLUSHED_AFTER = 8 * 1_048_576;

export interface BackupSource {
  readonly db: DatabaseSync;
  /** What the copy will have, about. */
  readonly bytes: number;
  readonly signal: AbortSignal;
}

/**
 * Copies the open database to a new file while it is in use: first to `path.part`, which is renamed once it is complete and
 * on disk. What is committed meanwhile is in the copy up to the moment of its last step.
 */
export async function backupSqlite(source: BackupSource, path: string): Promise<void> {
  if (!isAbsolute(path)) throw describeRefusal(`${path} is not an absolute path.`);
  if (await exists(path))
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
  const pageBytes = Number((db.prepare('PRAGMA page_size').get() as { page_size: number }).page_size);
  const flush = { running: null as Promise<void> | null, upTo: 0 };
  let begun = false;
  const progress = ({ totalPages, remainingPages }: { totalPages: number; remainingPages: number }) => {
    signal.throwIfAborted();
    begun = true;
    const copied = (totalPages - remainingPages) * pageBytes;
    if (flush.running || copied - flush.upTo < FLUSHED_AFTER) return;
    flush.upTo = copied;
    // What cannot be flushed now fails again at the end, where it is told.
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
      // Node takes a first step that meets an open transaction for the end of the backup. Nothing was copied.
      if (begun || !hasMetTransaction(error)) throw error;
      await delay(1);
    }
  }
  await flush.running;
}

/** In the copy alone: who opens it as a store begins a new epoch, and does not send again what was queued. */
function mark(part: string): void {
  const copied = new DatabaseSync(part);
  try {
    // One file without a companion, which can be moved by itself.
    copied.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
    copied.prepare('DELETE FROM fact WHERE key = ?').run(EPOCH);
    copied.prepare("INSERT OR REPLACE INTO fact (key, value) VALUES (?, 'yes')").run(RESTORED);
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

/** Never over a file that has come meanwhile. */
async function publish(part: string, path: string): Promise<void> {
  try {
    await link(part, path);
    await rm(part);
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'EEXIST') throw describeRefusal(`${path} has appeared while the backup was written. Give another name.`);
    // A file system without links.
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
      `${dirname(path)} has ${megabytes(free)} free, and the backup needs about ${megabytes(bytes * 1.1)}. Choose another disk.`,
    );
}

function hasMetTransaction(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : -1;
  return code === 0 || code === 5 || code === 6;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

function describeRefusal(message: string): GatewayError {
  return new GatewayError('BAD_USER_INPUT', `No backup was made: ${message}`);
}

function describeFailure(path: string, cause: unknown): GatewayError {
  return new GatewayError(
    'STORE_FAILED',
    `The backup ${path} could not be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
    {
      cause,
    },
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}
