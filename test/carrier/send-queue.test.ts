import { expect, test } from 'vitest';
import { activateDevices } from '../../src/operations/activate-devices.ts';
import { resumeProfile } from '../../src/operations/resume-profile.ts';
import { SendQueue, type Place, type Ticket } from '../../src/resolvers/requests/send-queue.ts';

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

const { signal } = new AbortController();
let made = 0;

function ticket(account = 'a', more: Partial<Ticket> = {}): Ticket {
  return { operation: activateDevices, account, requestId: `request-${++made}`, again: false, ...more };
}

async function sendAtOnce(queue: SendQueue, sent: () => void = () => undefined): Promise<void> {
  const place = await queue.take(ticket(), signal);
  sent();
  place.over();
}

test.each([1, 7, 95])('never more than %i leave in any 60 seconds, however they come', async (perMinute) => {
  const clock = settableClock();
  using queue = new SendQueue({ perMinute, monotonicNow: clock.now });
  const taken: number[] = [];
  let pseudoRandom = 42;
  for (let at = 0; at < 400; at++) {
    pseudoRandom = (pseudoRandom * 48_271) % 2_147_483_647;
    // Bursts, single requests, and sometimes silence.
    const silence = pseudoRandom % (3 * perMinute) === 0;
    clock.setAhead(clock.now() + (pseudoRandom % (silence ? 90_000 : 20)));
    // Just before the end of a full window: a request that comes now must wait these milliseconds.
    const oldest = taken.at(-perMinute);
    if (oldest !== undefined) clock.setAhead(oldest + 60_000 - 2);
    await sendAtOnce(queue, () => taken.push(clock.now()));
  }
  const most = Math.max(...taken.map((start) => taken.filter((each) => each >= start && each < start + 60_000).length));
  expect(most).toBe(perMinute);
});

test('the minute of a slow request begins with its answer, because it may have reached the carrier just before', async () => {
  const clock = settableClock();
  using queue = new SendQueue({ perMinute: 1, monotonicNow: clock.now });
  const slow = await queue.take(ticket(), signal);
  const events: string[] = [];
  const next = queue.take(ticket(), signal).then(() => events.push('sent'));
  clock.setAhead(clock.now() + 70_000);
  events.push('answered');
  slow.over();
  clock.setAhead(clock.now() + 59_990);
  // Makes the queue look at the clock.
  queue.hold(activateDevices, 0);
  events.push('nearly a minute');
  await next;
  expect(events).toEqual(['answered', 'nearly a minute', 'sent']);
});

test('accounts take turns; within an account, first come is first served', async () => {
  const clock = settableClock();
  using queue = new SendQueue({ perMinute: 1, monotonicNow: clock.now });
  const first = await queue.take(ticket('a'), signal);
  const order: string[] = [];
  const waiting = ['a1', 'a2', 'a3', 'b1', 'c1', 'b2'].map(async (name) => {
    const place: Place = await queue.take(ticket(name.slice(0, 1), { requestId: name }), signal);
    order.push(name);
    place.giveBack();
  });
  expect(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'].map((name) => queue.placeOf(name)?.position)).toEqual([1, 2, 3, 4, 5, 6]);
  first.giveBack();
  await Promise.all(waiting);
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});

test('a request that had its turn already goes before the others of its account', async () => {
  using queue = new SendQueue({ perMinute: 1, monotonicNow: () => 0 });
  await queue.take(ticket(), signal);
  const stop = new AbortController();
  const waiting = [ticket('a', { requestId: 'new' }), ticket('a', { requestId: 'again', again: true })].map((each) =>
    queue.take(each, stop.signal),
  );
  expect([queue.placeOf('again')?.position, queue.placeOf('new')?.position]).toEqual([1, 2]);
  stop.abort();
  await Promise.allSettled(waiting);
});

test('the expected time of the n-th waiting request follows from the window', async () => {
  let now = 0;
  using queue = new SendQueue({ perMinute: 2, monotonicNow: () => now });
  await sendAtOnce(queue);
  now = 10_000;
  await sendAtOnce(queue);
  now = 30_000;
  const stop = new AbortController();
  const tickets = Array.from({ length: 5 }, () => ticket());
  const waiting = tickets.map((each) => queue.take(each, stop.signal));
  expect(tickets.map(({ requestId }) => queue.placeOf(requestId))).toEqual([
    { position: 1, waitMs: 30_000 },
    { position: 2, waitMs: 40_000 },
    { position: 3, waitMs: 90_000 },
    { position: 4, waitMs: 100_000 },
    { position: 5, waitMs: 150_000 },
  ]);
  stop.abort();
  await Promise.allSettled(waiting);
  expect(queue.waiting).toBe(0);
});

test('an operation without a limit of the carrier waits only while the carrier asks for a pause', async () => {
  const clock = settableClock();
  using queue = new SendQueue({ perMinute: 1, monotonicNow: clock.now });
  await Promise.all(Array.from({ length: 500 }, () => queue.take(ticket('a', { operation: resumeProfile }), signal)));
  queue.hold(resumeProfile, 1_000);
  const held = ticket('a', { operation: resumeProfile, requestId: 'held' });
  const waiting = queue.take(held, signal);
  expect(queue.placeOf('held')).toMatchObject({ position: 1 });
  await queue.take(ticket(), signal);
  clock.setAhead(clock.now() + 1_000);
  queue.hold(resumeProfile, 0);
  await waiting;
});

test('an abort removes a waiting request, and the requests behind it go on', async () => {
  using queue = new SendQueue({ perMinute: 1, monotonicNow: () => 0 });
  const place = await queue.take(ticket(), signal);
  const stop = new AbortController();
  const leaving = [1, 2, 3].map(() => queue.take(ticket(), stop.signal));
  const staying = queue.take(ticket('b'), signal);
  stop.abort();
  expect(await Promise.allSettled(leaving)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }, { status: 'rejected' }]);
  place.giveBack();
  await staying;
});

test('requests sent before a restart count, also when the clock was set back meanwhile', async () => {
  using queue = new SendQueue({ perMinute: 3, monotonicNow: () => 5_000 });
  queue.remember(activateDevices, [59_000, -3_600_000, 61_000]);
  await sendAtOnce(queue);
  const stop = new AbortController();
  const last = queue.take(ticket('a', { requestId: 'last' }), stop.signal);
  expect(queue.placeOf('last')).toEqual({ position: 1, waitMs: 1_000 });
  stop.abort();
  await expect(last).rejects.toThrow();
});
