import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TopicWatch } from '../../../src/datasources/request-log/hub.ts';
import type { LogSource } from './log-source.ts';
import { storedRows, type StoredRows } from './stored-rows.ts';
import { flatten, type FlatStore } from '../../support/flat-store.ts';

const FILE = 'log.sqlite';
const SQLITE_FULL = 13;
const TURNS_WITHOUT_COMMIT = 3;

/**
 * The log on a real file, with a clock that stands still while jobs run, and a way to die. At a chosen moment the file and its
 * write-ahead log are copied as they are. A kill -9 leaves the same files. The next life begins on the copy.
 */
export class DrivenStore implements AsyncDisposable {
  readonly #source: LogSource;
  readonly #folder: string;
  readonly #followings = new Map<string, TopicWatch>();
  #life = 0;
  #commits = 0;
  #momentsLeft = Number.POSITIVE_INFINITY;
  #roomFor = Number.POSITIVE_INFINITY;
  #hub: InstanceType<LogSource['Hub']>;
  #log: FlatStore;
  now = 1_000;

  constructor(source: LogSource, folder: string) {
    this.#source = source;
    this.#folder = folder;
    mkdirSync(this.#path(0), { recursive: true });
    [this.#hub, this.#log] = this.#open(0);
  }

  get log(): FlatStore {
    return this.#log;
  }

  /** Adds a follower, so that the newest rows of the Request are kept in memory. */
  follow(requestId: string): void {
    if (!this.#followings.has(requestId)) this.#followings.set(requestId, this.#hub.follow(requestId));
  }

  leave(requestId: string): void {
    this.#followings.get(requestId)?.[Symbol.dispose]();
    this.#followings.delete(requestId);
  }

  /** Dies after `moments` more clock readings or commits: between two jobs, inside one, or between commit and answer. */
  dieAfter(moments: number): void {
    this.#momentsLeft = moments;
    if (moments === 0) this.#keepFiles();
  }

  /** After so many clock readings the disk is full: a job fails, and its whole commit with it. */
  fillAfter(readings: number): void {
    this.#roomFor = readings;
  }

  /** Waits until the log does nothing by itself any more. Each of its own jobs begins with the commit of another, a turn later. */
  async rest(): Promise<void> {
    for (let seen = -1; seen !== this.#commits;) {
      seen = this.#commits;
      for (let turns = 0; turns < TURNS_WITHOUT_COMMIT; turns++) await nextTurn();
    }
  }

  /** Ends this life now, unless it has ended already, and opens the files that it left. */
  async nextLife(): Promise<void> {
    if (this.#momentsLeft > 0) this.#keepFiles();
    this.#momentsLeft = Number.POSITIVE_INFINITY;
    for (const requestId of this.#followings.keys()) this.leave(requestId);
    await this.#log[Symbol.asyncDispose]();
    rmSync(this.#path(this.#life), { recursive: true });
    this.#life++;
    [this.#hub, this.#log] = this.#open(this.#life);
  }

  /** What a kill would leave now: the rows in the file, and a new log that is built from them. */
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

  #open(life: number): [InstanceType<LogSource['Hub']>, FlatStore] {
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
