import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import type { PurgeStep } from '../../src/datasources/request-log/store-upkeep.ts';
import { identifierKey } from '../../src/datasources/thingspace/wire/same-identifier.ts';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';
import { RequestFeed } from '../../src/resolvers/requests/follow-request.ts';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { failureCallback, successCallback, incoming } from '../support/callback-samples.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, B, C, outcomesOf, requestOf, statuses, submitted } from './contract-support.ts';
import { storeOf, type FlatStore } from '../support/flat-store.ts';

const OLD = 1_000;
const CUTOFF = 500_000;
const YOUNG = 1_000_000;
const DERIVED = ['device_event', 'device_key', 'unmatched', 'unmatched_key'] as const;
const TABLES = ['request', 'request_input', 'carrier_request', 'event', 'identifier', 'unclaimed', 'kept_message', ...DERIVED] as const;
const ids = (count: number) =>
  Array.from({ length: count }, (_, at) => [['ICCID', `8914800000000000${String(at).padStart(4, '0')}`]] as const);

/** The log on a file, with a clock that the test sets. */
async function opened() {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const path = `${folder.path}/log.sqlite`;
  const hub = new Hub({ tickMs: () => 1 });
  const clock = { at: OLD };
  const log = undo.use(openLog(path, { hub, now: () => clock.at }));
  const built = undo.move();
  return { path, hub, clock, log, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** A Request whose devices have all reported at `at`. */
async function completed(
  { log, clock }: Pick<Awaited<ReturnType<typeof opened>>, 'log' | 'clock'>,
  devices: readonly (readonly (readonly [string, string])[])[],
  at: number,
  more: Parameters<typeof newRequest>[1] = {},
): Promise<{ readonly id: string; readonly guid: string }> {
  const guid = randomUUID();
  clock.at = at;
  const id = await submitted(log, devices, guid, { createdAt: at, ...more });
  const { account = 'account-1' } = more;
  await Promise.all(devices.map((device) => log.append(successCallback({ requestId: guid, ids: device, account, receivedAt: at }))));
  return { id, guid };
}

async function purge(log: FlatStore, before = CUTOFF): Promise<PurgeStep[]> {
  const steps: PurgeStep[] = [];
  do steps.push(await log.upkeep.purgeStep(before));
  while (!steps.at(-1)?.done);
  return steps;
}

function rowsOf(path: string): Record<string, number> {
  const db = new DatabaseSync(path);
  try {
    expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    return Object.fromEntries(TABLES.map((table) => [table, Number(db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows'])]));
  } finally {
    db.close();
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);

test('a purge deletes the requests that were complete before the time with all their rows, and nothing else, in jobs of at most 500 rows', async () => {
  await using store = await opened();
  const { log, path } = store;
  const young = await completed(store, [A, B], YOUNG);
  const open = await submitted(log, [A], randomUUID(), { createdAt: OLD });
  while (await log.indexIdentifiers());
  const kept = await countedIn(log, path);
  const large = await completed(store, ids(1_200), OLD);
  // The same idempotency key, in two accounts.
  const small = await Promise.all(
    ids(90).map((device, at) => completed(store, [device], OLD, { account: `account-${at}`, idempotencyKey: 'key' })),
  );
  while (await log.indexIdentifiers());
  const before = await countedIn(log, path);

  const steps = await purge(log);
  expect(Math.max(...steps.map(({ rows }) => rows))).toBeLessThanOrEqual(500);
  expect(sum(steps.map(({ requests }) => requests))).toBe(91);
  // Every row counts once, and a Request's own row once more, when it is hidden.
  const gone = sum(Object.values(before)) - sum(Object.values(kept));
  expect(sum(steps.map(({ rows }) => rows))).toBe(gone + 91);
  expect(await countedIn(log, path)).toEqual(kept);
  expect((await log.requests([large.id, ...small.map(({ id }) => id), young.id, open])).keys().toArray()).toEqual([young.id, open]);
  expect(statuses(await outcomesOf(log, young.id))).toEqual(['SUCCEEDED', 'SUCCEEDED']);
});

test('from the first step on a purged request is found nowhere, although most of its rows are still there', async () => {
  await using store = await opened();
  const { log } = store;
  const original = await completed(store, [A], YOUNG);
  const more = { idempotencyKey: 'key', clientReference: 'reference', retryOf: original.id };
  // A is the second of these numbers: it must not be named twice.
  const { id, guid } = await completed(store, [A, ...ids(602).slice(2)], OLD, more);
  while (await log.indexIdentifiers());
  const [outcome] = await outcomesOf(log, id);
  await log.upkeep.purgeStep(CUTOFF);
  expect(await log.upkeep.stats()).toMatchObject({ purging: 1, requestsByStatus: { SUCCEEDED: 1 } });

  const every = { accounts: null };
  const deviceKeys = [identifierKey('ICCID', A[0][1], 'ICCID')];
  expect((await log.list(every, null, 10)).rows.map((request) => request.id)).toEqual([original.id]);
  expect((await log.list({ ...every, deviceKeys }, null, 10)).rows.map((request) => request.id)).toEqual([original.id]);
  expect((await log.list({ ...every, clientReference: 'reference' }, null, 10)).rows).toEqual([]);
  expect((await log.list({ accounts: [''] }, null, 10)).rows).toEqual([]);
  expect((await log.requests([id])).size).toBe(0);
  expect(await log.findByCarrierRequestId(guid)).toBeNull();
  expect(await log.findByKey('account-1', 'tester', 'key')).toBeNull();
  expect(await log.retryPages([{ requestId: original.id, after: null, limit: 10 }])).toEqual([{ rows: [], hasMore: false }]);
  expect((await log.retrySpans([original.id])).size).toBe(0);
  expect(await outcomesOf(log, id)).toEqual([]);
  expect((await log.outcomesById([outcome?.id ?? ''])).size).toBe(0);
  expect((await log.carrierRequests([id])).get(id)).toEqual([]);
  await expect(async () => log.read(id, 0, 10)).rejects.toMatchObject({ code: 'NOT_FOUND' });

  // The idempotency key is free again, and a callback of the purged request counts as another tool's.
  expect((await log.create(newRequest([A], { idempotencyKey: 'key' }))).outcome).toBe('CREATED');
  expect(await log.append(failureCallback({ requestId: guid, ids: A }))).toBe('UNCLAIMED');
  expect((await log.settleUnclaimed(YOUNG)).adopted).toHaveLength(1);
  expect((await log.findByCarrierRequestId(guid))?.origin).toBe('EXTERNAL');
});

test('when a callback and the purge of its request share a commit, the request is gone and the callback is stored, whichever is first', async () => {
  await using store = await opened();
  const { log } = store;
  const first = await completed(store, [A], OLD);
  const [applied] = await Promise.all([log.append(failureCallback({ requestId: first.guid, ids: A })), log.upkeep.purgeStep(CUTOFF)]);
  expect(applied).toBe('APPLIED');
  await purge(log);
  const second = await completed(store, [A], OLD);
  const [, unclaimed] = await Promise.all([
    log.upkeep.purgeStep(CUTOFF),
    log.append(failureCallback({ requestId: second.guid, ids: A, receivedAt: YOUNG })),
  ]);
  expect(unclaimed).toBe('UNCLAIMED');
  await purge(log);
  expect((await log.requests([first.id, second.id])).size).toBe(0);
  expect(await countedIn(log, store.path)).toMatchObject({ request: 0, event: 0, unclaimed: 1 });
});

test('a follower of a request that is purged is told that it is gone', async () => {
  await using store = await opened();
  const { log, hub } = store;
  const { id } = await completed(store, [A], OLD);
  const feed = new RequestFeed(storeOf(log), hub, new FairScheduler());
  // The request is complete, and the follower still waits for the device's NIDD message.
  const events = await feed.follow(LOCAL_IDENTITY, {
    requestId: id,
    after: null,
    batchSize: 100,
    untilNiddSettled: true,
    minIntervalMs: 0,
  });
  expect((await events.next()).value).toMatchObject({ status: 'SUCCEEDED' });
  const next = expect(events.next()).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('purged') as string });
  // It has read once more by then, and waits.
  for (let commits = 0; commits < 5; commits++) await log.probe();
  await purge(log);
  await next;
  await events.return?.();
  expect(hub.topics).toBe(0);
  await expect(
    feed.follow(LOCAL_IDENTITY, { requestId: id, after: null, batchSize: 100, untilNiddSettled: true, minIntervalMs: 0 }),
  ).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('the next purge finishes one that ended in the middle, whatever time it is given', async () => {
  await using store = await opened();
  const { id } = await completed(store, ids(800), OLD);
  await store.log.upkeep.purgeStep(CUTOFF);
  await store.log.upkeep.purgeStep(CUTOFF);
  await store.log[Symbol.asyncDispose]();
  expect(rowsOf(store.path)).toMatchObject({ request: 1, carrier_request: 0, event: 303 });

  await using log = openLog(store.path);
  expect(await log.recover()).toEqual([]);
  expect(await log.indexIdentifiers()).toBe(false);
  expect((await log.requests([id])).size).toBe(0);
  expect(sum((await purge(log, 0)).map(({ requests }) => requests))).toBe(1);
  expect(await countedIn(log, store.path)).toMatchObject({ request: 0, request_input: 0, event: 0, identifier: 0 });
});

test('a request that gets the primary key of a purged one has nothing of it', async () => {
  await using store = await opened();
  const { log, hub } = store;
  const purgeFollowed = async () => {
    const gone = await completed(store, [A, B], OLD);
    using _following = hub.follow(gone.id);
    await log.append(failureCallback({ requestId: gone.guid, ids: A }));
    expect(await log.read(gone.id, 5, 100)).toMatchObject({ lastSeq: 6, outcomes: [{ index: 0, contradicted: true }] });
    await purge(log);
  };
  await purgeFollowed();
  const guid = randomUUID();
  store.clock.at = YOUNG;
  const id = await submitted(log, [B, C, ids(1)[0] ?? A], guid);
  for (const device of [B, C, ids(1)[0] ?? A]) await log.append(failureCallback({ requestId: guid, ids: device, receivedAt: YOUNG }));
  expect(await countedIn(log, store.path)).toMatchObject({ request: 1 });
  expect(await requestOf(log, id)).toMatchObject({ status: 'FAILED', progress: { SUCCEEDED: 0, FAILED: 3 }, lastSeq: 6 });
  expect(await log.read(id, 5, 100)).toMatchObject({ lastSeq: 6, outcomes: [{ index: 2, status: 'FAILED', contradicted: false }] });

  // Another tool's request gets its primary key too, and is folded from its own rows.
  await purgeFollowed();
  const theirs = randomUUID();
  await log.append(failureCallback({ requestId: theirs, ids: C, receivedAt: YOUNG }));
  const [adopted = ''] = (await log.settleUnclaimed(YOUNG + 1)).adopted;
  expect(await requestOf(log, adopted)).toMatchObject({ progress: { SUCCEEDED: 0, FAILED: 1, PENDING: 0 } });
  expect(statuses(await outcomesOf(log, adopted))).toEqual(['FAILED']);
});

test('messages of no request are purged by their age, about a megabyte in one job', async () => {
  await using store = await opened();
  const { log } = store;
  const kept = { account: 'account-1', service: 'CarrierService', reason: 'UNREADABLE', contentType: null } as const;
  for (const size of [600_000, 600_001, 1_100_000]) await log.keep({ ...kept, receivedAt: OLD, body: Buffer.alloc(size, 'x') }, 10);
  await log.keep({ ...kept, receivedAt: YOUNG, body: Buffer.from('young') }, 10);
  for (const device of ids(700)) await log.append(successCallback({ requestId: randomUUID(), ids: device, receivedAt: OLD }));
  await log.append(successCallback({ requestId: randomUUID(), ids: A, receivedAt: YOUNG }));
  const steps = await purge(log);
  expect(steps.map(({ rows, messages, requests }) => [rows, messages, requests])).toEqual([
    [500, 500, 0],
    [200, 200, 0],
    [1, 1, 0],
    [1, 1, 0],
    [1, 1, 0],
    [0, 0, 0],
  ]);
  expect(await countedIn(log, store.path)).toMatchObject({ unclaimed: 1, kept_message: 1 });
});

test('the messages of a request are purged about a megabyte in one job', async () => {
  await using store = await opened();
  const { log } = store;
  const { guid } = await completed(store, [A], OLD);
  for (const text of ['a', 'b', 'c'])
    await log.append(
      incoming(
        'CarrierService',
        { requestId: guid, deviceIds: A.map(([kind, id]) => ({ kind, id })), status: 'Success', comment: text.repeat(600_000) },
        { receivedAt: OLD },
      ),
    );
  const steps = await purge(log);
  expect(steps.filter(({ rows }) => rows > 0).length).toBeGreaterThan(2);
  expect(sum(steps.map(({ requests }) => requests))).toBe(1);
});

test('a list goes on where its last page ended, although the request at that place has been purged', async () => {
  await using store = await opened();
  const { log } = store;
  const made = [];
  for (const [at, createdAt] of [YOUNG, OLD, YOUNG, OLD].entries())
    made.push((await completed(store, [A], createdAt, { id: `req_${ulid(at + 1)}` })).id);
  const [first, , third, last] = made;
  const every = { accounts: null };
  await purge(log);
  expect((await log.list(every, last ?? '', 10)).rows.map(({ id }) => id)).toEqual([third, first]);
  expect((await log.list(every, made[1] ?? '', 10)).rows.map(({ id }) => id)).toEqual([first]);
  expect((await log.list(every, 'req_00000000000000000000000000', 10)).rows).toEqual([]);
});

/** The number of rows of each table, counted in a copy, because the log holds the lock of its file. */
async function countedIn(log: FlatStore, path: string): Promise<Record<string, number>> {
  const copy = `${path}.${randomUUID()}`;
  await log.upkeep.backup(copy);
  return rowsOf(copy);
}
