import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { needPostgres } from '../support/need-postgres.ts';
import { PostgresClient } from '../support/postgres-client.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { spawnEnv } from '../support/spawn-env.ts';
import { until } from '../support/until.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`The PostgreSQL that tests start is not tested: ${reason}.\n`);

const SERVER = fileURLToPath(new URL('../support/postgres-server.ts', import.meta.url));

test.skipIf(reason !== null)('tests of one run share a server, and have a database each that goes away with its scope', async () => {
  const [postgres, again] = await Promise.all([needPostgres(), needPostgres()]);
  expect(again.url()).toBe(postgres.url());
  const gone = await useDatabase(postgres);
  expect(await postgres.query('SELECT 1 FROM pg_database WHERE datname = $1', [nameIn(gone)])).toEqual([]);
});

async function useDatabase(postgres: PostgresClient): Promise<string> {
  await using one = await postgres.openDatabase();
  await using other = await postgres.openDatabase();
  await postgres.query('CREATE TABLE only_here (n int)', [], nameIn(one.url));
  const tables = await postgres.query("SELECT 1 FROM pg_class WHERE relname = 'only_here'", [], nameIn(other.url));
  expect(tables).toEqual([]);
  return one.url;
}

test.skipIf(reason !== null)('a server goes on with what it has answered after a crash, on the same port', async () => {
  await using server = await startPostgres({ settings: { work_mem: '5MB' } });
  const url = await server.createDatabase();
  await server.client.query('CREATE TABLE kept AS SELECT 7 AS n', [], nameIn(url));
  await server.stop('immediate');
  await expect(server.client.query('SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await server.start();
  expect(await server.client.query('SELECT n FROM kept', [], nameIn(url))).toEqual([{ n: 7 }]);
  expect(await server.client.query('SHOW work_mem')).toEqual([{ work_mem: '5MB' }]);
  await server.stop('fast');
  await server.start();
  expect(await server.client.query('SELECT n FROM kept', [], nameIn(url))).toEqual([{ n: 7 }]);
});

test.skipIf(reason !== null)('a standby follows its server, refuses writes, and takes them once it is promoted', async () => {
  await using server = await startPostgres();
  await using standby = await server.startStandby();
  await server.client.query('CREATE TABLE followed AS SELECT 7 AS n');
  await until(async () => (await standby.client.query("SELECT 1 FROM pg_class WHERE relname = 'followed'")).length > 0);
  await expect(standby.client.query('INSERT INTO followed VALUES (8)')).rejects.toMatchObject({ code: '25006' });
  await server.stop('immediate');
  await standby.promote();
  await standby.client.query('INSERT INTO followed VALUES (8)');
  expect(await standby.client.query('SELECT n FROM followed')).toEqual([{ n: 7 }, { n: 8 }]);
});

test.skipIf(reason !== null)('connections to one database are cut, and others go on', async () => {
  const postgres = await needPostgres();
  await using one = await postgres.openDatabase();
  await using other = await postgres.openDatabase();
  const holding = [one, other].map(({ url }) => new PostgresClient(url).query('SELECT pg_sleep(600)', [], nameIn(url)));
  const settled = Promise.allSettled(holding);
  const isSleeping = async ({ url }: { readonly url: string }) => {
    const sleeping = "SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND wait_event = 'PgSleep'";
    return (await postgres.query(sleeping, [nameIn(url)])).length === 1;
  };
  for (const database of [one, other]) await until(() => isSleeping(database));
  expect(await postgres.cutConnections(one.url)).toBe(1);
  expect(await isSleeping(other)).toBe(true);
  expect(await postgres.cutConnections(other.url)).toBe(1);
  expect(await settled).toMatchObject([{ reason: { code: '57P01' } }, { reason: { code: '57P01' } }]);
});

test.skipIf(reason !== null)('a server does not survive the process that started it, and leaves no file behind', async () => {
  const script = `const { startPostgres } = await import('${SERVER}');
    const server = await startPostgres();
    const standby = await server.startStandby();
    console.log(JSON.stringify({ folders: [server.folder, standby.folder], urls: [server.url(), standby.url()] }));
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: spawnEnv({ POSTGRES_BIN: process.env['POSTGRES_BIN'] ?? '' }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await Promise.race([once(createInterface(parent.stdout), 'line'), once(parent, 'exit')])) as [string];
  const { folders, urls } = JSON.parse(line) as { folders: string[]; urls: string[] };
  expect(await Promise.all(urls.map(answers))).toEqual([true, true]);
  parent.kill('SIGKILL');
  await until(() => !folders.some((folder) => existsSync(folder)));
  expect(await Promise.all(urls.map(answers))).toEqual([false, false]);
});

function answers(url: string): Promise<boolean> {
  return new PostgresClient(url).query('SELECT 1').then(
    () => true,
    () => false,
  );
}

function nameIn(url: string): string {
  return new URL(url).pathname.slice(1);
}
