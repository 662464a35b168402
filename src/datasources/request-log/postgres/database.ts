import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { GatewayError } from '../../../errors.ts';
import type { Hub } from '../hub.ts';
import { toStoreError, troubleOf, unknownFate } from './postgres-error.ts';
import { isRead, nameOf } from './statement-text.ts';

export type Value = string | number | boolean | null | Uint8Array | readonly (string | number | boolean | null | Uint8Array)[];

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
/** PostgreSQL takes 8,000 bytes. */
const MOST_PAYLOAD = 7_900;

const CONNECT_MS = 4_000;
/** A statement that takes longer than this is given up by the server, and a little later by the client: its connection is dead. */
const STATEMENT_MS = 10_000;
const ANSWER_MS = 12_000;
/** A transaction whose gateway has stopped in the middle holds up the others no longer than this. */
const IDLE_MS = 3_000;
/** How often a transaction is begun again when another one was in its way. */
const ATTEMPTS = 6;
/** How long the fate of a commit is asked for when its answer was lost. */
const FATE_MS = 15_000;
const FATE_PAUSE_MS = 200;
/** So long the end waits for what is under way. */
const CLOSE_MS = 2_000;

const INT8 = 20;
const INT8_ARRAY = 1_016;
const parseArray = pg.types.getTypeParser(1_016 as 16) as unknown as (text: string) => string[];

/** Whole numbers of 64 bits as numbers: all of ours are below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return Number;
    if (oid === INT8_ARRAY) return (text: string) => parseArray(text).map(Number);
    return pg.types.getTypeParser(oid, format as 'text') as unknown;
  }) as pg.CustomTypesConfig['getTypeParser'],
};

/** What every connection of the gateway is made with. */
export function connectionConfig(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'm2m-gateway',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    types,
  };
}

/** The connections of one thread to the database. */
export class Database implements Snapshots, AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #options: DatabaseOptions;
  readonly #sockets = new Set<Socket>();
  #halted: GatewayError | null = null;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#pool = new pg.Pool({
      ...connectionConfig(options.url),
      max: options.connections,
      idleTimeoutMillis: 60_000,
      stream: () => this.#openSocket(),
      // The pool waits for it. A pooler in front of the server would refuse the same as options of the connection.
      onConnect: setLimits as (client: pg.ClientBase) => void,
    });
    this.#pool.on('error', (error) => options.onLost?.(error));
    // One that is lost while it is in use fails what it is used for. Without a listener it would also end the process.
    this.#pool.on('connect', (client) => void client.on('error', () => undefined));
  }

  async rows<Row>(text: string, values: readonly Value[] = []): Promise<Row[]> {
    return (await this.#query(text, values)).rows as Row[];
  }

  async run(text: string, values: readonly Value[] = []): Promise<number> {
    return (await this.#query(text, values)).rowCount ?? 0;
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
        const cause = error instanceof NotBegun ? error.cause : error;
        const trouble = troubleOf(cause);
        const mayTryAgain = trouble === 'CONFLICT' || (error instanceof NotBegun && trouble === 'LOST' && attempt === 1);
        if (!mayTryAgain || attempt === ATTEMPTS) throw toStoreError(cause);
        if (trouble === 'CONFLICT') await delay(Math.random() * 10 * attempt);
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

  /**
   * Ends all connections, because the server is silent. What waits for an answer need not wait for its own time to be over, and
   * nothing new is asked over a connection that is dead.
   */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#pool.end();
    const isEnded = await Promise.race([ended.then(() => true), delay(CLOSE_MS, false, { ref: false })]);
    if (!isEnded) this.drop();
    await ended;
  }

  #openSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    return socket.once('close', () => this.#sockets.delete(socket));
  }

  /** A connection may have been lost while nobody used it. So what only reads is done once more, over another one. */
  async #read<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.#connect();
      try {
        const result = await work(client);
        client.release();
        return result;
      } catch (error) {
        client.release(true);
        if (attempt === 2 || troubleOf(error) !== 'LOST') throw toStoreError(error);
      }
    }
  }

  /** @throws GatewayError STORE_FAILED at once, or after `CONNECT_MS`. Another try would find nothing else. */
  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw toStoreError(error);
    }
  }

  async #attempt<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    this.#requireUse();
    const started = performance.now();
    const client = await this.#connect();
    let lost = false;
    try {
      const { id, timeline } = await begin(client);
      const tx = new OpenTransaction(client);
      let result: Result;
      try {
        result = await work(tx);
        await tx.tell(this.#options.origin);
        this.#requireUse();
      } catch (error) {
        if (troubleOf(error) === 'LOST') throw error;
        await client.query('ROLLBACK');
        throw error;
      }
      try {
        await commit(client);
      } catch (error) {
        if (troubleOf(error) !== 'LOST') throw error;
        lost = true;
        if (!(await this.#wasCommitted(id, timeline))) throw error;
      }
      this.#options.onCommit?.((performance.now() - started) / 1_000);
      tx.committed(this.#options.hub);
      return result;
    } catch (error) {
      lost ||= troubleOf(error instanceof NotBegun ? error.cause : error) === 'LOST';
      throw error;
    } finally {
      client.release(lost);
    }
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
      const [row] = await this.rows<{ status: string | null; timeline: string }>(FATE, [id]).catch(() => []);
      if (row && row.timeline !== timeline) break;
      if (row?.status === 'committed') return true;
      if (row?.status === 'aborted') return false;
      if (row?.status === null) break;
      await delay(FATE_PAUSE_MS);
    }
    throw unknownFate();
  }

  async #query(text: string, values: readonly Value[]): Promise<pg.QueryResult> {
    const ask = (client: pg.PoolClient) => client.query({ name: nameOf(text), text, values: values as unknown[] });
    if (isRead(text)) return this.#read(ask);
    this.#requireUse();
    const client = await this.#connect();
    try {
      const result = await ask(client);
      client.release();
      return result;
    } catch (error) {
      client.release(troubleOf(error) === 'LOST');
      throw toStoreError(error);
    }
  }
}

/** The transaction had not begun, so nothing can have been done. */
class NotBegun extends Error {
  constructor(cause: unknown) {
    super('The transaction could not begin.', { cause });
  }
}

async function setLimits(client: pg.ClientBase): Promise<void> {
  await client.query(
    `SET statement_timeout = ${STATEMENT_MS}; SET lock_timeout = ${STATEMENT_MS}; SET idle_in_transaction_session_timeout = ${IDLE_MS}`,
  );
}

async function begin(client: pg.PoolClient): Promise<Begun> {
  try {
    // With several statements the answer is a list.
    const answers = (await client.query(`BEGIN; SELECT pg_current_xact_id()::text AS id, ${TIMELINE}`)) as unknown as pg.QueryResult<Begun>[];
    return answers[1]?.rows[0] ?? { id: '', timeline: '' };
  } catch (cause) {
    throw new NotBegun(cause);
  }
}

/** The server answers with ROLLBACK when a statement of the transaction has failed. */
async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new Error('A statement of the transaction had failed: nothing was stored.');
}

interface Begun {
  readonly id: string;
  readonly timeline: string;
}

/** Changes when a standby is promoted. */
const TIMELINE = 'left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline';
const FATE = `SELECT pg_xact_status($1::xid8) AS status, ${TIMELINE}`;

class OpenTransaction implements Transaction {
  readonly #client: pg.PoolClient;
  readonly #topics = new Set<string>();
  readonly #after: (() => void)[] = [];

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async rows<Row>(text: string, values: readonly Value[] = []): Promise<Row[]> {
    return (await this.#client.query({ name: nameOf(text), text, values: values as unknown[] })).rows as Row[];
  }

  async run(text: string, values: readonly Value[] = []): Promise<number> {
    return (await this.#client.query({ name: nameOf(text), text, values: values as unknown[] })).rowCount ?? 0;
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

/** As few messages as have room for all topics. A topic has no line break. */
function payloadsOf(origin: string, topics: Iterable<string>): string[] {
  const payloads: string[] = [];
  let payload = origin;
  for (const topic of topics) {
    if (Buffer.byteLength(payload) + Buffer.byteLength(topic) + 1 > MOST_PAYLOAD) {
      payloads.push(payload);
      payload = origin;
    }
    payload += `\n${topic}`;
  }
  return [...payloads, payload];
}
