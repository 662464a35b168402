import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { fixedEnv } from '../support/fixed-env.ts';
import { openLog } from '../support/open-log.ts';
import { runScript } from '../support/run-script.ts';
import { tempFolder } from '../support/temp-folder.ts';

test.each([
  ['callbacks', 'list'],
  ['keys', 'list'],
  ['store', 'stats'],
] as const)('npm run %s ends with 0, 1 or 2, and complains on standard error only', async (script, command) => {
  const [help, failure, misuse] = await Promise.all([['--help'], [command], ['unheard-of']].map((args) => runScript(script, {}, args)));
  expect(help).toEqual({ code: 0, stderr: '', stdout: expect.stringMatching(`^Usage: npm run ${script} `) as string });
  expect(failure).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^The configuration has \d+ faults:\n/) as string });
  expect(misuse).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(`^Not a command.*\n\nUsage: npm run ${script} `) as string });
});

test('a command that has done its work ends with 0, one that found faults with 1: what it found is on standard output alone', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  const env = await fixedEnv(simulator, folder.path);
  await openLog(env['M2M_STORE_PATH'] ?? '')[Symbol.asyncDispose]();
  const noStore = `${folder.path}/no-store`;
  writeFileSync(noStore, 'no store');
  // One after the other: a store has one process at a time.
  const stats = await runScript('store', env, ['stats', '--json']);
  expect({ ...stats, stdout: JSON.parse(stats.stdout) as unknown }).toEqual({
    code: 0,
    stderr: '',
    stdout: expect.objectContaining({ requestsByStatus: {}, purging: 0 }) as unknown,
  });
  expect(await runScript('keys', env, ['list'])).toEqual({ code: 0, stderr: '', stdout: expect.stringMatching(/\S/) as string });
  expect(await runScript('callbacks', env, ['list'])).toEqual({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/^ACCOUNT +SERVICE +STATE/) as string,
  });
  expect((await runScript('store', env, ['verify', noStore])).code).toBe(1);
});
