import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { GatewayError } from '../../../errors.ts';
import type { Hub } from '../hub.ts';
import { connectionConfig, configure } from './connection.ts';
import { toStoreError, troubleOf } from './postgres-error.ts';
import { isRead, nameOf, storable, type Value } from './statement-text.ts';
import { payloadsOf } from './wake-payloads.ts';

export type { Value } from './statement-text.ts';

/** Runs single statements. Each is prepared once for each connection. */
export interface Queries {
  rows<Row>(text: string, values?: readonly Value[]): Promise<Row[]>;
  /** Gives back how many rows it has changed. */
  run(text: string, values?: readonly Value[]): Promise<number>;
}

/** Reads of the database: single statements, or several that see one moment. */
export interface Snapshots extends Queries {
  snapshot<Result>(work: (db: Queries) => Promise<Result>): Promise<Result>;
}

/** Statements that happen together or not at all. What it wakes hears of it when it is committed, in each gateway. */
export interface Transaction extends Queries {
  wake(topic: string): void;
  /** Runs in this process after the commit. */
  afterCommit(work: () => void): void;
}

export interface DatabaseOptions {
  readonly url: string;
  /** The most connections. */
  readonly connections: number;
  /** Woken after each commit of this process. */
  readonly hub: Hub;
  /** Names this process, so that it does not hear its own commits again. */
  readonly origin: string;
  /** An idle connection was lost. */
  readonly onLost?: (error: Error) => void;
  readonly onCommit?: (seconds: number) => void;
}

/** The channel on which gateways tell each other what has changed. */
export const CHANNEL = 'm2m_gateway';

/** How often a transaction is begun again when another one was in its way. */
const ATTEMPTS = 6;
/** After so long what was lost is not begun again. A connection that is dead by then was not found dead at once. */
const AGAIN_MS = 1_000;
/** How long the fate of a commit is asked for when its answer was lost. */
const FATE_MS = 15_000;
const FATE_PAUSE_MS = 200;

/** The connections of one thread to the database. */
export class Database implements Snapshots, AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #options: DatabaseOptions;
  #halted: GatewayError | null = null;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#pool = new pg.Pool({
      ...connectionConfig(options.url),
      max: options.connections,
      idleTimeoutMillis: 60_000,
      // The pool waits for its promise, although its type does not say so.
      onConnect: configure as (client: pg.ClientBase) => void,
    });
    // A connection may be lost while nobody waits for an answer. Whoever uses it next finds out.
    this.#pool.on('error', (error) => options.onLost?.(error));
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  rows<Row>(text: string, values: readonly Value[] = []): Promise<Row[]> {
    return isRead(text) ? this.#read((db) => db.rows<Row>(text, values)) : this.transaction((tx) => tx.rows<Row>(text, values));
  }

  run(text: string, values: readonly Value[] = []): Promise<number> {
    return this.transaction((tx) => tx.run(text, values));
  }

  /**
   * Runs `work` in a transaction. It is begun again when another one was in its way, so `work` may run several times.
   *
   * @throws GatewayError STORE_FAILED when the database does not answer. Then nothing was stored: when the answer to the commit is lost,
   * the database is asked what became of it.
   */
  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (troubleOf(error) !== 'CONFLICT' || attempt === ATTEMPTS) throw toStoreError(error);
        await delay(Math.random() * 10 * attempt);
      }
    }
  }

  /** From here on nothing is written or committed: whoever tries is given this error. Reads go on. */
  halt(error: GatewayError): void {
    this.#halted ??= error;
  }

  /** Runs reads that all see the same moment. They are done once more when their connection was lost, so `work` may run twice. */
  snapshot<Result>(work: (db: Queries) => Promise<Result>): Promise<Result> {
    return this.#read(async (db) => {
      await db.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const result = await work(db);
      await db.run('COMMIT');
      return result;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }

  /** A read whose connection is lost is done once more: it has changed nothing. */
  async #read<Result>(work: (db: Queries) => Promise<Result>): Promise<Result> {
    const end = performance.now() + AGAIN_MS;
    for (;;) {
      const { client } = await this.#borrow(() => Promise.resolve());
      let isUsable = false;
      try {
        const result = await work(new OpenTransaction(client));
        isUsable = true;
        return result;
      } catch (error) {
        if (troubleOf(error) !== 'LOST' || performance.now() > end) throw toStoreError(error);
      } finally {
        client.release(!isUsable);
      }
    }
  }

  async #attempt<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    this.#requireUse();
    const started = performance.now();
    const { client, begun: id } = await this.#borrow(begin);
    let isLost = false;
    try {
      const tx = new OpenTransaction(client);
      let result: Result;
      try {
        result = await work(tx);
        await tx.tell(this.#options.origin);
        this.#requireUse();
      } catch (error) {
        if (troubleOf(error) !== 'LOST') await client.query('ROLLBACK');
        throw error;
      }
      try {
        await client.query('COMMIT');
      } catch (error) {
        if (troubleOf(error) !== 'LOST') throw error;
        isLost = true;
        if (!(await this.#wasCommitted(id))) throw error;
      }
      this.#options.onCommit?.((performance.now() - started) / 1_000);
      tx.committed(this.#options.hub);
      return result;
    } catch (error) {
      isLost ||= troubleOf(error) === 'LOST';
      throw error;
    } finally {
      client.release(isLost);
    }
  }

  /**
   * Lends a connection on which the first statement was answered. A connection that was lost while nobody used it is replaced. The pool may
   * have many of these, and nothing was done on any of them.
   */
  async #borrow<Begun>(
    begin: (client: pg.PoolClient) => Promise<Begun>,
  ): Promise<{ readonly client: pg.PoolClient; readonly begun: Begun }> {
    const end = performance.now() + AGAIN_MS;
    for (;;) {
      const client = await this.#pool.connect().catch((cause: unknown) => {
        throw toStoreError(cause);
      });
      try {
        return { client, begun: await begin(client) };
      } catch (error) {
        client.release(true);
        if (troubleOf(error) !== 'LOST' || performance.now() > end) throw toStoreError(error);
      }
    }
  }

  #requireUse(): void {
    if (this.#halted) throw this.#halted;
  }

  /** Asks what became of a transaction. @throws when nobody can tell. */
  async #wasCommitted(id: string): Promise<boolean> {
    const end = performance.now() + FATE_MS;
    for (;;) {
      try {
        const [row] = await this.rows<{ status: string | null }>('SELECT pg_xact_status($1::xid8) AS status', [id]);
        if (row?.status === 'committed') return true;
        if (row?.status === 'aborted') return false;
        if (row?.status === null || performance.now() > end) throw new Error('Connection terminated: the fate of a commit is unknown');
      } catch (error) {
        if (performance.now() > end) throw error;
      }
      await delay(FATE_PAUSE_MS);
    }
  }
}

/** Gives back the id of the transaction. */
async function begin(client: pg.PoolClient): Promise<string> {
  // With several statements the answer is a list.
  const answers = (await client.query('BEGIN; SELECT pg_current_xact_id()::text AS id')) as unknown as pg.QueryResult<{ id: string }>[];
  return answers[1]?.rows[0]?.id ?? '';
}

class OpenTransaction implements Transaction {
  readonly #client: pg.PoolClient;
  readonly #topics = new Set<string>();
  readonly #after: (() => void)[] = [];

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async rows<Row>(text: string, values: readonly Value[] = []): Promise<Row[]> {
    return (await this.#client.query({ name: nameOf(text), text, values: values.map(storable) })).rows as Row[];
  }

  async run(text: string, values: readonly Value[] = []): Promise<number> {
    return (await this.#client.query({ name: nameOf(text), text, values: values.map(storable) })).rowCount ?? 0;
  }

  wake(topic: string): void {
    this.#topics.add(topic);
  }

  afterCommit(work: () => void): void {
    this.#after.push(work);
  }

  /** Tells the other gateways, when it is committed. */
  async tell(origin: string): Promise<void> {
    if (this.#topics.size > 0)
      await this.run('SELECT pg_notify($1, payload) FROM unnest($2::text[]) payload', [CHANNEL, payloadsOf(origin, this.#topics)]);
  }

  committed(hub: Hub): void {
    for (const topic of this.#topics) hub.wake(topic);
    for (const work of this.#after) work();
  }
}
