import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { GatewayError } from '../../../errors.ts';
import { GrowingPause } from '../../../lib/growing-pause.ts';
import type { Hub } from '../hub.ts';
import { connectionConfig, endConnection } from './connections.ts';
import { CHANNEL } from './database.ts';
import { toStartError } from './prepare-database.ts';

export interface ListenerOptions {
  readonly url: string;
  readonly hub: Hub;
  /** See `DatabaseOptions`. */
  readonly origin: string;
  readonly onChange?: (isConnected: boolean) => void;
  /** The server has not answered in time: connections that are older than this moment may be dead. */
  readonly onSilent?: () => void;
}

const BEAT_EVERY_MS = 2_000;
/** A connection that does not answer for so long is dead, whatever TCP says. */
const ANSWER_MS = 2_000;
/** Wakes everybody so often, in case a message was lost on a way that nobody has thought of. */
const WAKE_ALL_EVERY_MS = 20_000;
/** A beat that comes back in the first moments proves that messages come at all. */
const PROOF_MS = 3_000;

/**
 * Hears what other gateways have committed, over a connection of its own, and wakes whoever follows it here. After each reconnect it wakes
 * everybody: nobody knows what was missed.
 */
export class Listener implements AsyncDisposable {
  readonly #options: ListenerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /**
   * @throws GatewayError STORE_UNUSABLE when messages do not come through, for example through a pooler in transaction mode; STORE_FAILED
   * when the database does not answer, or has no connection to spare.
   */
  async start(): Promise<void> {
    let client: pg.Client | null = null;
    try {
      client = await this.#connect();
      if (!((await this.#keepsSession(client)) && (await hearsItself(client)))) throw new GatewayError('STORE_UNUSABLE', NOT_HEARD);
    } catch (error) {
      if (client) await endConnection(client);
      throw toStartError(error);
    }
    this.#running = this.#listen(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #listen(first: pg.Client): Promise<void> {
    const pause = new GrowingPause({ firstMs: 100, maxMs: 2_000 });
    let client: pg.Client | null = first;
    while (!this.#stop.signal.aborted) {
      try {
        client ??= await this.#connect();
        this.#options.onChange?.(true);
        this.#options.hub.wakeAll();
        pause.reset();
        await this.#beat(client);
      } catch (error) {
        // What matters is that it connects again.
        if (isSilence(error)) this.#options.onSilent?.();
      }
      client?.end().catch(() => undefined);
      client = null;
      if (this.#stop.signal.aborted) return;
      this.#options.onChange?.(false);
      await delay(pause.next(), undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Looks after the connection until it fails, or the end. */
  async #beat(client: pg.Client): Promise<void> {
    let wokenAt = performance.now();
    const ended = new Promise<never>((_resolve, reject) => {
      client.once('end', () => reject(new Error('ended')));
    });
    ended.catch(() => undefined);
    while (!this.#stop.signal.aborted) {
      await Promise.race([ended, delay(BEAT_EVERY_MS, undefined, { signal: this.#stop.signal })]);
      // A pooler may have lent its connection to others, and given it another one.
      if (!(await isListening(client))) throw new Error('no longer listening');
      if (performance.now() - wokenAt < WAKE_ALL_EVERY_MS) continue;
      wokenAt = performance.now();
      this.#options.hub.wakeAll();
    }
  }

  /** Whether it keeps its connection to the server while another one needs one: a pooler in transaction mode lends it. */
  async #keepsSession(client: pg.Client): Promise<boolean> {
    const other = new pg.Client(this.#config());
    other.on('error', () => undefined);
    try {
      await other.connect();
      await other.query('BEGIN');
      return await isListening(client);
    } finally {
      await endConnection(other);
    }
  }

  #config(): pg.ClientConfig {
    return { ...connectionConfig(this.#options.url), connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS };
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(this.#config());
    client.on('error', () => undefined);
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
    return client;
  }

  #hear(payload: string): void {
    const [origin, ...topics] = payload.split('\n');
    if (origin === this.#options.origin) return;
    for (const topic of topics) this.#options.hub.wake(topic);
  }
}

const NOT_HEARD =
  'The database does not deliver notifications to this gateway. A pooler in front of it must keep a connection for a whole session (pgBouncer: pool_mode = session).';

async function hearsItself(client: pg.Client): Promise<boolean> {
  const beat = randomUUID();
  const heard = new Promise<void>((resolve) => client.on('notification', ({ payload }) => payload === beat && resolve()));
  await client.query('SELECT pg_notify($1, $2)', [CHANNEL, beat]);
  return Promise.race([heard.then(() => true), delay(PROOF_MS, false, { ref: false })]);
}

async function isListening(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ channel: string }>('SELECT pg_listening_channels() AS channel');
  return rows.some(({ channel }) => channel === CHANNEL);
}

/** Of `pg`, when its `query_timeout` is over. */
function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}
