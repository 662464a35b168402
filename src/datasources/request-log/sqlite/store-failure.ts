import { GatewayError } from '../../../errors.ts';
import * as sqlite from './sqlite-error.ts';

export interface StoreFailure {
  /** Nothing may be acknowledged any more. Otherwise the store goes on by itself once the disk can be written again. */
  readonly fatal: boolean;
  readonly error: GatewayError;
}

const FULL = 'The disk is full: nothing was stored. Free some space; the gateway goes on by itself.';
const UNWRITABLE =
  'The store cannot be written: nothing was stored. Its file system is read-only, over a quota or failing, or the gateway may not write there. Look after it; the gateway goes on by itself.';
const FAILED =
  'The store failed (I/O error or damaged file): the gateway stops acknowledging. Check the disk; restart, or restore a backup where the file is damaged.';

/** What this process knows of the store may not be so any more. A restart reads it anew. */
export const STRANGER = new GatewayError(
  'STORE_FAILED',
  'Another program has written to the store while the gateway had it open: the gateway ends. Restart it, and verify the store (npm run store -- verify).',
);

/**
 * What an error of SQLite, or of the files beside the database, means for the store. Null for an error that is not the store's own (a
 * bug in a job, a broken constraint).
 *
 * A write that fails leaves nothing behind: its transaction is undone, and the next one writes to the same place. A sync that fails
 * is the end. The system forgets what it could not write, and the next sync would succeed without it.
 */
export function storeFailureOf(cause: unknown): StoreFailure | null {
  if (cause === STRANGER) return { fatal: true, error: STRANGER };
  const message = MESSAGE_OF_CODE.get(sqlite.extendedCodeOf(cause) ?? 0) ?? MESSAGE_OF_CODE.get(sqlite.sqliteCodeOf(cause) ?? 0);
  const told = message ?? messageOfFile(cause);
  return told === null ? null : { fatal: told === FAILED, error: new GatewayError('STORE_FAILED', told, { cause }) };
}

const MESSAGE_OF_CODE: ReadonlyMap<number, string> = new Map([
  [sqlite.SQLITE_FULL, FULL],
  [sqlite.SQLITE_IOERR_SHMSIZE, FULL],
  [sqlite.SQLITE_IOERR_WRITE, UNWRITABLE],
  [sqlite.SQLITE_IOERR_TRUNCATE, UNWRITABLE],
  [sqlite.SQLITE_READONLY, UNWRITABLE],
  [sqlite.SQLITE_CANTOPEN, UNWRITABLE],
  [sqlite.SQLITE_PERM, UNWRITABLE],
  [sqlite.SQLITE_IOERR, FAILED],
  [sqlite.SQLITE_CORRUPT, FAILED],
  [sqlite.SQLITE_NOTADB, FAILED],
]);

/** An error of Node's own: of the record beside the log. */
function messageOfFile(cause: unknown): string | null {
  if (!(cause instanceof Error && 'syscall' in cause && 'code' in cause)) return null;
  if (cause.code === 'ENOSPC') return FULL;
  return cause.syscall === 'write' ? UNWRITABLE : FAILED;
}
