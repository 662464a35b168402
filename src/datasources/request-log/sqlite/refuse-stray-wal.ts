import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { GatewayError } from '../../../errors.ts';

/** The header's "file format write version": 1 for a database without a write-ahead log, 2 for one with. */
const WRITE_VERSION_AT = 18;
const WITHOUT_WAL = 1;

/**
 * SQLite replays whatever log lies beside a database, also that of another one: a backup restored beside the log of the
 * store it replaces would be destroyed, and the log of a store that was moved away by itself would be deleted. A backup is
 * written without a log, so what lies beside it cannot be its own.
 *
 * @throws GatewayError STORE_UNUSABLE
 */
export function refuseStrayWal(path: string): void {
  const wal = `${path}-wal`;
  if (path === ':memory:' || !statSync(wal, { throwIfNoEntry: false })?.size) return;
  if (!statSync(path, { throwIfNoEntry: false })?.size) {
    throw new GatewayError(
      'STORE_UNUSABLE',
      `${wal} holds the last writes of a store that is no longer at ${path}. Put the two together again, or move this one to where the store is now.`,
    );
  }
  if (writeVersion(path) !== WITHOUT_WAL) return;
  throw new GatewayError(
    'STORE_UNUSABLE',
    `${path} is a restored backup, and ${wal} belongs to the store that was there before: together they would be damaged. Move ${wal} away, to the store it belongs to.`,
  );
}

function writeVersion(path: string): number | undefined {
  const file = openSync(path, 'r');
  try {
    const header = new Uint8Array(WRITE_VERSION_AT + 1);
    readSync(file, header, 0, header.length, 0);
    return header[WRITE_VERSION_AT];
  } finally {
    closeSync(file);
  }
}
