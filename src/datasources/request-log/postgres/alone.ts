import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { GatewayError } from '../../../errors.ts';
import { connectionConfig } from './connections.ts';
import type { Queries, Value } from './database.ts';
import { prepareDatabase } from './prepare-database.ts';

/** Any number, but always the same: only one command at a time has a database alone. */
const ALONE_LOCK = 0x4d324d41;

/** The server forgets a connection a moment after it was closed. */
const LOOKS = 10;
const LOOK_EVERY_MS = 100;

/** One connection to a database that no gateway uses. */
export interface AloneDatabase extends Queries, AsyncDisposable {
  /** The clock of the server is so much ahead of ours, see `prepareDatabase`. */
  readonly clockOffMs: number;
  transaction<Result>(work: () => Promise<Result>): Promise<Result>;
  /** @throws GatewayError STORE_UNUSABLE when a gateway is connected. */
  requireAlone(): Promise<void>;
}

/**
 * Opens a database for a command that no gateway may disturb.
 *
 * @throws GatewayError STORE_UNUSABLE when a gateway uses the database, or another such command.
 */
export async function openAlone(url: string, allowsUnsynced: boolean): Promise<AloneDatabase> {
  const { clockOffMs } = await prepareDatabase(url, { allowsUnsynced });
  const client = new pg.Client({ ...connectionConfig(url), query_timeout: 0 });
  client.on('error', () => undefined);
  const rows = async <Row>(text: string, values: readonly Value[] = []): Promise<Row[]> =>
    (await client.query(text, values as unknown[])).rows as Row[];
  const database: AloneDatabase = {
    clockOffMs,
    rows,
    run: async (text, values = []) => (await client.query(text, values as unknown[])).rowCount ?? 0,
    async transaction(work) {
      await client.query('BEGIN');
      try {
        const result = await work();
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    },
    async requireAlone() {
      let others = await rows<{ address: string | null }>(OTHERS);
      for (let looks = 1; others.length > 0 && looks < LOOKS; looks++) {
        await delay(LOOK_EVERY_MS);
        others = await rows<{ address: string | null }>(OTHERS);
      }
      if (others.length === 0) return;
      const from = [...new Set(others.map(({ address }) => address ?? 'this machine'))].join(', ');
      throw new GatewayError(
        'STORE_UNUSABLE',
        `A gateway, or a command of one, uses the database (connected from ${from}). Stop all of them first. One that was killed counts for another 10 seconds.`,
      );
    },
    [Symbol.asyncDispose]: () => client.end().catch(() => undefined),
  };
  await using undo = new AsyncDisposableStack();
  undo.use(database);
  await client.connect();
  const [lock] = await rows<{ isTaken: boolean }>('SELECT pg_try_advisory_lock($1) AS "isTaken"', [ALONE_LOCK]);
  if (!lock?.isTaken) throw new GatewayError('STORE_UNUSABLE', 'Another command has this database for itself. Wait until it has ended.');
  await database.requireAlone();
  undo.move();
  return database;
}

// Every gateway has at least the connection on which it hears the others. A lease outlives its gateway by seconds.
const OTHERS = `SELECT host(client_addr) AS address FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'm2m-gateway' AND pid <> pg_backend_pid()
  UNION ALL SELECT NULL FROM lease WHERE until > clock_timestamp() LIMIT 100`;
