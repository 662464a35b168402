import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { storeCommandLine } from '../../scripts/store.ts';
import { answerCommand } from '../../scripts/support/command-line.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import type { StoreStats } from '../../src/datasources/request-log/store-upkeep.ts';
import { successCallback } from '../support/callback-samples.ts';
import { fixedEnv } from '../support/fixed-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { newRequest } from '../support/new-request.ts';
import { openGateway } from '../support/open-gateway.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

const DAY_MS = 86_400_000;
const DEVICE = [['ICCID', '89148000000000000001']] as const;

/** A store with a request that was complete 40 days ago, one of 3 days ago, and an open one; with a gateway on it or without. */
async function stored(gateway: string) {
  await using undo = new AsyncDisposableStack();
  const simulator = undo.use(await startSimulator());
  const folder = undo.use(await tempFolder());
  const env = await fixedEnv(simulator, folder.path);
  const path = env['M2M_STORE_PATH'] ?? '';
  const now = Date.now();
  let at = now;
  const log = openLog(path, { now: () => at });
  for (const days of [40, 3]) {
    at = now - days * DAY_MS;
    const request = newRequest([DEVICE], { createdAt: at });
    const guid = randomUUID();
    await log.create(request);
    await log.step(request.id, 0, { type: 'SENDING' });
    await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: guid });
    await log.append(successCallback({ requestId: guid, ids: DEVICE, receivedAt: at }));
  }
  at = now;
  const open = newRequest([DEVICE], { createdAt: now });
  await log.create(open);
  await log.step(open.id, 0, { type: 'SENDING' });
  await log.step(open.id, 0, { type: 'ACCEPTED', carrierRequestId: randomUUID() });
  await log[Symbol.asyncDispose]();
  if (gateway === 'running') undo.use(await openGateway(simulator, path, env));
  const built = undo.move();
  return { env, path, folder: folder.path, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]) => answerCommand(storeCommandLine, args, env);

test.each(['running', 'not running'])('stats, purge, backup and verify, with the gateway %s', async (gateway) => {
  await using store = await stored(gateway);
  const { env, folder, path } = store;
  const stats = async () => JSON.parse((await run(env, 'stats', '--json')).stdout) as StoreStats;
  expect(await stats()).toMatchObject({
    path,
    requestsByStatus: { SUCCEEDED: 2, IN_PROGRESS: 1 },
    approximateEvents: 11,
    lastPurge: null,
    lastBackupAt: null,
  });

  expect(await run(env, 'purge')).toEqual({ code: 0, stderr: '', stdout: 'Purged: 1 request, 0 messages that no request had\n' });
  expect((await stats()).lastPurge).toMatchObject({ requests: 1, messages: 0 });
  expect(JSON.parse((await run(env, 'purge', '--json', '--older-than-days', '2')).stdout)).toMatchObject({ requests: 1 });
  expect((await stats()).requestsByStatus).toEqual({ IN_PROGRESS: 1 });

  const file = `${folder}/backup.sqlite`;
  const backup = await run(env, 'backup', file);
  expect(backup).toMatchObject({ code: 0, stderr: '' });
  expect(backup.stdout).toMatch(new RegExp(`^Backup written: ${file} \\(\\d+\\.\\d kB, \\d+\\.\\d s\\)\n$`));
  expect(await run(env, 'backup', file)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('is there already') as string,
  });
  expect((await stats()).lastBackupAt).toBeGreaterThan(0);
  // npm runs it in the project's folder; the file is meant where the person is.
  expect(await run({ ...env, INIT_CWD: folder }, 'backup', 'second.sqlite')).toMatchObject({ code: 0 });
  expect(readdirSync(folder)).toContain('second.sqlite');

  const good = { code: 0, stderr: '', stdout: 'No fault found: 1 request, 3 events read\n' };
  expect(await run(env, 'verify')).toEqual(good);
  expect(await run({}, 'verify', file)).toEqual(good);
  expect(readdirSync(folder).filter((name) => name.includes('verify'))).toEqual([]);

  const shown = await run(env, 'stats');
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/^STORE +\S+gateway\.sqlite\nepoch +[0-9a-f]{8}\n/);
  expect(shown.stdout).toMatch(/\nrequests IN_PROGRESS +1\n/);
  expect(shown.stdout).toMatch(/\nlast purge +\d{4}-\d\d-\d\dT\S+, 1 request\n/);
});

test('verify names what is wrong, with the gateway running too, and ends with 1', async () => {
  await using store = await stored('not running');
  const { env, path, folder } = store;
  const db = new DatabaseSync(path);
  db.exec('DELETE FROM event WHERE pk = 2');
  db.close();
  const found = {
    code: 1,
    stderr: '',
    stdout: expect.stringMatching(/^1 fault found: 3 requests, 10 events read\nThe log of request req_\w+ goes from 1 to 3\.\n/) as string,
  };
  expect(await run(env, 'verify')).toEqual(found);
  expect(JSON.parse((await run(env, 'verify', '--json')).stdout)).toMatchObject({
    totalFaults: 1,
    faults: [expect.stringContaining('goes from 1 to 3')],
  });
  const backup = `${folder}/backup.sqlite`;
  await run(env, 'backup', backup);
  const bytes = readFileSync(backup);
  bytes.write('X', bytes.indexOf('activateResponse'));
  writeFileSync(backup, bytes);
  expect(await run({}, 'verify', backup)).toMatchObject({ code: 1, stdout: expect.stringMatching(/^\d+ faults found/) as string });
  await using simulator = await startSimulator();
  await using _gateway = await openGateway(simulator, path, env);
  expect(await run(env, 'verify')).toEqual(found);
});

test('a store that a gateway holds whose admin listener is elsewhere is left alone', async () => {
  await using store = await stored('not running');
  const { env, folder } = store;
  await using _gateway = await spawnGateway({ ...env, M2M_ADMIN_PORT: '0' });
  for (const args of [['stats'], ['purge'], ['verify'], ['backup', `${folder}/backup.sqlite`]])
    expect(await run(env, ...args)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Another process has the store') as string,
    });
  expect(readdirSync(folder)).not.toContain('backup.sqlite');
});

test('where there is no store none is made', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  const env = await fixedEnv(simulator, folder.path);
  for (const args of [['stats'], ['purge'], ['verify'], ['verify', 'none.sqlite'], ['backup', `${folder.path}/backup.sqlite`]])
    expect(await run(env, ...args)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('There is no store at') as string,
    });
  expect(readdirSync(folder.path)).toEqual([]);
});

test('--help explains every command and needs no configuration', async () => {
  const answer = await run({}, 'purge', '--help');
  expect(answer).toMatchObject({ code: 0, stderr: '' });
  for (const word of ['backup FILE', 'verify FILE', '--older-than-days N', 'stats', '--json']) expect(answer.stdout).toContain(word);
});

test.each([
  [[]],
  [['vacuum']],
  [['backup']],
  [['backup', '--force']],
  [['stats', 'all']],
  [['purge', '--older-than-days', '0']],
  [['purge', '--older-than-days', '1.5']],
  [['purge', '30']],
])('wrong usage %j ends with 2 and the usage, and does nothing', async (args) => {
  expect(await run({}, ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: npm run store') as string });
});
