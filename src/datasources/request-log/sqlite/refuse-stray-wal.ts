import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { makeUnusableError } from './sqlite-error.ts';

/** The "file format write version" in the header of the file: 1 for a database without a write-ahead log, 2 for one with it. */
const WRITE_VERSION_AT = 18;
const WITHOUT_WAL = 1;

/**
 * SQLite replays any write-ahead log that lies beside a database, also the log of another database. It would destroy a backup
 * that is restored beside the log of the store it replaces. It would delete the log of a store whose file was moved away alone.
 * A backup is written without a log, so a log that lies beside it belongs to another store.
 *
 * @throws GatewayError STORE_UNUSABLE
 */
export function refuseStrayWal(path: string): void {
  const wal = `${path}-wal`;
  if (path === ':memory:' || !statSync(wal, { throwIfNoEntry: false })?.size) return;
  if (!statSync(path, { throwIfNoEntry: false })?.size) {
    throw makeUnusableError(
      `${wal} holds the last writes of a store that is no longer at ${path}. Put the two together again, or move this one to where the store is now.`,
    );
  }
  if (readWriteVersion(path) !== WITHOUT_WAL) return;
  throw makeUnusableError(
    `${path} is a restored backup, and ${wal} belongs to the store that was there before: together they would be damaged. Move ${wal} away, to the store it belongs to.`,
  );
}

function readWriteVersion(path: string): number | undefined {
  const file = openSync(path, 'r');
  try {
    const header = new Uint8Array(WRITE_VERSION_AT + 1);
    readSync(file, header, 0, header.length, 0);
    return header[WRITE_VERSION_AT];
  } finally {
    closeSync(file);
  }
}
