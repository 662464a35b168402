import { fileURLToPath } from 'node:url';

/** Node keeps the compiled code of modules here. A gateway then starts with 0.9 s of CPU instead of 1.5, a command with 0.3 instead of 0.5. */
const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url));

/** The environment of a Node process that a test spawns: what the test gives it, and little else. */
export function spawnEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE, ...env };
}
