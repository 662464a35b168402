import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { spawnEnv } from './spawn-env.ts';

/** Runs `scripts/<name>.ts` with this environment alone, in a folder without a `.env`. */
export async function runScript(name: 'callbacks' | 'keys' | 'store', env: Readonly<Record<string, string>>, args: readonly string[]) {
  const script = join(import.meta.dirname, '../../scripts', `${name}.ts`);
  const child = spawn(process.execPath, [script, ...args], { cwd: import.meta.dirname, env: spawnEnv(env) });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number]>]);
  return { code, stdout, stderr };
}
