import { spawnSync } from 'node:child_process';

/** The version of the redis-server on the path; null where there is none. */
export function findRedis(): string | null {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/v=(\S+)/.exec(stdout)?.[1] ?? 'of an unknown version') : null;
}
