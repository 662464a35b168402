import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { transformWithOxc } from 'vite';
import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { spawnEnv } from '../support/spawn-env.ts';
import { startStack } from '../support/stack.ts';

const root = join(import.meta.dirname, '../..');

test('the examples run where newer functions are missing: Node 20, Safari 16, React Native', async () => {
  await using stack = await startStack();
  const { id } = await activateDevices(stack, 5);
  const output = await run([
    '--import',
    './test/clients/older-runtime.ts',
    'test/clients/follow-once.ts',
    stack.gateway.urls.websocket,
    id,
  ]);
  expect(output).toBe(
    'followWithGraphqlWs SUCCEEDED\nfollowWithApollo SUCCEEDED\nfollowWithUrql SUCCEEDED\nOutcomeStore SUCCEEDED {"SUCCEEDED":5}\n',
  );
});

test('the examples use nothing that is newer than ES2022', async () => {
  expect(await run(['node_modules/typescript/bin/tsc', '-p', 'examples/tsconfig.json'])).toBe('');
});

test('the examples use no syntax that Safari 16 does not have: a bundler need not change it', async () => {
  const shapeFor = async (code: string, target: string | string[]) => (await transformWithOxc(code, 'example.ts', { target })).code;
  const isOldEnough = async (code: string) => (await shapeFor(code, ['safari16', 'es2022'])) === (await shapeFor(code, 'esnext'));
  expect(await isOldEnough('export function take(): void { using held = open(); }')).toBe(false);
  expect(await isOldEnough('export const word = /[\\p{L}--[a-z]]/v;')).toBe(false);
  for (const name of readdirSync(join(root, 'examples'))) {
    if (!name.endsWith('.ts')) continue;
    expect(await isOldEnough(readFileSync(join(root, 'examples', name), 'utf8')), name).toBe(true);
  }
});

async function run(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: root, env: spawnEnv({}) });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return stdout + stderr;
}
