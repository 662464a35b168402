import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Hub } from '../../../src/datasources/request-log/hub.ts';
import type { openSqliteStore } from '../../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import { flatten, type FlatStore } from '../../support/flat-store.ts';
import type { DrivenStore } from './driven-store.ts';
import { Followings } from './followings.ts';
import type { LogSource } from './log-source.ts';
import { storedRows, type StoredRows } from './stored-rows.ts';

const FILE = 'log.sqlite';
const SQLITE_FULL = 13;
const TURNS_WITHOUT_COMMIT = 3;

interface OpenSqlite {
  readonly openSqliteStore: typeof openSqliteStore;
}

/** An empty store in `folder`, which goes away with it. */
export async function driveSqlite(source: LogSource, folder: string): Promise<DrivenStore> {
  const backend = await source.load<OpenSqlite>('request-log/sqlite/open-sqlite-store.ts');
  return new DrivenSqlite({ Hub: source.Hub, openSqliteStore: backend.openSqliteStore }, folder);
}

/**
 * The log on a real file. At the moment of its death the file and its write-ahead log are copied as they are. A kill -9 leaves the
 * same files. The next life begins on the copy.
 */
class DrivenSqlite implements DrivenStore {
  readonly #source: OpenSqlite & Pick<LogSource, 'Hub'>;
  readonly #folder: string;
  readonly #followings = new Followings();
  #life = 0;
  #commits = 0;
  #momentsLeft = Number.POSITIVE_INFINITY;
  #roomFor = Number.POSITIVE_INFINITY;
  #hub: Hub;
  #log: FlatStore;
  now = 1_000;
  /** Jobs that run at the death end on the old files. */
  readonly answersOn = true;
  readonly takesInOrder = true;
  readonly hasDied = false;
  readonly death = new Promise<void>(() => undefined);

  constructor(source: OpenSqlite & Pick<LogSource, 'Hub'>, folder: string) {
    this.#source = source;
    this.#folder = folder;
    mkdirSync(this.#path(0), { recursive: true });
    [this.#hub, this.#log] = this.#open(0);
  }

  get log(): FlatStore {
    return this.#log;
  }

  follow(requestId: string): void {
    this.#followings.follow(this.#hub, requestId);
  }

  leave(requestId: string): void {
    this.#followings.leave(requestId);
  }

  /** A moment is a reading of the clock, or a commit. */
  dieAfter(moments: number): void {
    this.#momentsLeft = moments;
    if (moments === 0) this.#keepFiles();
  }

  /** The disk is full after so many readings of the clock. */
  breakAfter(readings: number): void {
    this.#roomFor = readings;
  }

  mend(): Promise<void> {
    this.#roomFor = Number.POSITIVE_INFINITY;
    return Promise.resolve();
  }

  /** Each of the log's own jobs begins with the commit of another, a turn later. */
  async rest(): Promise<void> {
    for (let seen = -1; seen !== this.#commits;) {
      seen = this.#commits;
      for (let turns = 0; turns < TURNS_WITHOUT_COMMIT; turns++) await nextTurn();
    }
  }

  async nextLife(): Promise<void> {
    if (this.#momentsLeft > 0) this.#keepFiles();
    this.#momentsLeft = Number.POSITIVE_INFINITY;
    this.#followings.leaveAll();
    await this.#log[Symbol.asyncDispose]();
    rmSync(this.#path(this.#life), { recursive: true });
    this.#life++;
    [this.#hub, this.#log] = this.#open(this.#life);
  }

  async copied<Result>(use: (log: FlatStore, rows: StoredRows) => Promise<Result>): Promise<Result> {
    this.#keepFiles();
    const life = this.#life + 1;
    const rows = storedRows(join(this.#path(life), FILE));
    const [, log] = this.#open(life);
    try {
      return await use(log, rows);
    } finally {
      await log[Symbol.asyncDispose]();
      rmSync(this.#path(life), { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }

  #path(life: number): string {
    return join(this.#folder, String(life));
  }

  #open(life: number): [Hub, FlatStore] {
    const hub = new this.#source.Hub({ tickMs: () => 1 });
    const log = flatten(
      this.#source.openSqliteStore({
        path: join(this.#path(life), FILE),
        hub,
        now: () => {
          this.#moment(life);
          if (this.#roomFor-- <= 0) throw Object.assign(new Error('database or disk is full'), { errcode: SQLITE_FULL });
          return this.now;
        },
        onCommit: () => {
          this.#commits++;
          this.#moment(life);
        },
        onFatal: (error) => {
          throw error;
        },
      }),
    );
    return [hub, log];
  }

  #moment(life: number): void {
    if (life === this.#life && this.#momentsLeft > 0 && --this.#momentsLeft === 0) this.#keepFiles();
  }

  #keepFiles(): void {
    const [from, to] = [this.#path(this.#life), this.#path(this.#life + 1)];
    mkdirSync(to, { recursive: true });
    for (const file of [FILE, `${FILE}-wal`]) {
      if (existsSync(join(from, file))) copyFileSync(join(from, file), join(to, file));
    }
  }
}
