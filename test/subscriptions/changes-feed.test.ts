import { expect, test } from 'vitest';
import { changesTopic, type ChangePlace, type ChangesPage } from '../../src/datasources/request-log/changed-requests.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import type { StoredRequest } from '../../src/datasources/request-log/stored-request.ts';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';
import { changesCursor } from '../../src/resolvers/requests/cursor.ts';
import { ChangesFeed, type ChangesFilter } from '../../src/resolvers/requests/follow-changes.ts';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';

const ACCOUNT = 'account-1';
const EPOCH = '0123abcd';
/** The form of an id; they sort by their number. */
const idOf = (number: number) => `req_${String(number).padStart(26, '0')}`;

interface Row {
  readonly request: StoredRequest;
  readonly changedAt: number;
}

/** A store whose answers are of the moment that they were asked for, and come when the test lets them. */
function heldStore() {
  const rows = new Map<string, Row>();
  const hub = new Hub({ tickMs: () => 0 });
  let now = 10_000;
  const held: { readonly isLook: boolean; readonly give: () => void }[] = [];
  let isHolding = false;
  let onAsked = () => {};
  const changes = (_account: string, { changedAt, id }: ChangePlace, limit: number): Promise<ChangesPage> => {
    const found = [...rows.values()]
      .filter((row) => row.changedAt > changedAt || (row.changedAt === changedAt && (id === null || row.request.id > id)))
      .toSorted((one, other) => one.changedAt - other.changedAt || (one.request.id < other.request.id ? -1 : 1));
    const page = { rows: found.slice(0, limit), hasMore: limit > 0 && found.length > limit, goOnAt: now - 100 };
    if (!isHolding) return Promise.resolve(page);
    const { promise, resolve } = Promise.withResolvers<ChangesPage>();
    held.push({ isLook: limit === 0, give: () => resolve(page) });
    onAsked();
    return promise;
  };
  return {
    feed: new ChangesFeed({ epoch: EPOCH, requests: { changes } }, hub, new FairScheduler(), [ACCOUNT]),
    change(number: number, more: Partial<StoredRequest> = {}) {
      const id = idOf(number);
      const lastSeq = (rows.get(id)?.request.lastSeq ?? 0) + 1;
      rows.set(id, { request: { id, lastSeq, operation: 'ACTIVATE_DEVICES', ...more } as StoredRequest, changedAt: ++now });
      hub.wake(changesTopic(ACCOUNT));
    },
    hold: () => {
      isHolding = true;
    },
    /** Resolves when so many answers are held. */
    asked: async (count: number) => {
      while (held.length < count) await new Promise<void>((resolve) => (onAsked = resolve));
    },
    give: (at = 0) => held.splice(at, 1)[0]?.give(),
    giveAll: () => {
      isHolding = false;
      for (const { give } of held.splice(0)) give();
    },
    cursorAt: (changedAt: number) => changesCursor(ACCOUNT, { changedAt, id: null }, EPOCH),
  };
}

const follow = (feed: ChangesFeed, after: string | null, filter: ChangesFilter = {}, batchSize = 100) =>
  feed.follow(LOCAL_IDENTITY, { account: ACCOUNT, after, filter, batchSize, minIntervalMs: 0 });

test('what another follower learns while a replay is read is told at its end', async () => {
  const store = heldStore();
  const { feed } = store;
  store.change(1);
  const live = follow(feed, null);
  expect((await live.next()).value?.requests).toEqual([]);
  store.hold();
  const replayed = follow(feed, store.cursorAt(0));
  const first = replayed.next();
  await store.asked(1);
  // The page is of before this change.
  store.change(2);
  const heard = live.next();
  await store.asked(2);
  store.give(1);
  expect((await heard).value?.requests.map(({ id }: StoredRequest) => id)).toEqual([idOf(2)]);
  store.giveAll();
  expect((await first).value?.requests.map(({ id }: StoredRequest) => id)).toEqual([idOf(1)]);
  expect((await replayed.next()).value?.requests.map(({ id }: StoredRequest) => id)).toEqual([idOf(2)]);
  await live.return();
  await replayed.return();
});

test('an answer that is overtaken by a newer one takes nobody back', async () => {
  const store = heldStore();
  const { feed } = store;
  store.change(1, { operation: 'SUSPEND_DEVICES' });
  store.change(2);
  const live = follow(feed, null);
  await live.next();
  store.hold();
  const replayed = follow(feed, store.cursorAt(0), { operation: 'ACTIVATE_DEVICES' }, 1);
  const first = replayed.next();
  // A page of what is not meant; another one follows it.
  await store.asked(1);
  store.change(2);
  const heard = live.next();
  await store.asked(2);
  store.change(2);
  store.give(0);
  await store.asked(2);
  // The page has the third state, and comes before the second one.
  store.give(1);
  expect((await first).value?.requests[0]?.lastSeq).toBe(3);
  store.giveAll();
  expect((await heard).value?.requests[0]?.lastSeq).toBe(3);
  store.change(2);
  const seen: number[] = [];
  while (seen.at(-1) !== 4) seen.push((await replayed.next()).value?.requests[0]?.lastSeq ?? 0);
  expect(seen).toEqual(seen.toSorted((one, other) => one - other));
  expect(seen[0]).toBeGreaterThanOrEqual(3);
  await live.return();
  await replayed.return();
});

test('a cut event does not promise what it has left out: who goes on from its cursor is given the rest', async () => {
  const store = heldStore();
  const { feed } = store;
  const live = follow(feed, null, {}, 1);
  await live.next();
  for (const number of [1, 2, 3]) store.change(number);
  const told = new Set<string>();
  const event = (await live.next()).value;
  for (const { id } of event?.requests ?? []) told.add(id);
  await live.return();
  const again = follow(feed, event?.cursor ?? null);
  while (told.size < 3) for (const { id } of (await again.next()).value?.requests ?? []) told.add(id);
  await again.return();
  expect(told).toEqual(new Set([1, 2, 3].map(idOf)));
});

test('a follower that is far behind reads the store, and is given each request once more', async () => {
  const store = heldStore();
  const { feed } = store;
  const [slow, live] = [follow(feed, null), follow(feed, null)];
  await slow.next();
  await live.next();
  for (let number = 1; number <= 10_500; number++) store.change(number);
  const told = new Set<string>();
  while (!told.has(idOf(10_500))) for (const { id } of (await live.next()).value?.requests ?? []) told.add(id);
  expect(told.size).toBe(10_500);
  const late = new Set<string>();
  while (late.size < 10_500) for (const { id } of (await slow.next()).value?.requests ?? []) late.add(id);
  await live.return();
  await slow.return();
});
