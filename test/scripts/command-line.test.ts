import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { unreadPipe } from '../support/unread-pipe.ts';
import { until } from '../support/until.ts';

const SOURCE = join(import.meta.dirname, '../../scripts/support/command-line.ts');
const SCRIPT = `
const { runCommandLine } = await import(${JSON.stringify(SOURCE)});
await runCommandLine({ help: '', takesJson: false, run: async () => ({ text: 'x'.repeat(300_000) + 'END' }) });
`;

function start(output: number) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], { stdio: ['ignore', output, 'pipe'] });
  return { exited: once(child, 'exit'), complaints: child.stderr === null ? null : text(child.stderr) };
}

test('a command ends when all it says has been read, however slowly', async () => {
  await using pipe = await unreadPipe();
  const { exited } = start(pipe.writeEnd);
  let said = '';
  await until(() => (said += pipe.read()).includes('END'));
  expect(said).toHaveLength(300_003);
  expect(await exited).toEqual([0, null]);
});

test('a command whose reader has left ends without a word', async () => {
  await using pipe = await unreadPipe();
  pipe.closeReader();
  const { exited, complaints } = start(pipe.writeEnd);
  expect([await exited, await complaints]).toEqual([[0, null], '']);
});
