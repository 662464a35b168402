import { expect, test } from 'vitest';
import { API_KEYS_TOPIC, type StoredApiKey } from '../../src/datasources/request-log/api-keys.ts';
import type { AuditRecord } from '../../src/datasources/request-log/audit-trail.ts';
import type { DeadLetter } from '../../src/datasources/request-log/dead-letter-log.ts';
import { factTopic } from '../../src/datasources/request-log/store.ts';
import { callbackMessage, named } from '../support/callback-message.ts';
import { newRequest } from '../support/new-request.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { Database } from '../../src/datasources/request-log/postgres/database.ts';
import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { GatewayError } from '../../src/errors.ts';
import { submitted } from './contract-support.ts';
import { openDatabase } from './postgres-support.ts';

const LANE = { account: 'account-1', service: 'CarrierService' };

function letter(more: Partial<DeadLetter> & { readonly text?: string } = {}): DeadLetter {
  const { text = 'x', ...rest } = more;
  return { ...LANE, receivedAt: 1_000, reason: 'UNREADABLE', contentType: 'text/plain', body: Buffer.from(text), ...rest };
}

function record(more: Partial<AuditRecord> = {}): AuditRecord {
  return { caller: 'alice', action: 'activateDevices', account: 'account-1', devices: 1, subject: null, outcome: 'CREATED', ...more };
}

test('a fact is known to every gateway at once, and its followers are woken; null forgets it', async () => {
  await using database = await openDatabase();
  const [one, other] = [await database.open(), await database.open()];
  const watch = other.hub.follow(factTopic('latch'));
  const mark = watch.mark();
  await one.remember('latch', 'shut \0 \ud800');
  await watch.news(mark);
  expect(await other.recall('latch')).toBe('shut \u{FFFD} \u{FFFD}');
  await other.remember('latch', null);
  expect(await one.recall('latch')).toBeNull();
});

test('keys of callers are listed as they were added and revised, and the other gateways are woken', async () => {
  await using database = await openDatabase();
  const [one, other] = [await database.open(), await database.open()];
  const key: StoredApiKey = {
    id: 'key-1',
    name: 'alice',
    hash: Buffer.from([1, 2]),
    scopes: { '*': ['read'] },
    grants: [],
    createdAt: 1,
    expiresAt: 2,
    revokedAt: null,
  };
  const watch = other.hub.follow(API_KEYS_TOPIC);
  const mark = watch.mark();
  await one.keys.add(key);
  await watch.news(mark);
  expect(await other.keys.list()).toEqual([key]);
  await other.keys.revise('key-1', { scopes: {}, grants: ['audit'], revokedAt: 3 });
  expect(await one.keys.list()).toEqual([{ ...key, scopes: {}, grants: ['audit'], revokedAt: 3 }]);
});

test('audit entries are listed newest first, by account and by caller, however few of them are meant', async () => {
  await using database = await openDatabase();
  const log = await database.open();
  await log.recordAudit([record({ caller: 'bob' }), record({ account: null, subject: 'a\0b' })]);
  await log.recordAudit(Array.from({ length: 5_000 }, () => record()));
  await log.recordAudit([record({ caller: 'bob', account: 'account-2' })]);
  let turns = 0;
  const page = await log.auditEntries({ accounts: ['account-1', 'account-2'], caller: 'bob' }, null, 10, async () => turns++);
  expect(page).toMatchObject({ hasMore: false, rows: [{ account: 'account-2' }, { account: 'account-1', at: 5_000 }] });
  expect(turns).toBeGreaterThan(2);
  const first = await log.auditEntries({ accounts: null, caller: null }, null, 2);
  expect(first).toMatchObject({ hasMore: true, rows: [{ account: 'account-2' }, { account: 'account-1' }] });
  const next = await log.auditEntries({ accounts: null, caller: null }, first.rows[1]?.id ?? '', 1);
  expect(Number(next.rows[0]?.id.slice(4))).toBe(Number(first.rows[1]?.id.slice(4)) - 1);
  expect(await log.auditEntries({ accounts: null, caller: null }, 'unc_1', 2)).toEqual({ rows: [], hasMore: false });
  const ids = ['aud_1', 'aud_2', 'aud_x'];
  expect([...(await log.auditEntriesById(ids, null)).values()]).toMatchObject([{ caller: 'bob' }, { subject: 'a\u{FFFD}b' }]);
  expect([...(await log.auditEntriesById(ids, ['account-1'])).keys()]).toEqual(['aud_1']);
});

test('dead letters are listed oldest first by account and reason, and a page of long bodies ends early', async () => {
  await using database = await openDatabase();
  const log = await database.open({ keys: [Buffer.alloc(32, 1)] });
  for (const each of [letter(), letter({ reason: 'QUARANTINED' }), letter({ account: 'account-2', contentEncoding: 'br' })])
    expect(await log.keep(each)).toBe('KEPT');
  const page = await log.deadLetters({ accounts: null, reason: null }, null, 2);
  expect(page).toMatchObject({ hasMore: true, rows: [letter(), letter({ reason: 'QUARANTINED' })] });
  const rest = await log.deadLetters({ accounts: ['account-2', 'account-1'], reason: 'UNREADABLE' }, page.rows[0]?.id ?? '', 2);
  expect(rest).toMatchObject({ hasMore: false, rows: [letter({ account: 'account-2', contentEncoding: 'br' })] });
  expect((await log.deadLetters({ accounts: null, reason: 'QUARANTINED' }, null, 2)).rows).toHaveLength(1);
  const ids = page.rows.map(({ id }) => id);
  expect([...(await log.deadLettersById(ids, ['account-1'])).keys()]).toEqual(ids);
  expect((await log.deadLettersById(ids, ['account-2'])).size).toBe(0);
  await log.discardDeadLetter(ids[0] ?? '');
  expect((await log.deadLettersById(ids, null)).size).toBe(1);
  for (const at of [1, 2, 3, 4]) await log.keep(letter({ reason: 'WRONG_SERVICE', body: Buffer.alloc(3_000_000, at) }));
  const long = await log.deadLetters({ accounts: null, reason: 'WRONG_SERVICE' }, null, 100);
  expect([long.rows.length, long.hasMore]).toEqual([2, true]);
  expect(await database.sql('SELECT kind FROM held WHERE rows < 0 OR (rows = 0 AND bytes <> 0)')).toEqual([]);
});

test('copies are read by lane, about a megabyte at once, and are gone when they are discarded', async () => {
  await using database = await openDatabase();
  const log = await database.open();
  const body = Buffer.alloc(600_000, 7);
  await log.addForwards(
    LANE,
    [1, 2, 3].map((receivedAt) => ({ receivedAt, contentType: null, body })),
  );
  await log.append(callbackMessage({ service: 'NiddService', forward: true }));
  expect(await log.forwardLanes()).toEqual([LANE, { ...LANE, service: 'NiddService' }]);
  expect(await log.forwardBacklog()).toEqual({ rows: 4, oldestAt: 1 });
  const first = await log.forwards(LANE, 10);
  expect(first).toMatchObject([{ receivedAt: 1, contentType: null }, { receivedAt: 2 }]);
  expect(await log.forwards(LANE, 1)).toHaveLength(1);
  await log.discardForwards(
    LANE,
    first.map(({ id }) => id),
  );
  expect(await log.forwards(LANE, 10)).toMatchObject([{ receivedAt: 3 }]);
  await log.discardForwards(
    LANE,
    (await log.forwards(LANE, 10)).map(({ id }) => id),
  );
  expect(await log.forwardLanes()).toEqual([{ ...LANE, service: 'NiddService' }]);
});

test('unclaimed callbacks are listed by account; one that does not open or cannot be read is not shown', async () => {
  await using database = await openDatabase();
  const log = await database.open({ keys: [Buffer.alloc(32, 1)] });
  for (const [at, account] of ['account-1', 'account-2', 'account-1', 'account-1'].entries())
    expect(await log.append(callbackMessage({ id: null, account, text: String(at) }))).toBe('UNCLAIMED');
  await database.sql("UPDATE unclaimed SET account = 'account-3' WHERE pk = 3");
  const { rows, hasMore } = await log.unclaimed(null, null, 3);
  expect([rows.map(({ account }) => account), hasMore]).toEqual([['account-1', 'account-2'], true]);
  expect((await log.unclaimed(['account-1'], rows[0]?.id ?? '', 3)).rows).toMatchObject([{ message: { requestId: null } }]);
  expect([...(await log.unclaimedById(['unc_1', 'unc_2', 'unc_3'], null)).keys()]).toEqual(['unc_1', 'unc_2']);
  expect((await log.unclaimedById(['unc_1'], ['account-2'])).size).toBe(0);
});

test('identifiers are indexed in steps by several gateways at once, and a damaged request holds nobody up', async () => {
  await using database = await openDatabase();
  const [one, other] = [await database.open(), await database.open()];
  const devices = (from: number) => Array.from({ length: 1_200 }, (_, at) => [['MDN', String(5_000_000_000 + from + at)]] as const);
  const ids: string[] = [];
  for (const from of [0, 5_000]) ids.push(await submitted(one, devices(from), `guid-${from}`));
  const damaged = newRequest(devices(9_000));
  await one.create(damaged);
  await database.sql("UPDATE request_input SET devices = '{' WHERE request_pk = (SELECT pk FROM request WHERE id = $1)", [damaged.id]);
  await one.append(callbackMessage({ id: 'guid-0', device: 3 }));
  const indexAll = async (log: typeof one) => {
    while (await log.upkeep.indexIdentifiers());
  };
  await Promise.all([indexAll(one), indexAll(other), indexAll(one)]);
  const counted = await database.sql('SELECT count(*)::integer AS keys FROM identifier GROUP BY request_pk ORDER BY 1');
  expect(counted).toEqual([{ keys: 1_200 }, { keys: 1_201 }]);
  expect(await database.sql('SELECT DISTINCT is_to_index, indexed_seq = last_seq AS "isWhole" FROM request')).toEqual([
    { is_to_index: false, isWhole: true },
  ]);
  await one.append(callbackMessage({ id: 'guid-5000', device: 4 }));
  expect(await one.upkeep.indexIdentifiers()).toBe(true);
  expect(await one.upkeep.indexIdentifiers()).toBe(false);
});

test('the store says how it is: a probe, counts, and what was halted writes no more', async () => {
  await using database = await openDatabase();
  const log = await database.open();
  await submitted(log, [[['MDN', '5000000001']]], 'guid');
  await log.append(callbackMessage({ id: null }));
  await log.keep(letter());
  await log.probe();
  expect(await log.counts()).toEqual({
    unclaimed: 1,
    deadLettersByReason: { UNREADABLE: 1 },
    overdueDevices: 0,
    openByStatus: { IN_PROGRESS: 1 },
  });
  expect(log.findChange()).toBeNull();
  const error = new GatewayError('STORE_FAILED', 'halted');
  log.halt(error);
  await expect(log.probe()).rejects.toBe(error);
  await expect(log.append(callbackMessage({ text: 'late' }))).rejects.toBe(error);
  expect((await log.unclaimed(null, null, 5)).rows).toHaveLength(1);
});

test('a probe of a database that does not answer fails while it hangs, and works again when it answers', async () => {
  await using server = await startPostgres();
  const hub = new Hub({ tickMs: () => 1 });
  await using log = await openPostgresStore({ url: await server.createDatabase(), hub, now: () => 1 });
  await log.health.probe();
  const pids = await server.client.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE application_name = 'm2m-gateway'");
  const tell = (signal: NodeJS.Signals) => pids.forEach(({ pid }) => process.kill(pid, signal));
  tell('SIGSTOP');
  try {
    const probes = await Promise.allSettled([log.health.probe(), log.health.probe()]);
    expect(probes.map((each) => each.status === 'rejected' && String(each.reason))).toEqual(
      Array(2).fill('GatewayError: The database has not answered for 2.5 s.'),
    );
  } finally {
    tell('SIGCONT');
  }
  await log.health.probe();
  await server.stop();
  await expect(log.health.probe()).rejects.toMatchObject({ code: 'STORE_FAILED' });
  await server.start();
  await log.health.probe();
});

test('transactions have the isolation that they are written for, whatever the database is set to', async () => {
  await using database = await openDatabase();
  const log = await database.open({ connections: 1 });
  await log[Symbol.asyncDispose]();
  await database.sql(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET default_transaction_isolation = 'serializable'`);
  await using db = new Database({ url: database.url, connections: 1, hub: new Hub({ tickMs: () => 1 }), origin: 'here' });
  expect(await db.transaction((tx) => tx.rows('SHOW transaction_isolation'))).toEqual([{ transaction_isolation: 'read committed' }]);
});

test('a gateway that slept through its lease gives up nothing that another one sends', async () => {
  await using database = await openDatabase();
  const [asleep, next] = [await database.open(), await database.open()];
  const request = newRequest([named(1)]);
  await asleep.create(request);
  await asleep.during('carrier-work', async ({ token }) => {
    await database.sql("UPDATE lease SET until = clock_timestamp() - interval '1 second'");
    await next.during('carrier-work', async (lease) => {
      expect(await next.step(request.id, 0, { type: 'SENDING' }, lease)).toBe(true);
      await asleep.recover(token);
      // It would be UNKNOWN, and never sent.
      expect(await next.step(request.id, 0, { type: 'REQUEUED', error: { code: 'RATE_LIMITED', message: 'later' } }, lease)).toBe(true);
      expect(await next.recover(lease.token)).toEqual([request.id]);
    });
  });
});
