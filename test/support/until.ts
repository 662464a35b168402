import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a condition that has no event. Only the test's time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(2);
}
