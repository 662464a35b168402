import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';

/** Longer than all callers have of one turn of the event loop. */
const LONG_MS = 25;

/** Keeps the process busy, as the execution of an operation does. */
function work(milliseconds: number): void {
  const from = performance.now();
  while (performance.now() - from < milliseconds);
}

/** Counts the turns of the event loop. */
function loopTurns() {
  let count = 0;
  let next = setImmediate(function turn() {
    count++;
    next = setImmediate(turn);
  });
  return { now: () => count, [Symbol.dispose]: () => clearImmediate(next) };
}

const times = <Value>(count: number, value: (at: number) => Value) => Array.from({ length: count }, (_, at) => value(at));

test('a new caller does not wait for all the work that another has waiting', async () => {
  const scheduler = new FairScheduler();
  const order: string[] = [];
  const take = (caller: string) => scheduler.waitForTurn(caller, 'ask').then(() => void order.push(caller));
  const flood = times(500, () => take('flooder'));
  expect(scheduler.waiting).toBe(500);
  await Promise.all([...flood, take('other'), take('other')]);
  expect(order.lastIndexOf('other')).toBeLessThan(10);
  expect(scheduler.waiting).toBe(0);
});

test('callers get the same share of the time, however long each piece of their work takes', async () => {
  const scheduler = new FairScheduler();
  const order: string[] = [];
  const take = async (caller: string, milliseconds: number) => {
    await scheduler.waitForTurn(caller, 'ask');
    work(milliseconds);
    order.push(caller);
  };
  await Promise.all([...times(20, () => take('long', LONG_MS)), ...times(40, () => take('short', 0))]);
  expect(order.filter((caller) => caller === 'long')).toHaveLength(20);
  // All short ones together take less than one that is long.
  const before = order.slice(0, order.lastIndexOf('short'));
  expect(before.filter((caller) => caller === 'long').length).toBeLessThan(10);
});

test('an operation of a caller does not wait for all the events that it follows', async () => {
  const scheduler = new FairScheduler();
  const order: string[] = [];
  const follow = times(500, () => scheduler.waitForTurn('caller', 'follow').then(() => void order.push('follow')));
  await Promise.all([...follow, scheduler.waitForTurn('caller', 'ask').then(() => void order.push('ask'))]);
  expect(order.indexOf('ask')).toBeLessThan(10);
});

test('one who was busy with long work alone begins anew when nobody waits any more', async () => {
  const scheduler = new FairScheduler();
  await Promise.all(
    times(3, async () => {
      await scheduler.waitForTurn('busy', 'ask');
      work(LONG_MS);
    }),
  );
  using loop = loopTurns();
  while (loop.now() < 20) await nextTurn();
  const order: string[] = [];
  await Promise.all(
    ['busy', 'other', 'busy', 'other'].map((caller) => scheduler.waitForTurn(caller, 'ask').then(() => void order.push(caller))),
  );
  expect(order[0]).toBe('busy');
});

test('the event loop has a turn between pieces of work that are long', async () => {
  const scheduler = new FairScheduler();
  using loop = loopTurns();
  const at = await Promise.all(
    times(10, async (number) => {
      await scheduler.waitForTurn(`caller ${number % 3}`, 'ask');
      work(LONG_MS);
      return loop.now();
    }),
  );
  expect(new Set(at).size).toBe(10);
});

test('many pieces that are short are done in one turn', async () => {
  const scheduler = new FairScheduler();
  using loop = loopTurns();
  const at = await Promise.all(times(640, () => scheduler.waitForTurn('caller', 'ask').then(() => loop.now())));
  expect(new Set(at).size).toBeLessThan(320);
});

test('what a piece does in promises and ticks is done before the next begins, and counted', async () => {
  const scheduler = new FairScheduler();
  using loop = loopTurns();
  const seen: string[] = [];
  const at = await Promise.all(
    times(5, async (number) => {
      await scheduler.waitForTurn('caller', 'ask');
      seen.push(`${number} begins`);
      await Promise.resolve();
      await new Promise<void>((resolve) => process.nextTick(resolve));
      work(LONG_MS);
      await Promise.resolve();
      seen.push(`${number} ends`);
      return loop.now();
    }),
  );
  expect(seen).toEqual(times(5, (number) => [`${number} begins`, `${number} ends`]).flat());
  expect(new Set(at).size).toBe(5);
});
