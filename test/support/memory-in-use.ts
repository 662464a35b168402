import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What this process needs after garbage was collected, in bytes. */
export function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The same when what was closed a moment ago is no longer held: the least of a few looks. */
export async function settledMemory(): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < 10; look++) {
    await delay(20);
    least = Math.min(least, memoryInUse());
  }
  return least;
}
