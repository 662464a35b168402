import { expect, test } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { damageLogs, tearLogs } from './damaged-log.ts';

const ROUNDS = 30;

test('with a damaged write-ahead log a store starts with all that was acknowledged, or not at all', async () => {
  const random = new SeededRandom();
  const { started, refused, faults } = await damageLogs(random, ROUNDS);
  expect(faults, `seed ${random.seed}`).toEqual([]);
  // Bytes behind the last frame belong to nobody.
  expect([started > 0, refused > 0], `seed ${random.seed}`).toEqual([true, true]);
});

test('a write-ahead log whose last commit was never synced starts, whatever of it is on disk', async () => {
  const random = new SeededRandom();
  expect(await tearLogs(random, ROUNDS), `seed ${random.seed}`).toEqual({ started: ROUNDS, refused: 0, faults: [] });
});
