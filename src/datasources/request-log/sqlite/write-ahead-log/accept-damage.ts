import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../../errors.ts';
import { markRestored } from '../recover.ts';
import { describeUnusable } from '../sqlite-error.ts';
import { StoreLock } from '../store-lock.ts';
import { judgeStoreFiles } from './check-store-files.ts';
import { removeLog } from './log-mark.ts';
import { syncedPath } from './synced-record.ts';

export interface AcceptedDamage {
  readonly path: string;
  /** Why the store was refused. */
  readonly fault: string;
  /** The log as it was found; null when there was none. */
  readonly kept: string | null;
}

/**
 * Makes a store that is refused for its log usable with what is whole. Some acknowledged callbacks may be lost, so it counts as a
 * restored backup. The log is kept under another name.
 *
 * @throws GatewayError BAD_USER_INPUT when there is nothing to accept; STORE_UNUSABLE when a gateway runs, or the main file is damaged.
 */
export function acceptDamage(path: string, at: number): AcceptedDamage {
  const found = judgeStoreFiles(path);
  if (!('sentence' in found))
    throw new GatewayError('BAD_USER_INPUT', `Nothing was changed: the gateway does not refuse the store ${path}.`);
  const { realPath, log, sentence } = found;
  const wal = `${realPath}-wal`;
  const kept = existsSync(wal) ? `${wal}.damaged-${new Date(at).toISOString().replaceAll(':', '')}` : null;
  using _lock = StoreLock.take(realPath);
  if (kept !== null && log === 'OTHER') renameSync(wal, kept);
  else if (kept !== null) copyFileSync(wal, kept);
  try {
    const db = new DatabaseSync(realPath, { timeout: 500 });
    try {
      db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
      markRestored(db);
      db.exec('COMMIT');
      removeLog(db);
    } finally {
      db.close();
    }
  } catch (cause) {
    throw describeUnusable(realPath, cause);
  }
  rmSync(syncedPath(realPath), { force: true });
  return { path: realPath, fault: sentence, kept };
}
