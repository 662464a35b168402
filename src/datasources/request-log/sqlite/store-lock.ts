import { accessSync, chmodSync, chownSync, constants, statSync } from 'node:fs';
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
    const store = statSync(realPath, { throwIfNoEntry: false });
    if (store?.isFile() && store.nlink > 1)
      throw makeUnusableError(
        `The store ${realPath} has ${store.nlink} names (hard links): a process that opened it by another name would write to it too. Remove the other names, or copy the file.`,
      );
    let db: DatabaseSync | null = null;
    try {
      db = new DatabaseSync(path, { timeout: 500 });
      chmodSync(path, 0o600);
      // A command of the superuser must not keep the gateway out.
      if (store && process.getuid?.() === 0) chownSync(path, store.uid, store.gid);
      db.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
      return new StoreLock(db);
    } catch (cause) {
      db?.close();
      if (sqliteCodeOf(cause) !== SQLITE_BUSY)
        throw makeUnusableError(
          `Cannot open the store ${realPath}: ${path}: ${reasonOf(cause)}. The gateway must be able to write there.`,
          cause,
        );
      throw makeUnusableError(
        `Another process has the store ${realPath} open. Only one gateway can use it: stop the other one, or give this one its own path. (A command reaches a running gateway by M2M_ADMIN_HOST and M2M_ADMIN_PORT.)`,
        cause,
      );
    }
  }

  /**
   * The right to read a store that may be in use. A copy has no lock, and needs none; nor does what nobody can write to.
   *
   * @throws GatewayError STORE_UNUSABLE when another process has it.
   */
  static takeOfUsed(realPath: string): StoreLock | null {
    try {
      accessSync(lockPath(realPath), constants.W_OK);
    } catch {
      return null;
    }
    return StoreLock.take(realPath);
  }

  [Symbol.dispose](): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

function lockPath(realPath: string): string {
  return `${realPath}-lock`;
}
