import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { storeCommandLine } from '../../scripts/store.ts';
import { answerCommand } from '../../scripts/support/command-line.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import type { StoreStats } from '../../src/datasources/request-log/store-upkeep.ts';
import { openDatabase } from '../request-log/postgres-support.ts';
import { successCallback } from '../support/callback-samples.ts';
import { fixedEnv } from '../support/fixed-env.ts';
import { newRequest } from '../support/new-request.ts';
import { openGateway } from '../support/open-gateway.ts';
import { tempFolder } from '../support/temp-folder.ts';

const DAY_MS = 86_400_000;
const DEVICE = [['ICCID', '89148000000000000001']] as const;

const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]) => answerCommand(storeCommandLine, args, env);

/** A database with a request that was complete 40 days ago and an open one; with a gateway on it or without. */
async function stored(gateway: string) {
  await using undo = new AsyncDisposableStack();
  const simulator = undo.use(await startSimulator());
  const folder = undo.use(await tempFolder());
  const database = undo.use(await openDatabase());
  const env = {
    ...(await fixedEnv(simulator, folder.path)),
    M2M_STORE_URL: database.url,
    M2M_STORE_KEYS: Buffer.alloc(32, 'a').toString('base64'),
    M2M_STORE_PLAINTEXT: 'off',
    M2M_STORE_JOURNAL: `${folder.path}/journal.sqlite`,
  };
  let at = Date.now() - 40 * DAY_MS;
  const log = await database.open({ now: () => at });
  for (const isDone of [true, false]) {
    const request = newRequest([DEVICE], { createdAt: at });
    const guid = randomUUID();
    await log.create(request);
    await log.step(request.id, 0, { type: 'SENDING' });
    await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: guid });
    if (isDone) await log.append(successCallback({ requestId: guid, ids: DEVICE, receivedAt: at }));
    at = Date.now();
  }
  if (gateway === 'running') undo.use(await openGateway(simulator, `${folder.path}/unused.sqlite`, env));
  const built = undo.move();
  return { env, database, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

test.each(['running', 'not running'])('stats, purge, reseal and verify of a database, with the gateway %s', async (gateway) => {
  await using store = await stored(gateway);
  const { env, database } = store;
  const stats = async () => JSON.parse((await run(env, 'stats', '--json')).stdout) as StoreStats;
  expect(await stats()).toMatchObject({ isDatabase: true, requestsByStatus: { SUCCEEDED: 1, IN_PROGRESS: 1 }, lastPurge: null });

  expect(await run(env, 'purge')).toEqual({ code: 0, stderr: '', stdout: 'Purged: 1 request, 0 messages that no request had\n' });
  expect(await stats()).toMatchObject({ requestsByStatus: { IN_PROGRESS: 1 }, lastPurge: { requests: 1 } });
  expect(await run(env, 'verify')).toEqual({ code: 0, stderr: '', stdout: 'No fault found: 1 request, 3 events read\n' });

  const shown = (await run(env, 'stats')).stdout;
  expect(shown).toMatch(/^STORE +PostgreSQL \w+\.public\nepoch +[0-9a-f]{8}\n/);
  expect(shown).toMatch(/\ndatabase +\d+\.\d MB\n/);
  expect(shown).not.toMatch(/write-ahead|backup/);

  expect(await run(env, 'reseal')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Resealed: 1 row; /) as string });
  await database.sql('UPDATE event SET counts[1] = 7 WHERE seq = 3');
  expect(await run(env, 'verify')).toMatchObject({ code: 1, stdout: expect.stringContaining('do not add up to') as string });
});

test('what only a file has is refused with a sentence that says what to do for a database', async () => {
  await using store = await stored('not running');
  const { env } = store;
  expect(await run(env, 'backup', 'backup.sqlite')).toMatchObject({ code: 1, stderr: expect.stringContaining('pg_dump') as string });
  expect(await run(env, 'accept-damage')).toMatchObject({ code: 1, stderr: expect.stringContaining('pg_restore') as string });
});
