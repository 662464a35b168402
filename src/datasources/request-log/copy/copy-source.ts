import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Hub } from '../hub.ts';
import { markRestored } from '../sqlite/recover.ts';
import { openSqliteStore } from '../sqlite/open-sqlite-store.ts';
import { readPragma } from '../sqlite/sqlite-open.ts';
import { makeUnusableError } from '../sqlite/sqlite-error.ts';
import { StoreLock } from '../sqlite/store-lock.ts';
import { verifySqlite } from '../sqlite/verify/sqlite-verify.ts';
import { findRealPath } from '../sqlite/write-ahead-log/check-store-files.ts';
import { isStorable } from './copied-tables.ts';

/** A SQLite store that is being copied: nobody else can open it, and nothing in it changes. */
export interface CopySource extends Disposable {
  readonly db: DatabaseSync;
  /** Null for a store that was copied to its end, or a backup. */
  readonly epoch: string | null;
  /** Another one when a gateway has used the store. */
  readonly stamp: string;
  /** Whoever opens the store from now on does so like a restored backup: it does not send what is queued in the copy too. */
  giveUp(): void;
}

/**
 * Brings a store into the shape that can be copied: requests of earlier versions are taken over, and purges are ended. Then it is verified
 * from end to end: a value that does not open could not be sealed for its new place.
 *
 * @throws GatewayError STORE_UNUSABLE when it has a fault.
 */
export async function prepareSource(path: string, keys: readonly Uint8Array[], now: () => number): Promise<void> {
  requireStore(path);
  {
    const onFatal = (error: Error) => {
      throw error;
    };
    await using store = openSqliteStore({ path, keys, hub: new Hub({ tickMs: () => 0 }), now, onFatal });
    while (await store.upkeep.takeOver());
    while (!(await store.upkeep.purgeStep(0)).done);
  }
  const { faults, totalFaults } = verifySqlite(path, keys);
  if (totalFaults > 0)
    throw makeUnusableError(
      `Nothing was copied: the store ${path} has ${totalFaults} faults. The first: ${faults[0]} \`npm run store -- verify\` (without M2M_STORE_URL) names all. Restore a backup that verifies well, and copy that.`,
    );
}

export function openSource(path: string): CopySource {
  requireStore(path);
  using undo = new DisposableStack();
  undo.use(StoreLock.take(findRealPath(path)));
  const db = undo.adopt(new DatabaseSync(path, { readOnly: true }), (opened) => opened.close());
  if (readPragma(db, 'journal_mode') !== 'delete')
    throw makeUnusableError(
      `The store ${path} was not closed cleanly since its copy began. Empty the database of M2M_STORE_URL, and copy again.`,
    );
  db.function('is_storable', { directOnly: true, deterministic: true }, (key) => (isStorable(String(key)) ? 1 : 0));
  const facts = db.prepare('SELECT key, value FROM fact ORDER BY key').all() as { key: string; value: string }[];
  const opened = undo.move();
  return {
    db,
    epoch: facts.find(({ key }) => key === 'epoch')?.value ?? null,
    // The mark of the clock changes with every start of a gateway, and the numbers with what it does.
    stamp: createHash('sha256')
      .update(JSON.stringify([facts, ...NUMBERS.map((sql) => db.prepare(sql).all())]))
      .digest('hex'),
    giveUp: () => {
      const writable = new DatabaseSync(path);
      try {
        writable.exec('PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
        markRestored(writable);
        writable.exec('COMMIT');
      } finally {
        writable.close();
      }
    },
    [Symbol.dispose]: () => opened.dispose(),
  };
}

function requireStore(path: string): void {
  if (!existsSync(path)) throw makeUnusableError(`There is no store at ${path}. Check M2M_STORE_PATH: it names the store that is copied.`);
}

const NUMBERS = [
  'SELECT name, seq FROM sqlite_sequence ORDER BY name',
  'SELECT max(pk) AS pk FROM event',
  'SELECT count(*) AS rows, max(pk) AS pk, max(updated_at) AS at FROM request',
  'SELECT max(pk) AS pk FROM forward',
];
