import { expect, test } from 'vitest';
import type { OutcomePage, OutcomeReads } from '../../src/datasources/request-log/outcome-reads.ts';
import type { Database, Snapshots, Value } from '../../src/datasources/request-log/postgres/database.ts';
import type { RequestFilter } from '../../src/datasources/request-log/request-reads.ts';
import { PostgresOutcomes } from '../../src/datasources/request-log/postgres/postgres-outcomes.ts';
import { PostgresRequests } from '../../src/datasources/request-log/postgres/postgres-requests.ts';
import { RequestedDevices } from '../../src/datasources/request-log/postgres/requested-devices.ts';
import { Seals } from '../../src/datasources/request-log/postgres/seals.ts';
import { Vault } from '../../src/datasources/request-log/vault.ts';
import { failureCallback, niddCallback, successCallback } from '../support/callback-samples.ts';
import { iccid } from '../support/devices.ts';
import type { FlatStore } from '../support/flat-store.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, B, C, submitted } from './contract-support.ts';
import { copyRequests, insertListed, openDatabase } from './fill-postgres.ts';
import { drawFilter, isMeant, readAll } from './listed-filters.ts';
import { drawRequests, HOT_DEVICE } from './listed-store.ts';

const FILTERS = 60;

test('page by page, a list of the PostgreSQL store has what a plain look at all rows finds, whatever it is filtered by', async () => {
  await using database = await openDatabase();
  const random = new SeededRandom();
  const listed = drawRequests(random).map((row) => ({ ...row, reference: row.reference?.normalize() ?? null }));
  await insertListed(database.db, listed);
  const requests = requestsOf(database.db);
  for (let turn = 0; turn < FILTERS; turn++) {
    const filter = drawFilter(random, listed);
    const expected = listed.filter((request) => isMeant(request, filter)).map(({ id }) => id);
    const read = await readAll(random, (after, limit) => requests.list(filter, after, limit));
    expect(read, `seed ${random.seed}: ${JSON.stringify(filter)}`).toEqual(expected.toReversed());
  }
});

test('a list that finds little looks at a bounded number of keys in a statement, and waits for its turn before each', async () => {
  await using database = await openDatabase();
  const listed = drawRequests(new SeededRandom());
  await insertListed(database.db, listed);
  let [turns, statements] = [0, 0];
  const counted: Snapshots = {
    rows: (text, values) => (statements++, database.db.rows(text, values)),
    run: (text, values) => database.db.run(text, values),
    snapshot: (work) => database.db.snapshot(work),
  };
  const filter = { accounts: null, search: { deviceKeys: [], requestId: '', carrierRequestId: '', clientReference: 'order 3' } };
  const page = await requestsOf(counted).list(filter, null, 10, async () => turns++);
  expect(page).toEqual({ rows: [], hasMore: false });
  const all = await requestsOf(counted).list({ accounts: null }, null, 10_000, async () => turns++);
  expect(all.rows).toHaveLength(listed.filter(({ account }) => account !== '').length);
  expect(turns).toBe(statements);
});

test('a page goes on when the Request at its end is purged, and texts that no database can hold find nothing', async () => {
  await using database = await openDatabase();
  const listed = drawRequests(new SeededRandom());
  await insertListed(database.db, listed);
  const requests = requestsOf(database.db);
  const first = await requests.list({ accounts: null }, null, 5);
  const after = first.rows[4]?.id ?? '';
  const next = await requests.list({ accounts: null }, after, 5);
  await database.db.run("UPDATE request SET id = 'purged_' || pk, account = '' WHERE id = $1", [after]);
  expect(await requests.list({ accounts: null }, after, 5)).toEqual(next);

  const odd = 'a\0b\ud800';
  const search = { deviceKeys: [odd], requestId: odd, carrierRequestId: odd, clientReference: odd };
  const nothing = { rows: [], hasMore: false };
  expect(await requests.list({ accounts: [odd], clientReference: odd, deviceKeys: [odd], search }, odd, 5)).toEqual(nothing);
  expect(await requests.list({ accounts: null, search }, null, 5)).toEqual(nothing);
  expect(await requests.requests([odd])).toEqual(new Map());
  expect(await requests.findByCarrierRequestId(odd)).toBeNull();
});

const few = { deviceKeys: [], requestId: 'x', carrierRequestId: 'x', clientReference: 'nothing like it' };

const FILTERS_OF_PLANS: readonly Partial<RequestFilter>[] = [
  {},
  { accounts: ['a', 'b'] },
  { statuses: ['IN_PROGRESS', 'QUEUED'] },
  { statuses: ['FAILED'], accounts: ['a'] },
  { operation: 'SUSPEND_DEVICES' },
  { clientReference: 'order 1' },
  { deviceKeys: ['IMEI:99001390783557'] },
  { deviceKeys: [HOT_DEVICE], accounts: ['c'], operation: 'RESTORE_DEVICES', since: 1 },
  { search: few },
  { search: { ...few, clientReference: 'order' } },
  { since: 101_000, until: 102_000 },
];

test('no list reads a table from end to end', async () => {
  await using database = await openDatabase();
  await insertListed(database.db, drawRequests(new SeededRandom()));
  await database.db.run('ANALYZE');
  for (const filter of FILTERS_OF_PLANS) {
    const { seen, statements } = watched(database.db);
    await requestsOf(seen).list({ accounts: null, ...filter }, 'req_00000000000000000000024000', 20);
    expect(statements.size).toBeGreaterThan(1);
    for (const [text, values] of statements) expect(await database.planOf(text, values), text).not.toContain('Seq Scan');
  }
});

test('reads of devices look rows up by their keys', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  await using log = openLog(path);
  const ids = await fill(log);
  await using database = await openDatabase();
  const seals = new Seals(new Vault([]));
  await copyRequests(path, database.db, seals);
  for (const many of [MANY_REQUESTS, MANY_INPUTS, MANY_CARRIER_REQUESTS, MANY_EVENTS, 'ANALYZE']) await database.db.run(many);
  const { seen, statements } = watched(database.db);
  const outcomes = outcomesOf(seen, seals);
  await shown(outcomes, ids);
  for (const id of ids) await outcomes.read(id, 1, 10);
  await database.db.run('UPDATE request SET last_seq = last_seq + 1 WHERE id = $1', [ids[0] ?? '']);
  await shown(outcomes, ids);
  expect(statements.size).toBeGreaterThan(4);
  for (const [text, values] of statements) expect(await database.planOf(text, values), text).not.toContain('Seq Scan');
});

const MANY_REQUESTS = `INSERT INTO request (pk, id, account, origin, created_by, status, counts, last_seq, created_at, updated_at)
  OVERRIDING SYSTEM VALUE SELECT 1000 + n, 'req_' || n, 'a', 'EXTERNAL', 'x', 'IN_PROGRESS', '{}', 10, n, n FROM generate_series(1, 5000) n`;
const MANY_INPUTS = "INSERT INTO request_input (request_pk, settings) SELECT pk, '{}' FROM request WHERE created_by = 'x'";
const MANY_CARRIER_REQUESTS = `INSERT INTO carrier_request (request_pk, position, service, state, first_index)
  SELECT pk, 0, 'CarrierService', 'ACCEPTED', 0 FROM request WHERE created_by = 'x'`;
const MANY_EVENTS = `INSERT INTO event (request_pk, seq, at, kind, position, outcome, outcome_status, final_seq, nidd_seq, contradicted, is_on_hold,
    is_settled_by_part, ties, request_status, counts, is_found_by_device)
  SELECT pk, n, n, 'SETTLED', 0, n, 'OVERDUE', 0, 0, false, false, false, 0, 'IN_PROGRESS', '{}', false
  FROM request CROSS JOIN generate_series(1, 10) n WHERE created_by = 'x'`;

test.each([[[]], [[Buffer.alloc(32, 7)]]])('both stores show the same of the same rows', async (keys) => {
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  await using log = openLog(path);
  const ids = await fill(log);
  await using database = await openDatabase();
  const seals = new Seals(new Vault(keys));
  await copyRequests(path, database.db, seals);
  const requests = requestsOf(database.db, seals);
  const outcomes = outcomesOf(database.db, seals);
  const asked = [...ids, 'req_00000000000000000000000000'];

  expect(await requests.requests(asked)).toEqual(await log.requests(asked));
  expect(await requests.carrierRequests(asked)).toEqual(await log.carrierRequests(asked));
  expect(await requests.settings(asked)).toEqual(await log.settings(asked));
  expect(await requests.retrySpans(asked)).toEqual(await log.retrySpans(asked));
  const first = ids[0] ?? '';
  const [retry] = (await log.retryPages([{ requestId: first, after: null, limit: 1 }]))[0]?.rows ?? [];
  const pages = [null, retry?.id ?? ''].flatMap((after) => [1, 2, 9].map((limit) => ({ requestId: first, after, limit })));
  expect(await requests.retryPages(pages)).toEqual(await log.retryPages(pages));
  for (const id of ['guid-1', '{GUID-1}', 'unknown']) {
    expect(await requests.findByCarrierRequestId(id)).toEqual(await log.findByCarrierRequestId(id));
  }
  for (const id of asked) {
    expect(await requests.sendable(id)).toEqual(await log.sendable(id));
    expect(await requests.steps(id, 1, 3)).toEqual(await log.steps(id, 1, 3));
    expect(await outcomes.prepare(id, 'ALL', 1)).toBe(await log.prepare(id, 'ALL', 1));
    expect(await outcomes.prepare(id, 'ALL', 100)).toBe(true);
    for (const statuses of [null, ['FAILED'], ['FAILED', 'SUCCEEDED', 'PENDING']] as const) {
      expect(await outcomes.devices(id, statuses)).toEqual(await log.devices(id, statuses));
    }
  }
  for (const id of ids) {
    expect(await outcomes.niddOutstanding(id)).toBe(await log.niddOutstanding(id));
    const last = (await log.requests([id])).get(id)?.lastSeq ?? 0;
    for (let afterSeq = 0; afterSeq <= last; afterSeq++) {
      for (const limit of [1, 2, 100]) expect(await outcomes.read(id, afterSeq, limit)).toEqual(await log.read(id, afterSeq, limit));
    }
  }
  const fresh = outcomesOf(database.db, seals);
  expect(await shown(fresh, ids)).toEqual(await shown(log, ids));
  expect(await shown(fresh, ids)).toEqual(await shown(log, ids));
  await expect(outcomes.read('req_unknown', 0, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(outcomes.niddOutstanding('req_unknown')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('what is remembered of devices is brought forward, and a read of a snapshot survives its lost connection', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  await using log = openLog(path);
  await fill(log);
  await using database = await openDatabase();
  const seals = new Seals(new Vault([]));
  const outcomes = outcomesOf(database.db, seals);
  for (let turn = 1; turn <= 3; turn++) {
    await log.append(successCallback({ requestId: 'guid-6', ids: [['ICCID', iccid(turn)]] }));
    await database.db.run('TRUNCATE request, request_input, carrier_request, event');
    await copyRequests(path, database.db, seals);
    const { rows } = await log.list({ accounts: null }, null, 100);
    const ids = rows.map(({ id }) => id);
    const read = await Promise.all([shown(outcomes, ids), shown(outcomes, ids)]);
    const expected = await shown(log, ids);
    expect(read).toEqual([expected, expected]);
  }
  const [newest] = (await log.list({ accounts: null }, null, 1)).rows;
  await database.cut();
  expect(await requestsOf(database.db).sendable(newest?.id ?? '')).toEqual(await log.sendable(newest?.id ?? ''));
});

test('with little work allowed, the first pages come alone, and the devices behind them are not read', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  await using log = openLog(path);
  const ids = [];
  for (let at = 0; at < 5; at++)
    ids.push(
      await submitted(
        log,
        Array.from({ length: 40 }, (_, n) => [['ICCID', iccid(n)]] as const),
        `g-${at}`,
      ),
    );
  await using database = await openDatabase();
  const seals = new Seals(new Vault([]));
  await copyRequests(path, database.db, seals);
  const pages = ids.map((id) => pageOf(id, { limit: 2 }));
  expect(await outcomesOf(database.db, seals).outcomePages(pages, 4)).toEqual(await log.outcomePages(pages, 4));
  expect(await outcomesOf(database.db, seals).outcomePages(pages, 0)).toHaveLength(1);
  expect(await outcomesOf(database.db, seals).outcomePages(pages)).toEqual(await log.outcomePages(pages));
});

/** Keeps each statement that is run, with its values. */
function watched(db: Database) {
  const statements = new Map<string, readonly Value[]>();
  const seen: Snapshots = {
    rows: (text, values = []) => (statements.set(text, values), db.rows(text, values)),
    run: (text, values) => db.run(text, values),
    snapshot: (work) => db.snapshot(work),
  };
  return { seen, statements };
}

function requestsOf(db: Snapshots, seals = new Seals(new Vault([]))): PostgresRequests {
  return new PostgresRequests({ db, seals, indexAll: () => Promise.resolve() });
}

function outcomesOf(db: Snapshots, seals: Seals): PostgresOutcomes {
  return new PostgresOutcomes({ db, seals, devices: new RequestedDevices(seals) });
}

const pageOf = (requestId: string, more: Partial<OutcomePage> = {}): OutcomePage => ({
  requestId,
  statuses: null,
  afterIndex: -1,
  limit: 1_000,
  ...more,
});

/** Requests of every kind, some of whose devices have reported. */
async function fill(log: FlatStore): Promise<string[]> {
  const whole = await submitted(log, [A, B, C], 'guid-1', { settings: '{"servicePlan":"x"}', clientReference: 'r' });
  await log.append(successCallback({ requestId: 'guid-1', ids: B }));
  await log.append(failureCallback({ requestId: 'guid-1', ids: A }));
  await log.append(failureCallback({ requestId: 'guid-1', ids: B }));
  await log.append(niddCallback({ requestId: 'guid-1', ids: B }));
  await log.append(successCallback({ requestId: 'guid-1', ids: C }));
  await log.append(niddCallback({ requestId: 'guid-1', ids: C }));
  const silent = await submitted(log, [A, B], 'guid-2', { retryOf: whole });
  const group = await submitted(log, null, 'guid-3', { retryOf: whole });
  await log.append(successCallback({ requestId: 'guid-3', ids: C }));
  const members = newRequest(null, { retryOf: whole });
  await log.create(members);
  await log.setMembers(
    members.id,
    [1, 2].map((number) => ({ deviceIds: [{ kind: 'ICCID', id: iccid(number) }] })),
  );
  const stranger = await submitted(log, [A], 'guid-5');
  await log.append(successCallback({ requestId: 'guid-5', ids: C }));
  await log.append(successCallback({ requestId: 'guid-5', ids: A }));
  const refused = newRequest([A, B]);
  await log.create(refused);
  await log.step(refused.id, 0, { type: 'SENDING' });
  await log.step(refused.id, 0, { type: 'REFUSED', error: { code: 'X', message: 'No.' } });
  const many = await submitted(
    log,
    [1, 2, 3, 4].map((number) => [['ICCID', iccid(number)]] as const),
    'guid-6',
  );
  return [whole, silent, group, members.id, stranger, refused.id, many];
}

async function shown(log: Pick<OutcomeReads, 'outcomePages' | 'outcomesById'>, ids: readonly string[]) {
  const fault = 'UnifiedWebService.REQUEST_FAILED.DeviceNotFound';
  const pages = await log.outcomePages([
    ...ids.map((id) => pageOf(id)),
    ...ids.map((id) => pageOf(id, { afterIndex: 0, limit: 1 })),
    ...ids.map((id) => pageOf(id, { statuses: ['SUCCEEDED', 'PENDING'], limit: 1 })),
    ...ids.map((id) => pageOf(id, { faultCodes: [fault] })),
    ...ids.map((id) => pageOf(id, { search: HOT_DEVICE.slice(-8) })),
    ...ids.map((id) => pageOf(id, { search: '00002' })),
  ]);
  const outcomes = pages.flatMap(({ rows }) => rows.map(({ id }) => id));
  return { pages, byId: await log.outcomesById([...outcomes, `out_${ids[0]?.slice(4)}_99`, 'nonsense']) };
}
