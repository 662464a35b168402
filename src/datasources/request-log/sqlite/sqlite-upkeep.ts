import { statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GatewayError } from '../../../errors.ts';
import type { ForwardQueue } from '../forward-queue.ts';
import type { Hub } from '../hub.ts';
import type { Facts } from '../store.ts';
import type { DiskRoom } from './disk-room.ts';
import type { GroupCommit } from './group-commit.ts';
import { indexIdentifiers } from './index-identifiers.ts';
import { backupSqlite } from './sqlite-backup.ts';
import { readHeld } from './read-counts.ts';
import { readPragma } from './sqlite-open.ts';
import { purgeStep, SMALL_STEP } from './sqlite-purge.ts';
import type { RequestWork } from './request-work.ts';
import type { SqliteReseal } from './sealing/sqlite-reseal.ts';
import { readFact, type Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';
import type { LogKeeper } from './write-ahead-log/log-keeper.ts';
import type { BackupReport, DiskState, PurgeReport, PurgeStep, ResealStep, StoreSizes, StoreStats, StoreUpkeep } from '../store-upkeep.ts';

interface Parts {
  readonly db: DatabaseSync;
  readonly sql: Statements;
  readonly writer: SqliteWriter;
  readonly commits: GroupCommit;
  readonly facts: Facts;
  readonly work: RequestWork;
  readonly reseal: SqliteReseal;
  readonly forwards: ForwardQueue;
  readonly disk: DiskRoom;
  readonly hub: Hub;
  /** Null for `:memory:`. */
  readonly keeper: LogKeeper | null;
  readonly path: string;
  readonly epoch: string;
  readonly now: () => number;
}

const LAST_PURGE = 'last-purge';
const LAST_BACKUP = 'last-backup';

/** Requests counted in one turn of the event loop: about a millisecond. */
const COUNTED_AT_ONCE = 5_000;

/** Purging, resealing, backups and statistics of the SQLite store while it is in use. */
export class SqliteUpkeep implements StoreUpkeep {
  readonly #parts: Parts;
  readonly #stop = new AbortController();
  #backup: Promise<unknown> | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async purgeStep(before: number): Promise<PurgeStep> {
    const { sql, writer, commits, hub, disk } = this.#parts;
    disk.sample();
    const isLow = disk.isLow;
    if (isLow) {
      disk.release();
      await this.emptyWal();
    }
    const { hidden, ...step } = await commits.run(() => purgeStep(sql, writer, before, isLow ? SMALL_STEP : undefined));
    if (isLow) await this.emptyWal();
    disk.sample();
    // The followers read once more, and find that their Request is gone.
    for (const id of hidden) hub.wake(id);
    return step;
  }

  notePurge(report: PurgeReport): Promise<void> {
    return this.#note(LAST_PURGE, { ...report, at: this.#parts.now() });
  }

  async backup(path: string, { isKept = true } = {}): Promise<BackupReport> {
    if (this.#backup)
      throw new GatewayError('BAD_USER_INPUT', 'No backup was made: another one is being written. Try again when it is done.');
    const started = performance.now();
    const { db } = this.#parts;
    const bytes = this.#bytesOf('page_count');
    try {
      await (this.#backup = backupSqlite({ db, bytes, signal: this.#stop.signal }, path));
    } finally {
      this.#backup = null;
    }
    if (isKept) await this.#note(LAST_BACKUP, { at: this.#parts.now() });
    return { path, bytes: statSync(path).size, durationMs: Math.round(performance.now() - started) };
  }

  async resealStep(): Promise<ResealStep> {
    const { commits, reseal, path } = this.#parts;
    const { keyId } = reseal;
    if (keyId === null) {
      throw new GatewayError(
        'BAD_USER_INPUT',
        'Nothing was resealed: the gateway has no key to do it with. Set M2M_STORE_KEYS (or M2M_STORE_KEYS_FILE) and restart it.',
      );
    }
    requireRoomForReseal(path);
    const step = await commits.run(() => reseal.step(keyId));
    // The write-ahead log still holds the rows as they were before. `read` runs outside any transaction.
    return step.done && !(await this.emptyWal()) ? { ...step, done: false } : step;
  }

  disk(): Promise<DiskState> {
    return Promise.resolve(this.#parts.disk.state);
  }

  indexIdentifiers(): Promise<boolean> {
    const { sql, writer, commits } = this.#parts;
    return commits.run(() => indexIdentifiers(sql, writer.changes.devices));
  }

  takeOver(): Promise<boolean> {
    return this.#parts.work.takeOver();
  }

  sizes(): Promise<StoreSizes> {
    const { path } = this.#parts;
    return Promise.resolve({ fileBytes: sizeOf(path), walBytes: sizeOf(`${path}-wal`) });
  }

  async stats(): Promise<StoreStats> {
    const { db, sql, path, epoch, reseal, forwards } = this.#parts;
    const counted = await this.#countRequests();
    const one = (text: string) => Object.values(db.prepare(text).get() ?? {})[0] as number;
    const oldest = db.prepare("SELECT created_at AS at FROM request WHERE account <> '' ORDER BY pk LIMIT 1").get();
    return {
      ...(await this.sizes()),
      path: resolve(path),
      isDatabase: false,
      epoch,
      schemaVersion: one('PRAGMA user_version'),
      freeBytes: this.#bytesOf('freelist_count'),
      ...counted,
      oldestRequestAt: (oldest as { at: number } | undefined)?.at ?? null,
      approximateEvents: one('SELECT coalesce((SELECT max(pk) FROM event) - (SELECT min(pk) FROM event) + 1, 0)'),
      unclaimed: readHeld(sql).unclaimed,
      kept: one('SELECT count(*) FROM kept_message'),
      forwardBacklog: (await forwards.forwardBacklog()).rows,
      lastPurge: this.#fact<StoreStats['lastPurge']>(LAST_PURGE),
      lastBackupAt: this.#fact<{ at: number }>(LAST_BACKUP)?.at ?? null,
      sealedWith: reseal.keyId,
      olderKeys: reseal.olderKeyIds,
    };
  }

  lastTimes() {
    const purge = this.#fact<{ at: number }>(LAST_PURGE);
    const backup = this.#fact<{ at: number }>(LAST_BACKUP);
    return Promise.resolve({ purgeAt: purge?.at ?? null, backupAt: backup?.at ?? null });
  }

  /** Abandons a backup that is being written, and waits until it has closed its files. */
  async abandonBackup(): Promise<void> {
    this.#stop.abort(new GatewayError('SHUTTING_DOWN', 'No backup was made: the store is being closed.'));
    await this.#backup?.catch(() => undefined);
  }

  /** Moves everything into the file, and gives the room of the write-ahead log back to the disk. See `LogKeeper.empty`. */
  emptyWal(): Promise<boolean> {
    const { commits, keeper } = this.#parts;
    return commits.read(() => keeper?.empty() ?? true);
  }

  /** Counts in parts, because a table of a million Requests takes a second. */
  async #countRequests(): Promise<Pick<StoreStats, 'requestsByStatus' | 'purging'>> {
    const part = this.#parts.db.prepare(`SELECT account = '' AS hidden, status, count(*) AS rows, max(pk) AS last FROM
      (SELECT pk, account, status FROM request WHERE pk > ? ORDER BY pk LIMIT ${COUNTED_AT_ONCE}) GROUP BY hidden, status`);
    const requestsByStatus: Record<string, number> = {};
    let purging = 0;
    for (let after = 0; ;) {
      const rows = part.all(after) as { hidden: number; status: string; rows: number; last: number }[];
      if (rows.length === 0) return { requestsByStatus, purging };
      for (const { hidden, status, rows: found, last } of rows) {
        if (hidden) purging += found;
        else requestsByStatus[status] = (requestsByStatus[status] ?? 0) + found;
        after = Math.max(after, last);
      }
      await nextTurn();
    }
  }

  #bytesOf(counter: 'page_count' | 'freelist_count'): number {
    const { db } = this.#parts;
    return Number(readPragma(db, counter)) * Number(readPragma(db, 'page_size'));
  }

  #note(key: string, value: object): Promise<void> {
    return this.#parts.facts.remember(key, JSON.stringify(value));
  }

  #fact<Value>(key: string): Value | null {
    return JSON.parse(readFact(this.#parts.sql, key) ?? 'null') as Value | null;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The room that a reseal leaves to callbacks. Sealed rows take up to half as much room again, and the write-ahead log grows to 16 MB. */
const LEFT_FREE_BYTES = 32 * 1_048_576;

/** @throws GatewayError STORE_FAILED when one more step could fill the disk on which callbacks are stored. Measured at 1 µs. */
function requireRoomForReseal(path: string): void {
  if (path === ':memory:') return;
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize >= LEFT_FREE_BYTES) return;
  throw new GatewayError(
    'STORE_FAILED',
    `The reseal has stopped: ${dirname(path)} has only ${Math.ceil((bavail * bsize) / 1_000_000)} MB free, which callbacks need. Make room, and reseal again: it goes on from where it is.`,
  );
}
