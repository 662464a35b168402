import { setTimeout as delay } from 'node:timers/promises';

/** Resolves when `condition` holds, for what has no event to wait on; how long that may take is the test's time limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(2);
}
