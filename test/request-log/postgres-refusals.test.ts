import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { prepareDatabase } from '../../src/datasources/request-log/postgres/prepare-database.ts';
import { noPgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`What is refused at the start with PostgreSQL is not tested: ${reason}.\n`);
const noPooler = reason ?? noPgBouncer();
if (noPooler !== null) process.stderr.write(`A pooler in front of PostgreSQL is not tested: ${noPooler}.\n`);

const away = (sentence: string) => ({
  code: 'STORE_FAILED',
  details: { reason: 'STORE_AWAY' },
  message: expect.stringContaining(sentence) as string,
});
const unusable = (sentence: string) => ({ code: 'STORE_UNUSABLE', message: expect.stringContaining(sentence) as string });

async function ask(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

describe.skipIf(reason !== null)('a start with a database that cannot be used', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each([
    ['fsync', 'The server runs with fsync = off'],
    ['full_page_writes', 'The server runs with full_page_writes = off'],
    ['synchronous_commit', 'The server runs with synchronous_commit = off'],
  ])('%s = off is refused, unless somebody accepts the loss', async (setting, sentence) => {
    const url = await server.createDatabase();
    const change = async (sql: string) => {
      await server.client.query(sql);
      await server.client.query('SELECT pg_reload_conf()');
    };
    await change(`ALTER SYSTEM SET ${setting} = off`);
    await expect.poll(async () => (await server.client.query<Record<string, string>>(`SHOW ${setting}`))[0]?.[setting]).toBe('off');
    await expect(prepareDatabase(url)).rejects.toMatchObject(unusable(sentence));
    expect(await prepareDatabase(url, { allowsUnsynced: true })).toMatchObject({ isNew: true });
    await change(`ALTER SYSTEM RESET ${setting}`);
    await expect.poll(async () => (await server.client.query<Record<string, string>>(`SHOW ${setting}`))[0]?.[setting]).toBe('on');
    expect(await prepareDatabase(url)).toMatchObject({ isNew: false });
  });

  test('so is synchronous_commit = off of the database or of the user alone', async () => {
    const url = await server.createDatabase();
    await server.client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
    await expect(prepareDatabase(url)).rejects.toMatchObject(unusable('synchronous_commit = off'));
  });

  test('a wrong password, a user without rights, no such database; and what may mend itself: no server, or none that takes connections', async () => {
    const url = new URL(await server.createDatabase());
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(prepareDatabase(wrong.href)).rejects.toMatchObject(unusable('refuses the user or the password'));
    await server.client.query("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    const guest = new URL(url);
    guest.username = guest.password = 'guest';
    await expect(prepareDatabase(guest.href)).rejects.toMatchObject(unusable('lacks a right'));
    await expect(prepareDatabase(new URL('/nowhere', url).href)).rejects.toMatchObject(unusable('does not exist'));
    const nobody = new URL(url);
    nobody.port = '1';
    await expect(prepareDatabase(nobody.href)).rejects.toMatchObject(away('ECONNREFUSED'));
    await server.client.query(`ALTER DATABASE ${url.pathname.slice(1)} ALLOW_CONNECTIONS false`);
    await expect(prepareDatabase(url.href)).rejects.toMatchObject(away('not currently accepting connections'));
    for (const each of [wrong, nobody]) {
      const error: unknown = await prepareDatabase(each.href).catch((failure: unknown) => failure);
      expect(String(error)).not.toContain(each.password);
    }
  });

  test('a newer schema, and tables of another program', async () => {
    const newer = await server.createDatabase();
    await prepareDatabase(newer);
    await ask(newer, "UPDATE fact SET value = '99' WHERE key = 'schema'");
    // It was only added to: this version may start again while the newer one takes its place.
    expect(await prepareDatabase(newer)).toMatchObject({ isNew: false });
    await ask(newer, "UPDATE fact SET value = '98' WHERE key = 'schema-oldest'");
    const told = 'The store has schema 99, for gateways that know schema 98 or newer; this gateway knows up to';
    await expect(prepareDatabase(newer)).rejects.toMatchObject(unusable(told));
    await ask(newer, "DELETE FROM fact WHERE key = 'schema-oldest'");
    await expect(prepareDatabase(newer)).rejects.toMatchObject(unusable('Run the newer gateway that wrote it'));
    const other = await server.createDatabase();
    await ask(other, 'CREATE TABLE fact (a integer)');
    await expect(prepareDatabase(other)).rejects.toMatchObject(unusable('tables of another program'));
  });

  test('an encoding that cannot hold every message', async () => {
    await server.client.query("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    await expect(prepareDatabase(server.url('latin'))).rejects.toMatchObject(unusable('the encoding LATIN1'));
  });

  test('a clock that differs by more than 30 seconds, either way', async () => {
    const url = await server.createDatabase();
    for (const offMs of [-40_000, 40_000]) {
      const prepared = prepareDatabase(url, { now: () => Date.now() + offMs });
      await expect(prepared).rejects.toMatchObject(unusable('differ by 40 s'));
    }
    await prepareDatabase(url, { now: () => Date.now() + 20_000 });
  });

  test('a standby', async () => {
    await using standby = await server.startStandby();
    await expect(prepareDatabase(standby.url())).rejects.toMatchObject(unusable('The server is a standby'));
  });

  test('a server without a connection to spare: those that were made are closed again', async () => {
    await server.client.query("CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 2");
    const url = new URL(await server.createDatabase());
    await server.client.query(`ALTER DATABASE ${url.pathname.slice(1)} OWNER TO few`);
    url.username = url.password = 'few';
    // One for a statement, one to hear the others, and one more to try whether a pooler is in between.
    const opening = openPostgresStore({ url: url.href, hub: new Hub({ tickMs: () => 1 }), now: Date.now, connections: 1 });
    await expect(opening).rejects.toMatchObject(away('too many connections'));
    await expect.poll(() => server.client.query("SELECT pid FROM pg_stat_activity WHERE usename = 'few'")).toEqual([]);
  });

  test('many gateways that start at once on an empty database make one store', async () => {
    const url = await server.createDatabase();
    await using undo = new AsyncDisposableStack();
    const open = async () => undo.use(await openPostgresStore({ url, hub: new Hub({ tickMs: () => 1 }), now: Date.now, connections: 2 }));
    const stores = await Promise.all(Array.from({ length: 6 }, open));
    expect(stores.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(stores.map(({ epoch }) => epoch)).size).toBe(1);
  });

  test.skipIf(noPooler !== null)(
    'a pooler that lends connections for one transaction; one that lends them for a session is taken',
    async () => {
      const url = await server.createDatabase();
      await using transaction = await startPgBouncer(url, 'transaction');
      const options = { hub: new Hub({ tickMs: () => 1 }), now: Date.now, connections: 2 };
      await expect(openPostgresStore({ ...options, url: transaction.url })).rejects.toMatchObject(unusable('pool_mode = session'));
      await using session = await startPgBouncer(url, 'session');
      await using store = await openPostgresStore({ ...options, url: session.url });
      await store.facts.remember('greeting', 'hello');
      expect(await store.facts.recall('greeting')).toBe('hello');
    },
  );
});
