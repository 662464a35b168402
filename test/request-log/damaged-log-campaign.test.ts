import { expect, test } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { damageLogs, tearLogs } from './damaged-log.ts';

const ROUNDS = 250;

test('hundreds of damaged write-ahead logs: all that was acknowledged, or a refusal', { timeout: 120_000 }, async () => {
  const random = new SeededRandom();
  expect((await damageLogs(random, ROUNDS)).faults, `seed ${random.seed}`).toEqual([]);
});

test('hundreds of torn write-ahead logs: each starts', { timeout: 120_000 }, async () => {
  const random = new SeededRandom();
  expect((await tearLogs(random, ROUNDS)).faults, `seed ${random.seed}`).toEqual([]);
});
