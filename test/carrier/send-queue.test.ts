import { expect, test } from 'vitest';
import { SendWindow } from '../../src/resolvers/send-window.ts';

/** A clock that can be set ahead and otherwise runs. */
function settableClock() {
  let base = 1_000_000;
  let since = performance.now();
  const now = () => base + performance.now() - since;
  return {
    now,
    setAhead(to: number) {
      base = Math.max(now(), to);
      since = performance.now();
    },
  };
}

test.each([1, 7, 95])('never more than %i in any 60 seconds, however they come', async (perMinute) => {
  const clock = settableClock();
  const window = new SendWindow({ perMinute, now: clock.now, sentSince: () => Promise.resolve([]) });
  const { signal } = new AbortController();
  const taken: number[] = [];
  let pseudoRandom = 42;
  for (let at = 0; at < 400; at++) {
    pseudoRandom = (pseudoRandom * 48_271) % 2_147_483_647;
    // Bursts and trickles, and now and then a silence.
    const silence = pseudoRandom % (3 * perMinute) === 0;
    clock.setAhead(clock.now() + (pseudoRandom % (silence ? 90_000 : 20)));
    // Just short of the end of a full window: what comes now must wait these milliseconds.
    const oldest = taken.at(-perMinute);
    if (oldest !== undefined) clock.setAhead(oldest + 60_000 - 2);
    await window.take('ACTIVATE_DEVICES', signal);
    taken.push(clock.now());
  }
  const most = Math.max(...taken.map((start) => taken.filter((each) => each >= start && each < start + 60_000).length));
  expect(most).toBe(perMinute);
});

test('takers at once get their turn in the order they came', async () => {
  const clock = settableClock();
  const window = new SendWindow({ perMinute: 2, now: clock.now, sentSince: () => Promise.resolve([]) });
  const { signal } = new AbortController();
  await window.take('ACTIVATE_DEVICES', signal);
  await window.take('ACTIVATE_DEVICES', signal);
  clock.setAhead(clock.now() + 60_000 - 3);
  const order: number[] = [];
  await Promise.all([1, 2].map(async (name) => order.push(await window.take('ACTIVATE_DEVICES', signal).then(() => name))));
  expect(order).toEqual([1, 2]);
});

test('an operation the carrier names no limit for never waits', async () => {
  const window = new SendWindow({ perMinute: 1, now: () => 0, sentSince: () => Promise.resolve([]) });
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 500 }, () => window.take('RESUME_PROFILE', signal)));
  await window.take('ACTIVATE_DEVICES', signal);
});

test('who waits is let go by the abort, and those behind are not stuck', async () => {
  const window = new SendWindow({ perMinute: 1, now: () => 0, sentSince: () => Promise.resolve([]) });
  const stop = new AbortController();
  await window.take('ACTIVATE_DEVICES', stop.signal);
  const waiting = [1, 2, 3].map(() => window.take('ACTIVATE_DEVICES', stop.signal));
  stop.abort();
  expect(await Promise.allSettled(waiting)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }, { status: 'rejected' }]);
});

test('what was sent before a restart counts', async () => {
  const stop = new AbortController();
  const window = new SendWindow({
    perMinute: 2,
    now: () => 100_000,
    sentSince: (operation, since) => Promise.resolve(operation === 'ACTIVATE_DEVICES' && since === 40_000 ? [50_000] : []),
  });
  await window.take('ACTIVATE_DEVICES', stop.signal);
  const third = window.take('ACTIVATE_DEVICES', stop.signal);
  stop.abort();
  await expect(third).rejects.toThrow();
});
