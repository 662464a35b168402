import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { GatewayError } from '../../../errors.ts';
import type { Hub } from '../hub.ts';
import { Connections } from './connections.ts';
import { nothingStored, toStoreError, troubleOf, unknownFate } from './postgres-error.ts';
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
}

export interface DatabaseOptions {
  readonly url: string;
  /** The most connections. */
  readonly connections: number;
  /** Woken after each commit of this process. */
  readonly hub: Hub;
  /** Names this process, so that it does not hear its own commits again. */
  readonly origin: string;
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
  readonly #connections: Connections;
  readonly #options: DatabaseOptions;
  #halted: GatewayError | null = null;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#connections = new Connections(options);
  }

  rows<Row>(text: string, values: readonly Value[] = []): Promise<Row[]> {
    if (!isRead(text)) return this.transaction((tx) => tx.rows<Row>(text, values));
    return this.#read((client) => new OpenTransaction(client).rows<Row>(text, values));
  }

  run(text: string, values: readonly Value[] = []): Promise<number> {
    return this.transaction((tx) => tx.run(text, values));
  }

  /**
   * Runs `work` in a transaction. It is begun again when another one was in its way, so `work` may run several times.
   *
   * @throws GatewayError STORE_FAILED when the database does not answer. Then nothing was stored, or the error says that nobody knows:
   * when the answer to the commit is lost, the database is asked what became of it.
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
  async snapshot<Result>(work: (db: Queries) => Promise<Result>): Promise<Result> {
    return this.#read(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const result = await work(new OpenTransaction(client));
      await client.query('COMMIT');
      return result;
    });
  }

  /** See `Connections.drop`. */
  drop(): void {
    this.#connections.drop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connections[Symbol.asyncDispose]();
  }

  /** A read whose connection is lost is done once more, over another one: it has changed nothing. */
  async #read<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const { client, begun } = await this.#borrow(work);
    client.release();
    return begun;
  }

  /**
   * Lends a connection on which the first work was answered. One that was lost while nobody used it is replaced: the pool may have many of
   * these, and nothing was done on any of them.
   */
  async #borrow<Begun>(
    begin: (client: pg.PoolClient) => Promise<Begun>,
  ): Promise<{ readonly client: pg.PoolClient; readonly begun: Begun }> {
    const end = performance.now() + AGAIN_MS;
    for (;;) {
      const client = await this.#connections.take();
      try {
        return { client, begun: await begin(client) };
      } catch (error) {
        const isLost = troubleOf(error) === 'LOST';
        client.release(true);
        if (!isLost || performance.now() > end) throw toStoreError(error);
      }
    }
  }

  async #attempt<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    this.#requireUse();
    const started = performance.now();
    const { client, begun: id } = await this.#borrow(begin);
    let isLost = false;
    const tx = new OpenTransaction(client);
    let result: Result;
    try {
      result = await this.#perform(tx, work).catch(async (error: unknown) => {
        if (troubleOf(error) !== 'LOST') await client.query('ROLLBACK');
        throw error;
      });
      isLost = !(await commit(client));
    } catch (error) {
      isLost = troubleOf(error) === 'LOST';
      throw error;
    } finally {
      // Before its fate is asked for: all connections may have been lost in their commits, and none be left to ask over.
      client.release(isLost);
    }
    if (isLost && !(await this.#wasCommitted(id, this.#connections.timelineOf(client)))) throw nothingStored();
    this.#options.onCommit?.((performance.now() - started) / 1_000);
    tx.committed(this.#options.hub);
    return result;
  }

  async #perform<Result>(tx: OpenTransaction, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const result = await work(tx);
    await tx.tell(this.#options.origin);
    this.#requireUse();
    return result;
  }

  #requireUse(): void {
    if (this.#halted) throw this.#halted;
  }

  /**
   * Asks what became of a transaction. A standby that was promoted may have given its number to another one: then nobody can tell.
   *
   * @throws GatewayError STORE_FAILED when nobody can tell.
   */
  async #wasCommitted(id: string, timeline: string): Promise<boolean> {
    const end = performance.now() + FATE_MS;
    while (performance.now() < end) {
      const fate = await this.#read((client) => this.#askFate(client, id, timeline)).catch(() => 'in progress');
      if (fate === 'committed') return true;
      if (fate === 'aborted') return false;
      if (fate === null) break;
      await delay(FATE_PAUSE_MS);
    }
    throw unknownFate();
  }

  /** Null when nobody can tell. */
  async #askFate(client: pg.PoolClient, id: string, timeline: string): Promise<string | null> {
    if (this.#connections.timelineOf(client) !== timeline) return null;
    const { rows } = await client.query<{ status: string | null }>('SELECT pg_xact_status($1::xid8) AS status', [id]);
    return rows[0]?.status ?? null;
  }
}

/** Gives back the id of the transaction. */
async function begin(client: pg.PoolClient): Promise<string> {
  // With several statements the answer is a list.
  const answers = (await client.query('BEGIN; SELECT pg_current_xact_id()::text AS id')) as unknown as pg.QueryResult<{ id: string }>[];
  return answers[1]?.rows[0]?.id ?? '';
}

/**
 * False when its answer was lost.
 *
 * @throws when it was not committed. The server answers with ROLLBACK when a statement of the transaction has failed.
 */
async function commit(client: pg.PoolClient): Promise<boolean> {
  try {
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('A statement of the transaction had failed: nothing was stored.');
    return true;
  } catch (error) {
    if (troubleOf(error) !== 'LOST') throw error;
    return false;
  }
}

class OpenTransaction implements Transaction {
  readonly #client: pg.PoolClient;
  readonly #topics = new Set<string>();

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

  /** Tells the other gateways, when it is committed. */
  async tell(origin: string): Promise<void> {
    if (this.#topics.size > 0)
      await this.run('SELECT pg_notify($1, payload) FROM unnest($2::text[]) payload', [CHANNEL, payloadsOf(origin, this.#topics)]);
  }

  committed(hub: Hub): void {
    for (const topic of this.#topics) hub.wake(topic);
  }
}
