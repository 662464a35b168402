import type { Hub } from '../../../src/datasources/request-log/hub.ts';
import { flatten, type FlatStore } from '../../support/flat-store.ts';
import type { PostgresClient, TestDatabase } from '../../support/postgres-client.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../../support/tcp-fault-proxy.ts';
import type { OpenPostgresStore } from '../postgres-fixture.ts';
import type { DrivenStore } from './driven-store.ts';
import { Followings } from './followings.ts';
import type { LogSource } from './log-source.ts';
import { postgresRows } from './postgres-rows.ts';
import type { StoredRows } from './stored-rows.ts';

export interface PostgresParts {
  readonly Hub: LogSource['Hub'];
  readonly openStore: OpenPostgresStore;
  /** The store's own check of a database: the faults it finds. */
  readonly verify: (url: string) => Promise<readonly string[]>;
}

/** A job of this backend has so many moments for each one of a job in the embedded store, or more. */
const MOMENTS_EACH = 5;
/** A job of the log's own begins sooner after another than so many answers of the database take. */
const ANSWERS_WITHOUT_WORK = 5;

/** An empty store in a database of its own. */
export async function drivePostgres(parts: PostgresParts, postgres: PostgresClient): Promise<DrivenStore> {
  const store = new DrivenPostgres(parts, postgres, await postgres.openDatabase());
  try {
    await store.begin();
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
  return store;
}

/** One life of a store: a gateway whose only way to the database is a proxy of its own. */
interface Life {
  readonly proxy: TcpFaultProxy;
  readonly hub: Hub;
  readonly log: FlatStore;
  readonly death: PromiseWithResolvers<void>;
}

/**
 * The log on PostgreSQL. At the moment of its death its way to the database is cut for ever, and what the database was doing for it is
 * ended. So its next life, a new store on the same database, finds what a kill leaves, and the old one can do nothing more.
 */
class DrivenPostgres implements DrivenStore {
  readonly answersOn = false;
  readonly takesInOrder = false;
  readonly #parts: PostgresParts;
  readonly #postgres: PostgresClient;
  readonly #database: TestDatabase;
  readonly #followings = new Followings();
  #life: Life | null = null;
  #isDead = false;
  #lives = 0;
  /** Pieces that have passed the proxies. */
  #passed = 0;
  #momentsLeft = Number.POSITIVE_INFINITY;
  now = 1_000;

  constructor(parts: PostgresParts, postgres: PostgresClient, database: TestDatabase) {
    this.#parts = parts;
    this.#postgres = postgres;
    this.#database = database;
  }

  get log(): FlatStore {
    return this.#current.log;
  }

  get death(): Promise<void> {
    return this.#current.death.promise;
  }

  get hasDied(): boolean {
    return this.#isDead;
  }

  /** Opens the first life, or the next. */
  async begin(): Promise<void> {
    const life = ++this.#lives;
    const moment = () => this.#moment(life);
    const proxy = await startTcpFaultProxy(this.#database.url, undefined, { onAsked: moment, onAnswered: moment });
    const hub = new this.#parts.Hub({ tickMs: () => 1 });
    const log = await this.#open(proxy.through(this.#database.url), hub, moment);
    this.#isDead = false;
    this.#life = { proxy, hub, log, death: Promise.withResolvers() };
  }

  follow(requestId: string): void {
    this.#followings.follow(this.#current.hub, requestId);
  }

  leave(requestId: string): void {
    this.#followings.leave(requestId);
  }

  /** A moment is a reading of the clock, or a piece that comes to the proxy from either side. */
  dieAfter(moments: number): void {
    // Each life dies at other moments, so all of them are met.
    this.#momentsLeft = Math.max(0, moments * MOMENTS_EACH - (this.#lives % MOMENTS_EACH));
    if (this.#momentsLeft === 0) this.#die();
  }

  /** The database is out of reach from now on, also for reads. After some moments a part of what was asked would be committed. */
  breakAfter(_moments: number): void {
    const { proxy } = this.#current;
    void proxy.refuse();
    proxy.cut();
  }

  async mend(): Promise<void> {
    if (!this.#isDead) await this.#current.proxy.heal();
  }

  /** Nothing has passed the proxy for as long as the database takes for a few answers to somebody else. */
  async rest(): Promise<void> {
    for (let seen = -1; seen !== this.#passed;) {
      seen = this.#passed;
      for (let answers = 0; answers < ANSWERS_WITHOUT_WORK; answers++) await this.#postgres.query('SELECT 1');
    }
  }

  async nextLife(): Promise<void> {
    if (!this.#isDead) this.#die();
    this.#momentsLeft = Number.POSITIVE_INFINITY;
    this.#followings.leaveAll();
    await this.#bury();
    // What it was doing may be committed in the next moment. A new life must not see it happen. A connection may just be coming.
    while ((await this.#postgres.cutConnections(this.#database.url)) > 0);
    await this.begin();
  }

  /** Another gateway on the same database: it has nothing in memory. */
  async copied<Result>(use: (log: FlatStore, rows: StoredRows) => Promise<Result>): Promise<Result> {
    const rows = await postgresRows(this.#database.url, this.#parts.verify);
    await using log = await this.#open(this.#database.url, new this.#parts.Hub({ tickMs: () => 1 }), () => undefined);
    return await use(log, rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#followings.leaveAll();
    if (this.#isDead) await this.#bury();
    else if (this.#life) {
      await this.#life.log[Symbol.asyncDispose]();
      await this.#life.proxy[Symbol.asyncDispose]();
    }
    await this.#database[Symbol.asyncDispose]();
  }

  get #current(): Life {
    if (!this.#life) throw new Error('the store is not open');
    return this.#life;
  }

  async #open(url: string, hub: Hub, onClock: () => void): Promise<FlatStore> {
    const now = () => {
      onClock();
      return this.now;
    };
    // A life that has died may call that it cannot go on.
    return flatten(await this.#parts.openStore({ url, hub, now, onFatal: () => undefined }));
  }

  #moment(life: number): void {
    this.#passed++;
    if (life === this.#lives && this.#momentsLeft > 0 && --this.#momentsLeft === 0) this.#die();
  }

  #die(): void {
    const { proxy, death } = this.#current;
    this.#isDead = true;
    void proxy.refuse();
    proxy.cut();
    death.resolve();
  }

  /** The dead store is closed, which may take it a while: it looks for its database. Nobody waits for that. */
  async #bury(): Promise<void> {
    const { log, proxy } = this.#current;
    Promise.resolve(log[Symbol.asyncDispose]()).catch(() => undefined);
    await proxy[Symbol.asyncDispose]();
  }
}
