import { describe, expect, test } from 'vitest';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';
import { RequestFeed, type RequestStatusEvent } from '../../src/resolvers/requests/follow-request.ts';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { successCallback } from '../support/callback-samples.ts';
import { iccid } from '../support/devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { refusalOf, TRANSPORTS } from '../support/follow.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { startStack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { storeOf, type FlatStore } from '../support/flat-store.ts';

const DEVICES = 60;

async function openFollowed() {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const hub = new Hub({ tickMs: () => 1 });
  const log: FlatStore = undo.use(openLog(`${folder.path}/log.sqlite`, { hub }));
  const request = newRequest(Array.from({ length: DEVICES }, (_, at) => [['ICCID', iccid(at)]] as const));
  await log.create(request);
  await log.step(request.id, 0, { type: 'SENDING' });
  await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: 'carrier' });
  let reported = 0;
  const report = async (count: number) => {
    for (const end = reported + count; reported < end; reported++)
      await log.append(successCallback({ requestId: 'carrier', ids: [['ICCID', iccid(reported)]], account: request.account }));
  };
  const feed = new RequestFeed(storeOf(log), hub, new FairScheduler());
  const follow = (minIntervalMs: number, batchSize = 1_000) =>
    feed.follow(LOCAL_IDENTITY, { requestId: request.id, after: null, batchSize, untilNiddSettled: false, minIntervalMs });
  const built = undo.move();
  return { hub, report, follow, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** The event that must come. */
async function nextOf(events: AsyncIterator<RequestStatusEvent>): Promise<RequestStatusEvent> {
  const { done, value } = await events.next();
  if (done) throw new Error('The subscription is over.');
  return value as RequestStatusEvent;
}

test('all that happens within the interval comes in one event, the terminal change too', async () => {
  await using followed = await openFollowed();
  const events = await followed.follow(1_000);
  await nextOf(events);
  const rest = Array.fromAsync(events);
  await followed.report(DEVICES);
  const sizes = (await rest).map(({ outcomes }) => outcomes.length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(DEVICES);
  // Without an interval there would be about one for each tick of a millisecond.
  expect(sizes.length).toBeLessThanOrEqual(3);
});

test('followers with one interval get the same event objects, so that each is executed once for all; one that joins late too', async () => {
  await using followed = await openFollowed();
  const first = await followed.follow(100);
  const second = await followed.follow(100);
  expect(await nextOf(first)).toBe(await nextOf(second));
  await followed.report(5);
  const late = await followed.follow(100);
  await nextOf(late);
  // They rest until the same moment, and their ranges end at the same row from then on.
  await followed.report(5);
  const meeting = await Promise.all([nextOf(first), nextOf(second), nextOf(late)]);
  expect(new Set(meeting.map(({ cursor }) => cursor)).size).toBe(1);
  await followed.report(5);
  const together = await Promise.all([nextOf(first), nextOf(second), nextOf(late)]);
  expect(new Set(together).size).toBe(1);
});

test('a backlog that does not fit into one event comes in several, without a rest between them', async () => {
  await using followed = await openFollowed();
  await followed.report(DEVICES);
  // 60 s for each of them would be longer than a test may take.
  const events = await followed.follow(60_000, 7);
  expect((await Array.fromAsync(events)).map(({ outcomes }) => outcomes.length).reduce((sum, size) => sum + size, 0)).toBe(DEVICES);
});

test('a follower that leaves while it rests ends at once and leaves nothing behind', async () => {
  await using followed = await openFollowed();
  const events = await followed.follow(60_000);
  await nextOf(events);
  await followed.report(1);
  const next = events.next();
  await events.return();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(followed.hub.topics).toBe(0);
});

describe.each(TRANSPORTS)('minIntervalMs over $transport', ({ following }) => {
  test('nothing is lost or repeated, and the subscription ends with the terminal event', async () => {
    await using stack = await startStack({ simulator: { callbackDelayMs: [0, 600] } });
    const { id } = await activateDevices(stack, 100);
    const ledger = new EventLedger(100);
    let events = 0;
    // It is cut after each second event, and resumed.
    while (!ledger.finished) {
      for await (const event of following(stack, { id, after: ledger.cursor, batchSize: 1_000, minIntervalMs: 150 })) {
        ledger.add(event);
        if (++events % 2 === 0) break;
      }
    }
    expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
  });

  test.each([-1, 60_001])('%i is refused', async (minIntervalMs) => {
    await using stack = await startStack();
    const { id } = await activateDevices(stack, 1);
    expect(await refusalOf(following(stack, { id, minIntervalMs }))).toBe('BAD_USER_INPUT');
  });
});
