import { expect, test } from 'vitest';
import { Hub, onWake } from '../../src/datasources/request-log/hub.ts';
import { until } from '../support/until.ts';

test('work after a wake-up runs once at a time, again when it fails, and not after the end', async () => {
  const hub = new Hub({ tickMs: () => 1 });
  const failures: unknown[] = [];
  let running = 0;
  let most = 0;
  let runs = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    if (++runs === 1) throw new Error('the first fails');
  };
  const follower = onWake(hub, 'topic', work, (error) => failures.push(error));
  hub.wake('topic');
  await until(() => runs === 2);
  expect(failures).toEqual([new Error('the first fails')]);
  for (let wake = 0; wake < 5; wake++) hub.wake('topic');
  await until(() => runs > 2);
  follower[Symbol.dispose]();
  const before = runs;
  hub.wake('topic');
  await new Promise(setImmediate);
  expect({ runs, most, topics: hub.topics }).toEqual({ runs: before, most: 1, topics: 0 });
});
