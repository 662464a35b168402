import { expect, test } from 'vitest';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';
import { RequestFeed } from '../../src/resolvers/requests/follow-request.ts';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { successCallback } from '../support/callback-samples.ts';
import { iccid } from '../support/devices.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { storeOf, type FlatStore } from '../support/flat-store.ts';

const DEVICES = 30;
/** Long enough for all of them to be reported. */
const TICK_MS = 1_000;
/** Longer than a test may take: what waits for its end fails. */
const ENDLESS_MS = 600_000;

async function openFollowed(batchSize: number, tickMs: number) {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const hub = new Hub({ tickMs: () => tickMs });
  const log: FlatStore = undo.use(openLog(`${folder.path}/log.sqlite`, { hub }));
  const request = newRequest(Array.from({ length: DEVICES }, (_, at) => [['ICCID', iccid(at)]] as const));
  await log.create(request);
  await log.step(request.id, 0, { type: 'SENDING' });
  await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: 'carrier' });
  const report = (at: number) =>
    log.append(successCallback({ requestId: 'carrier', ids: [['ICCID', iccid(at)]], account: request.account }));
  const feed = new RequestFeed(storeOf(log), hub, new FairScheduler());
  const events = await feed.follow(LOCAL_IDENTITY, {
    requestId: request.id,
    after: null,
    batchSize,
    untilNiddSettled: false,
    minIntervalMs: 0,
  });
  const built = undo.move();
  return { events, report, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

test('a follower that has caught up is given all that happens within a tick at once', async () => {
  await using followed = await openFollowed(1_000, TICK_MS);
  const { events, report } = followed;
  await events.next();
  const sizes: number[] = [];
  const whole = (async () => {
    for await (const { outcomes } of events) sizes.push(outcomes.length);
  })();
  for (let at = 0; at < DEVICES; at++) await report(at);
  await whole;
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(DEVICES);
  // The first goes out at once, what came meanwhile together.
  expect(sizes.length).toBeLessThan(5);
});

test('a follower that is behind does not rest', async () => {
  await using followed = await openFollowed(1, ENDLESS_MS);
  const { events, report } = followed;
  for (let at = 0; at < DEVICES; at++) await report(at);
  let seen = 0;
  for await (const { outcomes } of events) seen += outcomes.length;
  expect(seen).toBe(DEVICES);
});

test('a follower that leaves while it rests ends at once', async () => {
  await using followed = await openFollowed(1_000, ENDLESS_MS);
  const { events, report } = followed;
  await events.next();
  await report(0);
  const next = events.next();
  await events.return?.();
  expect(await next).toEqual({ done: true, value: undefined });
});
