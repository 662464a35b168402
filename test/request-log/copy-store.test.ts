import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { copyStore, type CopyOptions } from '../../src/datasources/request-log/copy/copy-store.ts';
import { verifyPostgres } from '../../src/datasources/request-log/postgres/postgres-verify.ts';
import { failureCallback, niddCallback, successCallback } from '../support/callback-samples.ts';
import type { FlatStore } from '../support/flat-store.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, B, C, submitted } from './contract-support.ts';
import { openDatabase } from './postgres-support.ts';
import { fillMarked, KEY_A, KEY_B } from './sealed-support.ts';

const NOW = 5_000;
const LANE = { account: 'account-1', service: 'CarrierService' } as const;
const HASH = Buffer.alloc(32, 'h');

/** Makes of a store what an earlier version would have written: no state in rows, an IMEI by 14 digits, an ICCID with its padding. */
const AS_BEFORE = `
  UPDATE event SET digest = coalesce(digest, (SELECT d.digest FROM device_event d
    WHERE d.request_pk = event.request_pk AND d.outcome = event.outcome AND d.seq = event.seq));
  UPDATE request SET state_seq = 0, learnt_seq = 0, keyed = 0, quiet = 0;
  UPDATE carrier_request SET tallies = NULL, owed = NULL;
  UPDATE OR IGNORE identifier SET key = substr(key, 1, 19) WHERE key LIKE 'IMEI:%';
  UPDATE OR IGNORE identifier SET key = key || 'F' WHERE key LIKE 'ICCID:%';
  DELETE FROM fact WHERE key = 'taken-over';
  ${['device_event', 'device_key', 'unmatched', 'unmatched_key'].map((table) => `DELETE FROM ${table};`).join(' ')}`;

/** A store with one of everything, beside a database. */
async function stored({ asBefore = false, keys = [KEY_A] as readonly Uint8Array[] } = {}) {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const database = undo.use(await openDatabase());
  const path = `${folder.path}/gateway.sqlite`;
  const [guid, unknown] = [randomUUID(), randomUUID()];
  const many = Array.from({ length: 300 }, (_, at) => [['ICCID', `8914800000000001${String(at).padStart(4, '0')}`]] as const);
  await using log = openLog(path, { now: () => NOW, keys });
  await fillMarked(log);
  const id = await submitted(log, [A, B, C], guid, { clientReference: 'order 7', createdBy: 'front\0end' });
  await log.append(niddCallback({ requestId: guid, ids: [['EID', '89049032000000000000000000000009']] }));
  await log.append({ ...successCallback({ requestId: guid, ids: A }), forward: { contentType: 'text/xml', body: Buffer.from('copy') } });
  await log.append(failureCallback({ requestId: guid, ids: B }));
  const retry = newRequest([B], { retryOf: id, idempotencyKey: 'key-1', inputHash: HASH, createdAt: NOW });
  await log.create(retry);
  const large = await submitted(log, many, 'large');
  await Promise.all(many.slice(0, 200).map((ids) => log.append(successCallback({ requestId: 'large', ids }))));
  await log.append(successCallback({ requestId: 'tool', ids: C, receivedAt: 1 }));
  await log.settleUnclaimed(2);
  const early = await log.append(successCallback({ requestId: unknown, ids: B }));
  expect(early).toBe('UNCLAIMED');
  await log.keep({ ...LANE, receivedAt: NOW, reason: 'UNREADABLE', contentType: null, body: Buffer.from('<a/>') }, 10);
  const [last] = (await log.deadLetters({ accounts: null, reason: null }, null, 1)).rows;
  await log.discardDeadLetter(last?.id ?? '');
  await log.recordAudit([{ caller: 'somebody', action: 'keys.create', account: null, devices: null, subject: 'key', outcome: 'DONE' }]);
  await log.remember('login-refused', 'fingerprint');
  while (await log.indexIdentifiers());
  if (asBefore) {
    const db = new DatabaseSync(path);
    db.exec(AS_BEFORE);
    db.close();
  }
  const built = undo.move();
  const copy = (more: Partial<CopyOptions> = {}) =>
    copyStore({ path, url: database.url, keys, allowsUnsynced: false, now: () => NOW, ...more });
  return { path, database, keys, copy, id, large, guid, unknown, retry, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** Everything that callers and operators can read. */
async function everythingOf(log: FlatStore) {
  const { rows } = await log.list({ accounts: null }, null, 100);
  const ids = rows.map(({ id }) => id);
  const each = async (id: string) => ({
    sendable: await log.sendable(id),
    steps: await log.steps(id, 0, 1_000),
    first: await log.read(id, 0, 5),
    later: await log.read(id, 3, 1_000),
    silent: await log.silentDevices(id, 0),
    nidd: await log.niddOutstanding(id),
    state: [...(await log.settings([id]))],
  });
  const found = [...A, ...B, ...C].map(([kind, id]) => log.list({ accounts: null, deviceKeys: [`${kind}:${id}`] }, null, 100));
  const { rows: letters } = await log.deadLetters({ accounts: null, reason: null }, null, 100);
  return plain({
    epoch: log.epoch,
    rows,
    carriers: [...(await log.carrierRequests(ids))].toSorted(byName),
    pages: await log.outcomePages(ids.map((requestId) => ({ requestId, statuses: null, afterIndex: -1, limit: 1_000 }))),
    requests: await Promise.all(ids.map(each)),
    retries: await log.retryPages(ids.map((requestId) => ({ requestId, after: null, limit: 10 }))),
    found: (await Promise.all(found)).map((page) => page.rows.map(({ id }) => id)),
    due: (await log.due(NOW)).toSorted((one, other) => (one.requestId < other.requestId ? -1 : 1)),
    unclaimed: (await log.unclaimed(null, null, 100)).rows.map((row) => ({ ...row, digest: Buffer.from(row.digest).toString('hex') })),
    letters: letters.map((letter) => ({ ...letter, body: Buffer.from(letter.body).toString() })),
    lanes: await log.forwardLanes(),
    copies: (await log.forwards(LANE, 100)).map((copy) => ({ ...copy, body: Buffer.from(copy.body).toString() })),
    sent: await log.sentSince('ACTIVATE_DEVICES', 0),
    counts: await log.counts(),
    latch: await log.recall('login-refused'),
    keys: await log.keys.list(),
  });
}

/** Without the classes that a backend makes its rows of, and with names in one order. */
function plain<Value>(value: Value): Value {
  return JSON.parse(
    JSON.stringify(value, (_name, each: unknown) =>
      each !== null && typeof each === 'object' && !Array.isArray(each) ? Object.fromEntries(Object.entries(each).toSorted(byName)) : each,
    ),
  ) as Value;
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

async function contentsOf({ path, keys }: { path: string; keys: readonly Uint8Array[] }) {
  await using log = openLog(path, { now: () => NOW, keys });
  while (await log.upkeep.takeOver());
  return { everything: await everythingOf(log), audit: (await log.auditEntries({ accounts: null, caller: null }, null, 100)).rows };
}

test.each([
  ['of this version', {}],
  ['of an earlier version', { asBefore: true }],
  ['without keys', { keys: [] }],
])('a copy of a store %s shows what the store showed, and goes on where it was', async (_what, how) => {
  await using store = await stored(how);
  const { database, keys } = store;
  const before = await contentsOf(store);
  // A NUL is nothing that PostgreSQL can store.
  const expected = JSON.parse(JSON.stringify(before.everything).replaceAll('\\u0000', '\uFFFD')) as typeof before.everything;
  expect(await store.copy()).toMatchObject({ requests: expected.rows.length });

  const log = await database.open({ keys });
  while (await log.indexIdentifiers());
  expect(await everythingOf(log)).toEqual(expected);
  const audit = (await log.auditEntries({ accounts: null, caller: null }, null, 100)).rows;
  expect(plain(audit.slice(1))).toEqual(plain(before.audit));
  expect(audit[0]).toMatchObject({ action: 'store.copy', outcome: 'DONE' });

  const { retry, guid, unknown, large } = store;
  expect(await log.create({ ...newRequest([B]), ...idempotent(retry), id: 'req_other' })).toEqual({ outcome: 'EXISTS', id: retry.id });
  expect(await log.append(successCallback({ requestId: guid, ids: A }))).toBe('DUPLICATE');
  expect(await log.append(failureCallback({ requestId: guid, ids: C }))).toBe('APPLIED');
  const numbers = async () => (await log.unclaimed(null, null, 100)).rows.map(({ id }) => Number(id.replace('unc_', '')));
  const known = await numbers();
  await log.append(successCallback({ requestId: randomUUID(), ids: A }));
  expect(Math.max(...(await numbers()))).toBeGreaterThan(Math.max(...known));
  const late = await submitted(log, [A, B], unknown);
  expect((await log.requests([late])).get(late)?.progress).toMatchObject({ SUCCEEDED: 1 });
  const rest = Array.from({ length: 100 }, (_, at) => [['ICCID', `89148000000000010${String(at + 200)}`]] as const);
  await Promise.all(rest.map((ids) => log.append(successCallback({ requestId: 'large', ids }))));
  expect((await log.requests([large])).get(large)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await verifyPostgres(database.url, keys)).toMatchObject({ faults: [] });
});

function idempotent({ account, createdBy, idempotencyKey, inputHash }: ReturnType<typeof newRequest>) {
  return { account, createdBy, idempotencyKey, inputHash };
}

test('an interrupted copy goes on, no gateway opens a part of one, and what is queued is left to the copy alone', async () => {
  await using store = await stored();
  const { path, database, keys, copy, retry } = store;
  const before = await contentsOf(store);
  for (let times = 0; times < 3; times++) {
    let steps = 0;
    const onRows = () => {
      if (++steps === 4) throw new Error('the power is gone');
    };
    await expect(copy({ rowsAtOnce: 100, onRows })).rejects.toThrow('the power is gone');
    await expect(database.open({ keys })).rejects.toThrow('a copy to it has not ended');
  }
  const told: string[] = [];
  await copy({ onProgress: (sentence) => told.push(sentence) });
  expect(told[0]).toMatch(/^Going on: \d+ rows were copied before/);
  const log = await database.open({ keys });
  while (await log.indexIdentifiers());
  expect(plain((await everythingOf(log)).requests)).toEqual(
    JSON.parse(JSON.stringify(before.everything.requests).replaceAll('\\u0000', '\uFFFD')),
  );
  expect(await log.recover()).toContain(retry.id);

  await using old = openLog(path, { now: () => NOW, keys });
  expect(old.epoch).not.toBe(log.epoch);
  expect(await old.recover()).toEqual([]);
  expect((await old.requests([retry.id])).get(retry.id)).toMatchObject({ status: 'UNKNOWN' });
  await expect(copy()).rejects.toThrow('uses the database');
});

test('a copy is refused while a gateway has the store or the database, to a database in use, and of a store that has changed', async () => {
  await using store = await stored();
  const { path, database, keys, copy } = store;
  {
    await using _gateway = openLog(path, { keys });
    await expect(copy()).rejects.toThrow('Another process has the store');
  }
  await expect(copy({ keys: [KEY_B] })).rejects.toThrow('sealed with a key that is not configured');
  let steps = 0;
  const onRows = () => {
    if (++steps === 2) throw new Error('stopped');
  };
  await expect(copy({ rowsAtOnce: 10, onRows })).rejects.toThrow('stopped');
  {
    await using gateway = openLog(path, { keys, now: () => NOW + 1 });
    await gateway.create(newRequest([A]));
  }
  await expect(copy()).rejects.toThrow('has used');

  await using other = await openDatabase();
  {
    await using _gateway = await other.open({ keys });
    await expect(copy({ url: other.url })).rejects.toThrow('uses the database');
    await _gateway.create(newRequest([A]));
  }
  await expect(copy({ url: other.url })).rejects.toThrow('has a store already');
  expect(await database.sql('SELECT count(*)::integer AS n FROM request')).not.toEqual([{ n: 0 }]);
});

test('a store with a fault is not copied', async () => {
  await using store = await stored();
  const db = new DatabaseSync(store.path);
  db.exec("UPDATE event SET message = 'AAAA' || substr(message, 5) WHERE pk = (SELECT min(pk) FROM event WHERE message IS NOT NULL)");
  db.close();
  await expect(store.copy()).rejects.toThrow(/Nothing was copied: the store \S+ has \d+ faults?/);
  expect(await store.database.sql('SELECT 1 FROM request')).toEqual([]);
});
