import { expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';

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
