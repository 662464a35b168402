import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { storeCommandLine } from '../../scripts/store.ts';
import { answerCommand } from '../../scripts/support/command-line.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { successCallback } from '../support/callback-samples.ts';
import { fixedEnv } from '../support/fixed-env.ts';
import { openGateway } from '../support/open-gateway.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

const KEY_A = Buffer.alloc(32, 'a').toString('base64');
const KEY_B = Buffer.alloc(32, 'b').toString('base64');
const [ID_A, ID_B] = ['3ba3f5f4', 'bdb33976'];

/** The environment of a gateway whose store has a callback that lies plain. */
async function stored() {
  await using undo = new AsyncDisposableStack();
  const simulator = undo.use(await startSimulator());
  const folder = undo.use(await tempFolder());
  const env = await fixedEnv(simulator, folder.path);
  const path = env['M2M_STORE_PATH'] ?? '';
  await using log = openLog(path);
  await log.append(successCallback({ requestId: randomUUID(), ids: [['ICCID', '89148000000000000001']], receivedAt: Date.now() }));
  const built = undo.move();
  return { simulator, env, path, folder: folder.path, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]) => answerCommand(storeCommandLine, args, env);

test('reseal seals what lies plain, then exchanges the key, with the gateway running and without it', async () => {
  await using store = await stored();
  const { simulator, env, path, folder } = store;
  const withA = { ...env, M2M_STORE_KEYS: KEY_A };
  {
    await using _gateway = await openGateway(simulator, path, withA);
    // What the gateway has is what counts, not what the command was given.
    expect(await run(env, 'reseal')).toEqual({ code: 0, stderr: '', stdout: `Resealed: 1 row; everything is sealed with key ${ID_A}\n` });
    expect(JSON.parse((await run(env, 'reseal', '--json')).stdout)).toEqual({ rows: 0, keyId: ID_A });
  }
  const keys = `${folder}/keys`;
  writeFileSync(keys, `${KEY_B}\n${KEY_A}\n`);
  const withBoth = { ...env, M2M_STORE_KEYS_FILE: keys };
  expect((await run(withBoth, 'stats')).stdout).toMatch(new RegExp(`\nsealed with +${ID_B}\nolder rows with +${ID_A}\n$`));
  expect(await run(withBoth, 'reseal')).toMatchObject({ code: 0, stdout: `Resealed: 1 row; everything is sealed with key ${ID_B}\n` });
  expect(await run(withA, 'stats')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining(`not configured (${ID_B})`) as string,
  });
});

test('reseal without a key is refused, with the gateway running and without it', async () => {
  await using store = await stored();
  const { simulator, env, path } = store;
  const refused = { code: 1, stdout: '', stderr: expect.stringContaining('Nothing was resealed: the gateway has no key') as string };
  expect(await run(env, 'reseal')).toMatchObject(refused);
  await using _gateway = await openGateway(simulator, path, env);
  expect(await run(env, 'reseal')).toMatchObject(refused);
});

test('a sealed backup is verified with the keys of the environment alone; without them it says what it has not read', async () => {
  await using store = await stored();
  const { env, path, folder } = store;
  const withA = { ...env, M2M_STORE_KEYS: KEY_A };
  const backup = `${folder}/backup.sqlite`;
  {
    await using log = openLog(path, { keys: [Buffer.from(KEY_A, 'base64')] });
    while (!(await log.upkeep.resealStep()).done);
    await log.upkeep.backup(backup);
  }
  const good = 'No fault found: 0 requests, 0 events read';
  for (const verified of [await run(withA, 'verify'), await run({ M2M_STORE_KEYS: KEY_A }, 'verify', backup)])
    expect(verified).toEqual({ code: 0, stderr: '', stdout: `${good}\n` });
  expect(await run({}, 'verify', backup)).toEqual({
    code: 0,
    stderr: '',
    stdout: `${good}; 1 sealed value not, for M2M_STORE_KEYS does not hold ${ID_A}\n`,
  });
  expect(await run({ M2M_STORE_KEYS: 'misspelt' }, 'verify', backup)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^M2M_STORE_KEYS must be keys of 32 bytes/) as string,
  });
});
