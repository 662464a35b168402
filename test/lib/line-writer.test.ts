import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unreadPipe } from '../support/unread-pipe.ts';
import { until } from '../support/until.ts';

const SOURCE = join(import.meta.dirname, '../../src/lib/line-writer.ts');
const LINES = 30_000;

/** Writes 30,000 lines of 100 bytes at once, tells how many were dropped, and writes one more when it is told to. */
const SCRIPT = `
const { LineWriter } = await import(${JSON.stringify(SOURCE)});
const writer = new LineWriter(1);
writer.onGap = (count) => writer.write('gap ' + count + '\\n');
for (let number = 0; number < ${LINES}; number++) writer.write(String(number).padEnd(99, '.') + '\\n');
process.on('message', () => writer.write('last\\n'));
process.send({ dropped: writer.dropped });
`;

/** Writes one line that a pipe holds only in parts, and tells so. */
const LONG = 500_000;
const LONG_SCRIPT = `
const { LineWriter } = await import(${JSON.stringify(SOURCE)});
const writer = new LineWriter(1);
writer.write('x'.repeat(${LONG}) + '\\n');
process.on('message', () => writer.write('last\\n'));
process.send({ dropped: writer.dropped });
`;

async function startWriter(output: number | 'pipe', script = SCRIPT) {
  const stdio: StdioOptions = ['ignore', output, 'inherit', 'ipc'];
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio });
  const [{ dropped }] = (await once(child, 'message')) as [{ dropped: number }];
  return { child, dropped };
}

/** Every line is whole and in its order; those that were dropped are told of, at the place where they are missing. */
function expectWholeLines(text: string, dropped: number): void {
  const lines = text.split('\n').slice(0, -1);
  const gap = lines.findIndex((line) => line.startsWith('gap'));
  const numbers = lines.slice(0, gap).map((line) => (line.length === 99 ? Number.parseInt(line, 10) : Number.NaN));
  expect(numbers).toEqual(Array.from({ length: LINES - dropped }, (_, number) => number));
  expect(lines.slice(gap)).toEqual([`gap ${dropped}`, 'last']);
}

test('while nobody reads a pipe, a megabyte of lines waits for the reader; the others are dropped and counted', async () => {
  await using pipe = await unreadPipe();
  const { child, dropped } = await startWriter(pipe.writeEnd);
  expect(dropped).toBeGreaterThan(LINES / 2);
  expect(dropped).toBeLessThan(LINES - 1_048_576 / 100);
  let text = '';
  await until(() => (text += pipe.read()).includes('gap'));
  child.send('more');
  await until(() => (text += pipe.read()).includes('last'));
  child.disconnect();
  await once(child, 'exit');
  expectWholeLines(text, dropped);
});

test('the same holds for a socket, as a service manager gives one', async () => {
  const { child, dropped } = await startWriter('pipe');
  expect(dropped).toBeGreaterThan(LINES / 2);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await until(() => text.includes('gap'));
  child.send('more');
  await until(() => text.includes('last'));
  child.disconnect();
  await once(child, 'exit');
  expectWholeLines(text, dropped);
});

test('a line of which a pipe takes only a part at a time comes whole', async () => {
  await using pipe = await unreadPipe();
  const { child, dropped } = await startWriter(pipe.writeEnd, LONG_SCRIPT);
  expect(dropped).toBe(0);
  let text = '';
  child.send('more');
  await until(() => (text += pipe.read()).includes('last'));
  child.disconnect();
  await once(child, 'exit');
  expect(text).toBe(`${'x'.repeat(LONG)}\nlast\n`);
});
