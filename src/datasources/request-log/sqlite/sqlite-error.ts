import { GatewayError } from '../../../errors.ts';

export const SQLITE_ERROR = 1;
export const SQLITE_PERM = 3;
export const SQLITE_BUSY = 5;
export const SQLITE_LOCKED = 6;
export const SQLITE_READONLY = 8;
export const SQLITE_IOERR = 10;
export const SQLITE_CORRUPT = 11;
export const SQLITE_FULL = 13;
export const SQLITE_CANTOPEN = 14;
export const SQLITE_NOTADB = 26;
/** A write failed before anything was synced. SQLite does not say why: a quota, a file system that is read-only, the disk itself. */
export const SQLITE_IOERR_WRITE = 778;
export const SQLITE_IOERR_TRUNCATE = 1_546;
/** The index of the log, which readers share, cannot grow: there is no room for it. */
export const SQLITE_IOERR_SHMSIZE = 4_874;

/** SQLite's primary result code of an error; null when the error is not one of SQLite's. */
export function sqliteCodeOf(cause: unknown): number | null {
  const code = extendedCodeOf(cause);
  return code === null ? null : code & 0xff;
}

/** SQLite's whole result code, which tells what kind of I/O has failed. */
export function extendedCodeOf(cause: unknown): number | null {
  return cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) : null;
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** @param message says what to do. */
export function makeUnusableError(message: string, cause?: unknown): GatewayError {
  return new GatewayError('STORE_UNUSABLE', message, { cause });
}

/** Turns whatever prevented the use of an open store into an error that says what to do. */
export function describeUnusable(path: string, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  return makeUnusableError(
    `${path} is not a usable store (${reasonOf(cause)}). Restore a backup, or move the file away to start with an empty store.`,
    cause,
  );
}

/** True for a failure of the store itself. SQLite reports a value that does not open as SQLITE_ERROR. */
export function isOfStore(error: unknown): boolean {
  const code = sqliteCodeOf(error);
  return code !== null && code !== SQLITE_ERROR;
}
