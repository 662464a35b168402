import { expect, test } from 'vitest';
import { SharedQuota } from '../../src/lib/shared-quota.ts';

/** A quota on a clock that goes on only when somebody sleeps, or the test says so. */
function quotaOf(perMinute: number) {
  const clock = { now: 0 };
  const sleep = (ms: number) => {
    clock.now += ms;
    return Promise.resolve();
  };
  return { clock, quota: new SharedQuota({ perMinute, now: () => clock.now, sleep }) };
}

async function takeAll(quota: SharedQuota, caller: string): Promise<number> {
  for (let taken = 0; ; taken++) if ((await quota.take(caller, 0)) !== null) return taken;
}

test('a caller alone gets half, so that the next one finds the other half', async () => {
  const { quota } = quotaOf(10);
  expect(await takeAll(quota, 'one')).toBe(5);
  expect(await takeAll(quota, 'two')).toBe(5);
});

test('of three callers each gets a third, and together never more than there are', async () => {
  const { quota } = quotaOf(9);
  for (const caller of ['one', 'two', 'three']) expect(await quota.take(caller, 0)).toBeNull();
  expect([await takeAll(quota, 'one'), await takeAll(quota, 'two'), await takeAll(quota, 'three')]).toEqual([2, 2, 2]);
  expect(await quota.take('four', 0)).toBe(60_000);
});

test('after a minute each call is free again', async () => {
  const { quota, clock } = quotaOf(2);
  expect(await quota.take('one', 0)).toBeNull();
  clock.now = 10_000;
  expect(await quota.take('one', 0)).toBe(50_000);
  clock.now = 59_999;
  expect(await quota.take('one', 0)).toBe(1);
  clock.now = 60_000;
  expect(await quota.take('one', 0)).toBeNull();
});

test('a caller waits when its turn comes within its patience, and is told at once when it does not', async () => {
  const { quota, clock } = quotaOf(2);
  await quota.take('one', 0);
  clock.now = 57_000;
  expect(await quota.take('one', 2_000)).toBe(3_000);
  expect(clock.now).toBe(57_000);
  clock.now = 58_500;
  expect(await quota.take('one', 2_000)).toBeNull();
  expect(clock.now).toBe(60_000);
});

test('a call that is given back can be taken again', async () => {
  const { quota } = quotaOf(2);
  await quota.take('one', 0);
  quota.giveBack('one');
  quota.giveBack('another');
  expect(await quota.take('one', 0)).toBeNull();
});
