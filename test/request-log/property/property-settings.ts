import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** A file system in memory where there is one: what is tested is what a death leaves, and hundreds of logs are opened. */
export const FAST_FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A longer search: `PROPERTY_RUNS=20000 npx vitest run test/request-log/property`. */
export const RUNS = numberOf('PROPERTY_RUNS');
/** The seed that a failure told, to have it again. */
export const SEED = numberOf('PROPERTY_SEED');

/** Time that so many runs may take at the very most, in milliseconds. */
export function timeLimitOf(runs: number): number {
  return 60_000 + runs * 1_000;
}

function numberOf(name: string): number | undefined {
  const text = process.env[name];
  return text === undefined ? undefined : Number(text);
}
