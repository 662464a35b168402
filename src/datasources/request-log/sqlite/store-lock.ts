import { chmodSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { makeUnusableError, reasonOf, SQLITE_BUSY, sqliteCodeOf } from './sqlite-error.ts';

/**
 * The right of one process to use a store. It is the lock on an empty file beside the store, which stays there: the lock on the store
 * itself must let the reader of this process in. It ends with the process, however that ends.
 */
export class StoreLock implements Disposable {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * @param realPath the store's file, without symbolic links.
   * @throws GatewayError STORE_UNUSABLE when another process has it.
   */
  static take(realPath: string): StoreLock {
    const path = lockPath(realPath);
    let db: DatabaseSync | null = null;
    try {
      db = new DatabaseSync(path, { timeout: 500 });
      chmodSync(path, 0o600);
      db.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
      return new StoreLock(db);
    } catch (cause) {
      db?.close();
      if (sqliteCodeOf(cause) !== SQLITE_BUSY)
        throw makeUnusableError(`Cannot open the store ${realPath}: ${reasonOf(cause)}. The gateway must be able to write there.`, cause);
      throw makeUnusableError(
        `Another process has the store ${realPath} open. Only one gateway can use it: stop the other one, or give this one its own path. (A command reaches a running gateway by M2M_ADMIN_HOST and M2M_ADMIN_PORT.)`,
        cause,
      );
    }
  }

  [Symbol.dispose](): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

/** @throws GatewayError STORE_UNUSABLE while another process has the store. */
export function refuseInUse(realPath: string): void {
  // A copy has no lock, and needs none.
  if (statSync(lockPath(realPath), { throwIfNoEntry: false })) StoreLock.take(realPath)[Symbol.dispose]();
}

function lockPath(realPath: string): string {
  return `${realPath}-lock`;
}
