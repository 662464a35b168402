import { expect, test } from 'vitest';
import { verifyPostgres } from '../../src/datasources/request-log/postgres/postgres-verify.ts';
import { SCHEMA_VERSION } from '../../src/datasources/request-log/postgres/prepare-database.ts';
import { callbackMessage, named } from '../support/callback-message.ts';
import type { FlatStore } from '../support/flat-store.ts';
import { newRequest } from '../support/new-request.ts';
import { settleAll, submitted } from './contract-support.ts';
import { openDatabase, type OpenDatabase } from './postgres-support.ts';

const OLD = Buffer.alloc(32, 1);
const NEW = Buffer.alloc(32, 2);
const GOOD = { faults: [], totalFaults: 0 };
const LATER = 100_000;

/** Requests of this gateway and of another tool, finished and open, and messages of every kind. */
async function fill(log: FlatStore): Promise<{ readonly done: string; readonly open: string }> {
  const done = await submitted(log, [named(1), named(2)], 'guid-1');
  const open = await submitted(log, [named(3), named(4)], 'guid-2');
  for (const [id, device] of [
    ['guid-1', 1],
    ['guid-1', 2],
    ['guid-2', 3],
    ['guid-2', 9],
    ['other', 5],
  ] as const)
    await log.append(callbackMessage({ id, device, forward: device === 3 }));
  await settleAll(log, LATER);
  await log.append(callbackMessage({ id: 'other', device: 6 }));
  await log.append(callbackMessage({ id: null, device: 7, forward: true }));
  const letter = { account: 'account-1', service: 'CarrierService', receivedAt: 1_000, reason: 'UNREADABLE', contentType: null } as const;
  await log.keep({ ...letter, body: Buffer.from('what is this') });
  while (await log.upkeep.indexIdentifiers());
  return { done, open };
}

async function purgeAll(log: FlatStore, before: number) {
  const sum = { requests: 0, messages: 0 };
  for (;;) {
    const { requests, messages, done } = await log.upkeep.purgeStep(before);
    sum.requests += requests;
    sum.messages += messages;
    if (done) return sum;
  }
}

async function resealAll(log: FlatStore): Promise<number> {
  let sum = 0;
  for (;;) {
    const { rows, done } = await log.upkeep.resealStep();
    sum += rows;
    if (done) return sum;
  }
}

async function rowsLeft(database: OpenDatabase): Promise<Record<string, number>> {
  const tables = ['request', 'request_input', 'carrier_request', 'event', 'device_key', 'unmatched', 'unmatched_key', 'identifier'];
  const counts = tables.map((table) => `(SELECT count(*)::integer FROM ${table}) AS ${table}`);
  const [row] = await database.sql<Record<string, number>>(`SELECT ${counts.join(', ')}`);
  return row ?? {};
}

test('a purge by two gateways at once leaves open requests, gives room back, and wakes who follows what is gone', async () => {
  await using database = await openDatabase();
  const [one, other] = [await database.open(), await database.open()];
  const { done, open } = await fill(one);
  const watch = other.hub.follow(done);
  const mark = watch.mark();
  const purged = await Promise.all([purgeAll(one, LATER), purgeAll(other, LATER)]);
  await watch.news(mark);
  const together = await purgeAll(one, LATER);
  expect(purged[0].requests + purged[1].requests + together.requests).toBe(1);
  expect(purged[0].messages + purged[1].messages + together.messages).toBe(2);
  expect([...(await one.requests([done, open])).keys()]).toEqual([open]);
  expect(await one.append(callbackMessage({ id: 'guid-1', device: 1 }))).toBe('UNCLAIMED');
  expect(await verifyPostgres(database.url)).toMatchObject({ ...GOOD, requests: 2 });
  await database.sql("UPDATE request SET completed_at = 1, status = 'FAILED' WHERE account <> ''");
  await purgeAll(one, LATER);
  expect(Object.values(await rowsLeft(database))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  expect(await database.sql("SELECT account FROM held WHERE kind <> 'FORWARD' AND (rows <> 0 OR bytes <> 0)")).toEqual([]);
});

test('a large request is purged in steps, and a crash between them leaves it hidden', async () => {
  await using database = await openDatabase();
  const log = await database.open();
  const devices = Array.from({ length: 3_000 }, (_, at) => [['MDN', String(5_000_000_000 + at)]] as const);
  const id = await submitted(log, devices, 'guid');
  await database.sql("UPDATE request SET completed_at = 1, status = 'FAILED'");
  const steps = [await log.upkeep.purgeStep(LATER), await log.upkeep.purgeStep(LATER)];
  expect(steps.map(({ rows, requests }) => [rows, requests])).toEqual([
    [2, 0],
    [1_000, 0],
  ]);
  const again = await database.open();
  expect((await again.requests([id])).size).toBe(0);
  expect(await again.upkeep.stats()).toMatchObject({ purging: 1, requestsByStatus: {}, approximateEvents: 0 });
  expect(await purgeAll(again, LATER)).toEqual({ requests: 1, messages: 0 });
  await again.upkeep.notePurge({ requests: 1, messages: 0, rows: 3_000 });
  expect(await log.upkeep.lastTimes()).toEqual({ purgeAt: 5_000, backupAt: null });
});

test('a reseal seals everything with the key of now, in steps that go on after a restart, and corrects what paths hold', async () => {
  await using database = await openDatabase();
  const plain = await database.open();
  const { done } = await fill(plain);
  await expect(plain.upkeep.resealStep()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  const first = await database.open({ keys: [OLD] });
  await first.upkeep.resealStep();
  const second = await database.open({ keys: [OLD] });
  const rows = await resealAll(second);
  expect(rows).toBeGreaterThan(0);
  expect(await verifyPostgres(database.url, [OLD])).toMatchObject({ ...GOOD, unread: 0 });
  const last = await database.open({ keys: [NEW, OLD] });
  expect(await last.upkeep.stats()).toMatchObject({ sealedWith: expect.any(String), olderKeys: [expect.any(String)] });
  await resealAll(last);
  expect(await resealAll(last)).toBe(0);
  expect(await last.upkeep.stats()).toMatchObject({ olderKeys: [] });
  const keyIds = await database.sql(`SELECT key_id FROM event WHERE message IS NOT NULL UNION SELECT key_id FROM request_input
    UNION SELECT key_id FROM unclaimed UNION SELECT key_id FROM dead_letter UNION SELECT key_id FROM forward`);
  expect(keyIds).toHaveLength(1);
  expect(await verifyPostgres(database.url, [NEW])).toMatchObject({ ...GOOD, unread: 0, missingKeys: [] });
  const unread = await verifyPostgres(database.url, []);
  expect(unread).toMatchObject(GOOD);
  expect([unread.unread > 0, unread.missingKeys.length]).toEqual([true, 1]);
  const alone = await database.open({ keys: [NEW] });
  expect((await alone.deadLetters({ accounts: null, reason: null }, null, 5)).rows[0]?.body.toString()).toBe('what is this');
  expect((await alone.requests([done])).size).toBe(1);
});

test('a gateway without a key of the store is refused, and a key is named before it has sealed anything', async () => {
  await using database = await openDatabase();
  await database.open({ keys: [OLD] });
  await expect(database.open({ keys: [NEW] })).rejects.toMatchObject({
    code: 'STORE_UNUSABLE',
    message: expect.stringContaining('M2M_STORE_KEYS'),
  });
  await Promise.all([database.open({ keys: [NEW, OLD] }), database.open({ keys: [NEW, OLD] })]);
  const [fact] = await database.sql<{ value: string }>("SELECT value FROM fact WHERE key = 'sealed-with'");
  expect(JSON.parse(fact?.value ?? '')).toHaveLength(2);
});

test('statistics tell what is in the store, and a backup is refused with a sentence', async () => {
  await using database = await openDatabase();
  const log = await database.open();
  await fill(log);
  expect(await log.upkeep.stats()).toMatchObject({
    path: expect.stringMatching(/^PostgreSQL test_.*\.public$/),
    epoch: log.epoch,
    schemaVersion: SCHEMA_VERSION,
    requestsByStatus: { SUCCEEDED: 1, IN_PROGRESS: 2 },
    oldestRequestAt: 1_000,
    unclaimed: 1,
    kept: 1,
    forwardBacklog: 2,
    sealedWith: null,
    olderKeys: [],
  });
  expect((await log.upkeep.sizes()).fileBytes).toBeGreaterThan(1_000_000);
  expect((await log.upkeep.disk()).isLow).toBe(false);
  expect(await log.upkeep.takeOver()).toBe(false);
  await expect(log.upkeep.backup('/backup')).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining('pg_dump') });
});

test('a good store verifies well while it is in use, and each damage is told', async () => {
  await using database = await openDatabase();
  const log = await database.open({ keys: [OLD] });
  await fill(log);
  await log.create(newRequest(null));
  expect(await verifyPostgres(database.url, [OLD])).toMatchObject({ ...GOOD, requests: 4 });
  const damages = [
    ['DELETE FROM event WHERE seq = 2 AND request_pk = 2', /goes from 1 to 3/],
    ['UPDATE request SET last_seq = last_seq + 1 WHERE pk = 1', /ends at/],
    ["UPDATE request SET status = 'FAILED' WHERE pk = 1", /stands at FAILED/],
    ['UPDATE request SET completed_at = NULL WHERE pk = 1', /has no time of completion/],
    ['UPDATE carrier_request SET tallies[1] = tallies[1] + 1 WHERE request_pk = 2', /carrier request 0/],
    ['DELETE FROM unmatched', /its unmatched messages/],
    ['DELETE FROM request_input WHERE request_pk = 1', /lost its input/],
    ['DELETE FROM identifier', /input of request/],
    ["UPDATE event SET message = 'AAAA' || message WHERE message IS NOT NULL AND request_pk = 2", /does not open/],
    ["UPDATE dead_letter SET reason = 'QUARANTINED'", /dead letter 1 does not open/],
    ['UPDATE held SET rows = rows + 1', /count of UNCLAIMED of account-1 CarrierService is wrong by 1 rows/],
    ['UPDATE event SET request_pk = 99 WHERE request_pk = 1', /belong to request 99/],
  ] as const;
  for (const [sql, fault] of damages) {
    await using copy = await openDatabase();
    await fill(await copy.open({ keys: [OLD] }));
    await copy.sql(sql);
    const { faults, totalFaults } = await verifyPostgres(copy.url, [OLD]);
    expect(faults.join('\n'), sql).toMatch(fault);
    expect(totalFaults).toBe(faults.length);
  }
  await using empty = await openDatabase();
  await expect(verifyPostgres(empty.url)).rejects.toMatchObject({ code: 'STORE_UNUSABLE' });
});

test('a callback that is sealed with a key this gateway does not have waits for one that has it', async () => {
  await using database = await openDatabase();
  const one = await database.open({ keys: [OLD] });
  const next = await database.open({ keys: [NEW, OLD] });
  const request = newRequest([named(1)]);
  await one.create(request);
  await one.step(request.id, 0, { type: 'SENDING' });
  expect(await next.append(callbackMessage({ device: 1 }))).toBe('UNCLAIMED');
  await one.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: 'known' });
  await settleAll(one, LATER);
  expect((await next.deadLetters({ accounts: null, reason: null }, null, 10)).rows).toEqual([]);
  await settleAll(next, LATER);
  expect((await next.requests([request.id])).get(request.id)).toMatchObject({ status: 'SUCCEEDED' });
  // Nor is one of an unknown id taken for another tool's.
  expect(await next.append(callbackMessage({ id: 'other', device: 2 }))).toBe('UNCLAIMED');
  expect(await settleAll(one, LATER)).toMatchObject({ adopted: [] });
  expect((await settleAll(next, LATER)).adopted).toHaveLength(1);
});
