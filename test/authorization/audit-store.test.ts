import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { AuditRecord } from '../../src/datasources/request-log/audit-trail.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

const RECORD: AuditRecord = {
  caller: 'key:tester',
  action: 'activateDevices',
  account: 'account-1',
  devices: 1,
  subject: null,
  outcome: 'CREATED',
};

/** A request and what the audit log is to say of it. */
function recorded() {
  const request = newRequest([[['ICCID', '89148000000000000001']]]);
  return { ...request, audit: { ...RECORD, subject: request.id } };
}

/** A store of its own with one entry; `alone` has its file while nobody else does. */
async function openStore() {
  const folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  {
    await using log = openLog(path);
    await log.recordAudit([RECORD]);
  }
  const alone = <Result>(work: (store: DatabaseSync) => Result): Result => {
    using store = new DatabaseSync(path);
    return work(store);
  };
  return { path, alone, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const rowsOf = (table: 'audit' | 'request') => (store: DatabaseSync) =>
  store.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows'];

test.each([
  ['changed', "UPDATE audit SET outcome = 'INVALID'"],
  ['changed by a replacement', "REPLACE INTO audit (pk, at, caller, action, outcome) VALUES (1, 0, '', '', '')"],
  ['deleted', 'DELETE FROM audit'],
])('an entry cannot be %s, not even with the file in hand', async (_what, sql) => {
  await using store = await openStore();
  expect(() => store.alone((db) => db.exec(sql))).toThrow(/append-only/);
  expect(store.alone((db) => db.prepare('SELECT outcome FROM audit').all())).toEqual([{ outcome: 'CREATED' }]);
});

test('the number of an entry is never another’s', async () => {
  await using store = await openStore();
  await using log = openLog(store.path);
  await log.recordAudit([RECORD, RECORD]);
  const { rows } = await log.auditEntries({ accounts: null, caller: null }, null, 10);
  expect(rows.map(({ id }) => id)).toEqual(['aud_3', 'aud_2', 'aud_1']);
});

test.each([
  ['audit', 'its entry'],
  ['request', 'the request'],
  ['request_input', 'its input'],
  ['event', 'its first event'],
] as const)('a request and its entry are there together or not at all: where %s cannot be written', async (table, what) => {
  await using store = await openStore();
  store.alone((db) => db.exec(`CREATE TRIGGER broken BEFORE INSERT ON ${table} BEGIN SELECT raise(ABORT, '${what}'); END`));
  {
    await using log = openLog(store.path);
    await expect(log.create(recorded())).rejects.toThrow();
  }
  expect([store.alone(rowsOf('request')), store.alone(rowsOf('audit'))]).toEqual([0, 1]);
  store.alone((db) => db.exec('DROP TRIGGER broken'));
  {
    await using log = openLog(store.path);
    expect(await log.create(recorded())).toMatchObject({ outcome: 'CREATED' });
  }
  expect([store.alone(rowsOf('request')), store.alone(rowsOf('audit'))]).toEqual([1, 2]);
});

test('a request that exists already is not recorded as made', async () => {
  await using store = await openStore();
  {
    await using log = openLog(store.path);
    const first = { ...recorded(), idempotencyKey: 'once' };
    await log.create(first);
    expect(await log.create({ ...recorded(), idempotencyKey: 'once', inputHash: first.inputHash })).toEqual({
      outcome: 'EXISTS',
      id: first.id,
    });
    expect(await log.create({ ...recorded(), idempotencyKey: 'once', inputHash: Buffer.from('another') })).toMatchObject({
      outcome: 'KEY_REUSED',
    });
  }
  expect(store.alone(rowsOf('audit'))).toBe(2);
});
