import { expect, test } from 'vitest';
import { RateLimit } from '../../src/lib/rate-limit.ts';

/** What is done at one moment, in milliseconds: who takes how much, and what it is told. */
type Step = readonly [at: number, name: string, amount: number, told: number | null];

const PER_MINUTE = 60;

const TABLE: readonly (readonly [what: string, steps: readonly Step[]])[] = [
  [
    'a minute’s worth may go at once, and not one more',
    [
      [0, 'a', 59, null],
      [0, 'a', 1, null],
      [0, 'a', 1, 1_000],
    ],
  ],
  [
    'the wait is for what is missing',
    [
      [0, 'a', 60, null],
      [0, 'a', 5, 5_000],
      [2_000, 'a', 5, 3_000],
      [4_999, 'a', 5, 1],
      [5_000, 'a', 5, null],
    ],
  ],
  [
    'what was refused costs nothing',
    [
      [0, 'a', 60, null],
      [0, 'a', 60, 60_000],
      [0, 'a', 60, 60_000],
      [1_000, 'a', 1, null],
    ],
  ],
  [
    'it fills at the rate, and no further than a minute’s worth',
    [
      [0, 'a', 60, null],
      [600_000, 'a', 61, 1_000],
      [600_000, 'a', 60, null],
    ],
  ],
  [
    'one is not another',
    [
      [0, 'a', 60, null],
      [0, 'a', 1, 1_000],
      [0, 'b', 60, null],
      [0, '__proto__', 60, null],
      [0, 'constructor', 60, null],
      [0, '', 60, null],
    ],
  ],
  [
    'more than there ever is waits, whenever it is asked for',
    [
      [0, 'a', 61, 1_000],
      [3_600_000, 'a', 61, 1_000],
      [3_600_000, 'a', 60, null],
    ],
  ],
  [
    'nothing is always there',
    [
      [0, 'a', 60, null],
      [0, 'a', 0, null],
    ],
  ],
  [
    'steadily at the rate nobody waits',
    [[0, 'a', 60, null], ...Array.from({ length: 50 }, (_, at): Step => [(at + 1) * 1_000, 'a', 1, null])],
  ],
];

test.each(TABLE)('%s', (_what, steps) => {
  let now = 0;
  const limit = new RateLimit(PER_MINUTE, () => now);
  for (const [at, name, amount, told] of steps) {
    now = at;
    expect([at, name, limit.take(name, amount)]).toEqual([at, name, told]);
  }
});

test('no minute takes more than the amount of two minutes, however it is spread', () => {
  let now = 0;
  const limit = new RateLimit(PER_MINUTE, () => now);
  const taken: number[] = [];
  for (; now < 300_000; now += 50) if (limit.take('a', 1) === null) taken.push(now);
  const within = taken.map((from) => taken.filter((at) => at >= from && at < from + 60_000).length);
  expect(Math.max(...within)).toBeLessThanOrEqual(2 * PER_MINUTE);
  expect(taken.length).toBeGreaterThanOrEqual(PER_MINUTE * 6 - 1);
});

test('after ten thousand more names, only the names that have their whole amount again are forgotten', () => {
  let now = 0;
  const limit = new RateLimit(PER_MINUTE, () => now);
  limit.take('empty', 60);
  for (let name = 0; name < 20_000; name++) limit.take(`name ${name}`, 1);
  expect(limit.take('empty', 1)).toBe(1_000);
  now = 30_000;
  for (let name = 0; name < 20_000; name++) limit.take(`other ${name}`, 1);
  expect(limit.take('empty', 31)).toBe(1_000);
  expect(limit.take('empty', 30)).toBeNull();
});
