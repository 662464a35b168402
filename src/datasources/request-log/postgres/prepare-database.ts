import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { GatewayError, STORE_AWAY } from '../../../errors.ts';
import { connectionConfig, endConnection } from './connections.ts';
import { sqlStateOf, troubleOf } from './postgres-error.ts';

const MIGRATIONS = ['0001-postgres.sql', '0002-postgres.sql'] as const;
export const SCHEMA_VERSION = MIGRATIONS.length;
/**
 * The oldest schema whose gateways work on ours: what they do not know was only added. It stands in the store, so that one of them that
 * starts again in the middle of an update is not refused. See "A change of the tables" in CONTRIBUTING.md.
 */
const OLDEST_BESIDE = 1;
/** The fact that holds it. */
export const SCHEMA_OLDEST = 'schema-oldest';

const OLDEST_SERVER = 150_000;
const MOST_CLOCK_OFF_MS = 30_000;
/** A network and a busy machine make clocks seem to differ by so much. Whoever sends next allows for twice as much, and for a step since. */
const CLOCK_NOISE_MS = 500;
/** Any number, but always the same: only one gateway migrates at a time. */
const MIGRATION_LOCK = 0x4d324d47;
const LOCK_EVERY_MS = 100;
/** Migrations of a large store take longer than statements of its use. */
const MIGRATION_MS = 3_600_000;
/**
 * While a migration waits for a table, everybody else waits behind it. So it gives up before others give up, and before PostgreSQL takes
 * the two for a deadlock (1 s), and begins again.
 */
const TABLE_WAIT_MS = 500;
const TABLE_PAUSE_MS = 200;
/** A backup (`pg_dump`) holds all tables until its end. */
const TABLES_HELD_MS = 300_000;

export interface PreparedDatabase {
  /** The schema was made now. */
  readonly isNew: boolean;
  /** The clock of the server is so much ahead of ours; 0 when they differ by less than what cannot be measured well. */
  readonly clockOffMs: number;
}

/**
 * Checks that the database keeps what it has committed, and brings its schema up to date. Several gateways may do so at once, and
 * gateways of the version before go on beside it. One of these may also start on tables that a newer one has changed.
 *
 * @param options.now the wall clock of this gateway, which the clock of the server is compared with.
 * @param options.allowsUnsynced whoever runs the gateway accepts that the database loses its last commits when it crashes.
 * @throws GatewayError STORE_UNUSABLE with a sentence that says what to do; STORE_FAILED when the database does not answer now.
 */
export async function prepareDatabase(
  url: string,
  { now = Date.now, allowsUnsynced = false }: { readonly now?: () => number; readonly allowsUnsynced?: boolean } = {},
): Promise<PreparedDatabase> {
  const client = new pg.Client(connectionConfig(url));
  client.on('error', () => undefined);
  try {
    await client.connect();
    const clockOffMs = await checkServer(client, { now, allowsUnsynced });
    return { isNew: await migrate(client), clockOffMs };
  } catch (cause) {
    throw toStartError(cause);
  } finally {
    await endConnection(client);
  }
}

/** Gives back how far the clock of the server is ahead. */
async function checkServer(client: pg.Client, { now, allowsUnsynced }: { now: () => number; allowsUnsynced: boolean }): Promise<number> {
  const asked = now();
  const { rows } = await client.query<Record<string, string>>(`SELECT current_setting('server_version_num') AS version,
    current_setting('server_version') AS name, current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
    current_setting('synchronous_commit') AS synced, current_setting('server_encoding') AS encoding, pg_is_in_recovery()::text AS standby,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS at`);
  const [server] = rows;
  if (!server) return 0;
  if (Number(server['version']) < OLDEST_SERVER)
    throw unusable(`The server is PostgreSQL ${server['name']}: the gateway needs version 15 or newer.`);
  if (server['encoding'] !== 'UTF8') throw unusable(`The database has the encoding ${server['encoding']}. Make one with ENCODING 'UTF8'.`);
  if (server['standby'] === 'true')
    throw unusable(
      'The server is a standby, which cannot be written. Name the primary, or all servers with target_session_attrs=read-write.',
    );
  const offMs = Number(server['at']) - Math.round((asked + now()) / 2);
  if (Math.abs(offMs) > MOST_CLOCK_OFF_MS)
    throw unusable(
      `The clock of the database server and the clock of this gateway differ by ${Math.round(Math.abs(offMs) / 1_000)} s. Set both by a time service: leases and limits depend on them.`,
    );
  const told = Math.abs(offMs) < CLOCK_NOISE_MS ? 0 : offMs;
  if (allowsUnsynced) return told;
  const unsafe = ['fsync', 'pages', 'synced'].filter((name) => server[name] === 'off').map((name) => SETTING[name] ?? name);
  if (unsafe.length > 0)
    throw unusable(
      `The server runs with ${unsafe.map((name) => `${name} = off`).join(', ')}: it may lose callbacks that were acknowledged. Set ${unsafe.length > 1 ? 'them' : 'it'} to on. Or set M2M_STORE_UNSYNCED=on, which means that you accept that loss.`,
    );
  return told;
}

const SETTING: Readonly<Record<string, string>> = { fsync: 'fsync', pages: 'full_page_writes', synced: 'synchronous_commit' };

/** Gives back whether the schema was made now. */
async function migrate(client: pg.Client): Promise<boolean> {
  // Another gateway may migrate for long, and a server that no longer answers is to be known from that.
  while (!(await takeLock(client))) await delay(LOCK_EVERY_MS);
  const { version, oldest } = await readSchema(client);
  if (version > SCHEMA_VERSION && oldest > SCHEMA_VERSION)
    throw unusable(
      `The store has schema ${version}, for gateways that know schema ${oldest} or newer; this gateway knows up to ${SCHEMA_VERSION}. Run the newer gateway that wrote it, or restore an older backup.`,
    );
  for (const [at, file] of MIGRATIONS.entries()) {
    if (at < version) continue;
    const sql = readFileSync(new URL(`./migrations/${file}`, import.meta.url), 'utf8');
    const facts = `('schema', '${at + 1}'), ('${SCHEMA_OLDEST}', '${Math.min(OLDEST_BESIDE, at + 1)}')`;
    await changeTables(
      client,
      `${sql}; INSERT INTO fact (key, value) VALUES ${facts} ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    );
  }
  return version === 0;
}

async function takeLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ isTaken: boolean }>('SELECT pg_try_advisory_lock($1) AS "isTaken"', [MIGRATION_LOCK]);
  return rows[0]?.isTaken ?? false;
}

/** Gateways of the version before are at work meanwhile. */
async function changeTables(client: pg.Client, sql: string): Promise<void> {
  const end = performance.now() + TABLES_HELD_MS;
  for (;;) {
    try {
      const text = `BEGIN; SET LOCAL lock_timeout = ${TABLE_WAIT_MS}; ${sql}; COMMIT`;
      // `pg` reads it, and its types do not have it.
      await client.query({ text, query_timeout: MIGRATION_MS } as pg.QueryConfig);
      return;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      if (!IN_THE_WAY.has(sqlStateOf(error) ?? '') || performance.now() > end) throw error;
      await delay(TABLE_PAUSE_MS * (0.5 + Math.random()));
    }
  }
}

/** A table that is locked, and a deadlock. */
const IN_THE_WAY: ReadonlySet<string> = new Set(['55P03', '40P01']);

/** The version is 0 for a schema without tables. */
async function readSchema(client: pg.Client): Promise<{ readonly version: number; readonly oldest: number }> {
  const { rows: tables } = await client.query<{ name: string }>(
    'SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()',
  );
  if (tables.length === 0) return { version: 0, oldest: 0 };
  const isOurs = ['fact', 'request', 'event', 'lease'].every((name) => tables.some((table) => table.name === name));
  const facts = isOurs
    ? await client.query<{ key: string; value: string }>("SELECT key, value FROM fact WHERE key IN ('schema', $1)", [SCHEMA_OLDEST])
    : { rows: [] };
  const numbers = new Map(facts.rows.map(({ key, value }) => [key, Number(value)]));
  const version = numbers.get('schema');
  if (version === undefined)
    throw unusable('The schema has tables of another program. Give the gateway a database, or a schema (search_path), of its own.');
  return { version, oldest: numbers.get(SCHEMA_OLDEST) ?? version };
}

/** What a start with the database fails with: it may be tried again when the database is only away. */
export function toStartError(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  if (!isAway(cause)) return unusable(describe(cause), cause);
  return new GatewayError('STORE_FAILED', describe(cause), { cause, details: { reason: STORE_AWAY } });
}

function describe(cause: unknown): string {
  const message = cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
  switch (sqlStateOf(cause)) {
    case '28P01':
    case '28000':
      return 'The database refuses the user or the password of M2M_STORE_URL.';
    case '3D000':
      return 'The database of M2M_STORE_URL does not exist. Make it with `createdb`.';
    case '42501':
      return `The user of M2M_STORE_URL lacks a right: ${message}. Let it own its database or its schema.`;
    case '55P03':
    case '40P01':
      return 'This version changes the tables, and somebody keeps them locked: a backup (pg_dump), or another program. Nothing was changed. Start the gateway again when that has ended.';
    default:
      return `The database of M2M_STORE_URL cannot be used: ${message}.`;
  }
}

/** It comes back by itself. So does a database that takes no connections for a while (ALLOW_CONNECTIONS, 55000). */
function isAway(cause: unknown): boolean {
  return ['LOST', 'REFUSED'].includes(troubleOf(cause)) || sqlStateOf(cause) === '55000';
}

function unusable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('STORE_UNUSABLE', message, { cause });
}
