import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { nothingStored } from './postgres-error.ts';

const CONNECT_MS = 4_000;
/** A statement that takes longer than this is given up by the server, and a little later by the client: its connection is dead. */
const STATEMENT_MS = 10_000;
const ANSWER_MS = 12_000;
/** A transaction whose gateway has stopped in the middle holds up the others no longer than this. */
const IDLE_MS = 3_000;
/** So long the end waits for what is under way. */
const CLOSE_MS = 2_000;

/**
 * Settings of each connection. Our statements find few rows by their keys. A plan that was made while a table was small, or was never
 * analyzed, would read whole tables and join them by hashing, and a prepared statement keeps its plan. To compile a statement (JIT)
 * takes half a second. Transactions look again after they have waited for a lock, which those of another isolation do in vain.
 */
const SETTINGS = `SET statement_timeout = ${STATEMENT_MS}; SET lock_timeout = ${STATEMENT_MS};
  SET idle_in_transaction_session_timeout = ${IDLE_MS}; SET jit = off;
  SET default_transaction_isolation = 'read committed'; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off`;

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

/** Ends a connection. It does not wait for long: a server that is silent does not answer this either. */
export async function endConnection(client: pg.Client): Promise<void> {
  await Promise.race([client.end().catch(() => undefined), delay(CLOSE_MS, undefined, { ref: false })]);
}

export interface ConnectionsOptions {
  readonly url: string;
  /** The most at a time. */
  readonly connections: number;
}

/** The open connections of one thread to the database. */
export class Connections implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #sockets = new Set<Socket>();
  readonly #timelines = new WeakMap<pg.ClientBase, string>();

  constructor({ url, connections }: ConnectionsOptions) {
    this.#pool = new pg.Pool({
      ...connectionConfig(url),
      max: connections,
      idleTimeoutMillis: 60_000,
      stream: () => this.#openSocket(),
      // The pool waits for it.
      onConnect: ((client) => this.#prepare(client)) as (client: pg.ClientBase) => void,
    });
    // One that is lost while nobody uses it is left out by the pool. One that is lost while it is used fails what it is used for.
    // Without these listeners, both would end the process.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => void client.on('error', () => undefined));
  }

  /** @throws GatewayError STORE_FAILED at once, or after `CONNECT_MS`. Another try would find nothing else. */
  async take(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      // Whatever it says (a wrong password, no such database, too many connections): somebody can mend it while the gateway runs.
      throw nothingStored(error);
    }
  }

  /** The history that the server of a connection writes: another one after a standby was promoted. Empty where it cannot be asked for. */
  timelineOf(client: pg.ClientBase): string {
    return this.#timelines.get(client) ?? '';
  }

  /**
   * Ends all, because the server is silent. What waits for an answer need not wait for its own time to be over, and nothing new is
   * asked over a connection that is dead.
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

  /** A pooler in front of the server would refuse the same as options of the connection. */
  async #prepare(client: pg.ClientBase): Promise<void> {
    await client.query(SETTINGS);
    const asked = client.query<{ timeline: string }>('SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline');
    const answer = await asked.catch(() => null);
    this.#timelines.set(client, answer?.rows[0]?.timeline ?? '');
  }
}
