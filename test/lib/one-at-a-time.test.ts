import { expect, test } from 'vitest';
import { OneAtATime } from '../../src/lib/one-at-a-time.ts';

test('the next piece of work begins when the one before has ended, also when that fails', async () => {
  const turns = new OneAtATime();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.run(async () => {
    order.push('first begins');
    await gate.promise;
    order.push('first ends');
    throw new Error('it failed');
  });
  const second = turns.run(async () => {
    order.push('second begins');
    return 'done';
  });
  gate.resolve();
  await expect(first).rejects.toThrow('it failed');
  await expect(second).resolves.toBe('done');
  expect(order).toEqual(['first begins', 'first ends', 'second begins']);
});

test('it is idle before the first piece of work and after the last has ended, also when that failed', async () => {
  const turns = new OneAtATime();
  expect(turns.isIdle).toBe(true);
  const failing = turns.run(() => Promise.reject(new Error('it failed')));
  const gate = Promise.withResolvers<void>();
  const going = turns.run(() => gate.promise);
  expect(turns.isIdle).toBe(false);
  await expect(failing).rejects.toThrow('it failed');
  expect(turns.isIdle).toBe(false);
  gate.resolve();
  await going;
  expect(turns.isIdle).toBe(true);
});

test('ended() resolves after the last piece of work, also when work failed', async () => {
  const turns = new OneAtATime();
  let ended = 0;
  const runs = [1, 2].map(() =>
    turns.run(async () => {
      await new Promise(setImmediate);
      ended++;
      throw new Error('it failed');
    }),
  );
  const settled = Promise.allSettled(runs);
  await turns.ended();
  expect(ended).toBe(2);
  await settled;
});
