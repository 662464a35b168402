import type { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../../errors.ts';
import { megabytes, roomBeside } from '../disk-room.ts';
import { errcode, reason } from '../sqlite-open.ts';

/** Up to this size the copy that the file is written anew from is made in memory: SQLite may find no folder for it, or no room there. */
const COPIED_IN_MEMORY_BYTES = 64 * 1_048_576;

/** What a reseal leaves to callbacks: sealed rows take up to half as much room again, and the write-ahead log grows to 16 MB. */
const LEFT_FREE_BYTES = 32 * 1_048_576;

const SQLITE_FULL = 13;

/** @throws GatewayError STORE_FAILED where a step more could fill the disk that callbacks are stored on. */
export function roomToReseal(path: string): void {
  const { folder, freeBytes } = roomBeside(path);
  if (freeBytes >= LEFT_FREE_BYTES) return;
  throw new GatewayError(
    'STORE_FAILED',
    `The reseal has stopped: ${folder} has only ${megabytes(freeBytes)} free, which callbacks need. Make room, and reseal again: it goes on from where it is.`,
  );
}

/**
 * Whether the disk of the store has room for as much again: all of it goes through the write-ahead log. Found out before,
 * because a try would fill the disk that callbacks are stored on.
 *
 * @param bytes of the file, without its gaps.
 * @throws GatewayError STORE_FAILED when it has not.
 */
export function roomToRewrite(path: string, bytes: number): void {
  const { folder, freeBytes } = roomBeside(path);
  if (freeBytes < bytes * 1.1) throw notRewritten(`${folder} has ${megabytes(freeBytes)} free, and ${megabytes(bytes * 1.1)} are needed`);
}

/**
 * Writes the whole file anew; holds everything up meanwhile.
 *
 * @param bytes of the file, without its gaps.
 * @throws GatewayError STORE_FAILED when that was not possible and the file is as it was.
 */
export function rewriteSqlite(db: DatabaseSync, bytes: number): void {
  const copiesToDisk = bytes > COPIED_IN_MEMORY_BYTES;
  try {
    db.exec(copiesToDisk ? 'PRAGMA temp_store = FILE; VACUUM' : 'VACUUM');
  } catch (cause) {
    // With a copy on disk it says I/O error also where there is no folder for temporary files.
    if (!copiesToDisk && errcode(cause) !== SQLITE_FULL) throw cause;
    const where = copiesToDisk ? '; as much room is needed in the folder for temporary files (SQLITE_TMPDIR, or /var/tmp)' : '';
    throw notRewritten(`${reason(cause)}${where}`);
  } finally {
    db.exec('PRAGMA temp_store = MEMORY');
  }
}

function notRewritten(why: string): GatewayError {
  return new GatewayError(
    'STORE_FAILED',
    `Every row is sealed with the current key, but the store's file was not written anew (${why}): its gaps may hold pieces of what was there before. Make room, and reseal again.`,
  );
}
