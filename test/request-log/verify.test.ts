import { randomUUID } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { verifySqlite } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import { failureCallback, niddCallback, successCallback } from '../support/callback-samples.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, B, C, submitted } from './contract-support.ts';

const OLD = 1_000;

/** A backup of a store with one of everything: done, open, another tool's, unclaimed, a dead letter, and a request that is half purged. */
async function backedUp() {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const path = `${folder.path}/backup.sqlite`;
  const clock = { at: OLD };
  await using log = openLog(`${folder.path}/log.sqlite`, { now: () => clock.at });
  const [guid, gone] = [randomUUID(), randomUUID()];
  const many = Array.from({ length: 600 }, (_, at) => [['ICCID', `8914800000000000${String(at).padStart(4, '0')}`]] as const);
  await submitted(log, many, gone);
  await Promise.all(many.map((ids) => log.append(successCallback({ requestId: gone, ids }))));
  await log.upkeep.purgeStep(OLD + 1);
  await log.upkeep.purgeStep(OLD + 1);
  const id = await submitted(log, [A, B, C], guid);
  await log.append(niddCallback({ requestId: guid, ids: [['EID', '89049032000000000000000000000009']] }));
  await log.append(successCallback({ requestId: guid, ids: A }));
  await log.append(failureCallback({ requestId: guid, ids: A }));
  await log.append(failureCallback({ requestId: guid, ids: B }));
  await log.append(successCallback({ requestId: guid, ids: C }));
  await log.append(successCallback({ requestId: randomUUID(), ids: C, receivedAt: 1 }));
  await log.settleUnclaimed(OLD);
  await log.append(successCallback({ requestId: randomUUID(), ids: B }));
  await log.append(successCallback({ requestId: guid, ids: A, account: 'account-2' }));
  const kept = { account: 'account-1', service: 'CarrierService', receivedAt: OLD, reason: 'UNREADABLE', contentType: null } as const;
  await log.keep({ ...kept, body: Buffer.from('<nonsense/>') }, 10);
  await log.upkeep.backup(path);
  const built = undo.move();
  return { path, id, guid, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

test('a good store has no fault, and a half-purged request is not a fault', async () => {
  await using store = await backedUp();
  expect(verifySqlite(store.path)).toEqual({ requests: 2, events: 11, faults: [], totalFaults: 0, unread: 0, missingKeys: [] });
});

const OF_DONE = "request_pk = (SELECT pk FROM request WHERE origin = 'GATEWAY' AND account <> '')";

test.each([
  ['a hole in the log', `DELETE FROM event WHERE seq = 5 AND ${OF_DONE}`, /The log of request req_\w+ goes from 4 to 6/],
  ['a log without its end', `DELETE FROM event WHERE seq = 8 AND ${OF_DONE}`, /ends at 7, not at 8/],
  ['a log without its beginning', `DELETE FROM event WHERE seq = 1 AND ${OF_DONE}`, /goes from 0 to 2/],
  ['another status than the log’s', "UPDATE request SET status = 'SUCCEEDED' WHERE status = 'PARTIALLY_FAILED'", /stands at SUCCEEDED/],
  [
    'other counts than the log’s',
    "UPDATE request SET counts = '[0,0,3,0,0,0,0,0,0]' WHERE status = 'PARTIALLY_FAILED'",
    /do not add up|stands at/,
  ],
  ['a device whose result is lost', `UPDATE event SET outcome_status = 'PENDING' WHERE seq = 8 AND ${OF_DONE}`, /do not add up/],
  [
    'a complete request without its time',
    "UPDATE request SET completed_at = NULL WHERE status = 'PARTIALLY_FAILED'",
    /has no time of completion/,
  ],
  ['an open request with a time', "UPDATE request SET completed_at = 1 WHERE origin = 'EXTERNAL'", /has a time of completion/],
  [
    'a changed message',
    `UPDATE event SET message = replace(message, 'Success', 'Succes5') WHERE seq = 5 AND ${OF_DONE}`,
    /row 5 .* not as it came/,
  ],
  [
    'a message twice',
    `UPDATE device_event SET digest = (SELECT digest FROM device_event WHERE seq = 5 AND ${OF_DONE}) WHERE seq = 6 AND ${OF_DONE};
    UPDATE event SET message = (SELECT message FROM event WHERE seq = 5 AND ${OF_DONE}) WHERE seq = 6 AND ${OF_DONE}`,
    /message of row 6 twice/,
  ],
  [
    'a changed unclaimed callback',
    "UPDATE unclaimed SET message = replace(message, 'Success', 'Succes5')",
    /unclaimed callback \d+ is not/,
  ],
  ['a changed kept message', "UPDATE kept_message SET body = CAST('other' AS BLOB) WHERE reason = 'UNREADABLE'", /kept message \d+ is not/],
  ['a carrier request of nobody', 'UPDATE carrier_request SET request_pk = 4711 + pk', /carrier_request belongs to a row of request/],
  ['a request without carrier requests', 'DELETE FROM carrier_request', /has lost its input or its carrier requests/],
  [
    'a count that says more than there is',
    "UPDATE held SET rows = rows + 7 WHERE kind = 'UNCLAIMED'",
    /count of UNCLAIMED of account-1 CarrierService is wrong by 7 rows and 0 bytes/,
  ],
  [
    'a count that says less than there is',
    "UPDATE held SET bytes = bytes - 9 WHERE kind = 'UNREADABLE'",
    /count of UNREADABLE of account-1 CarrierService is wrong by 0 rows and -9 bytes/,
  ],
  ['a count that is lost', "DELETE FROM held WHERE kind = 'EXTERNAL'", /count of EXTERNAL of account-1 is wrong by -\d+ rows/],
  ['a count of nothing', "INSERT INTO held VALUES ('account-9', 'x', 'FORWARD', 1, 2)", /FORWARD of account-9 x is wrong by 1 rows/],
  ['a request without input', 'DELETE FROM request_input', /has lost its input/],
])('%s is found', async (_what, sql, found) => {
  await using store = await backedUp();
  const db = new DatabaseSync(store.path, { enableForeignKeyConstraints: false });
  db.exec(sql);
  db.close();
  const { faults, totalFaults } = verifySqlite(store.path);
  expect(faults.join('\n')).toMatch(found);
  expect(totalFaults).toBe(faults.length);
});

test('one flipped byte is found: in a message, in the tree that holds it, in an index', async () => {
  await using store = await backedUp();
  const good = readFileSync(store.path);
  const db = new DatabaseSync(store.path, { readOnly: true });
  const pageSize = 4_096;
  const rootOf = (name: string) => Number(db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(name)?.['rootpage']);
  const pageOf = (name: string) => (rootOf(name) - 1) * pageSize;
  const places = {
    message: good.indexOf('DeviceNotFound'),
    'kept message': good.indexOf('<nonsense/>'),
    'tree of events': pageOf('event') + 3,
    'tree of requests': pageOf('request') + 5,
    'index of seq': pageOf('event_by_seq') + pageSize - 2,
  };
  db.close();
  for (const [place, at] of Object.entries(places)) {
    const bad = Buffer.from(good);
    bad.writeUInt8((bad[at] ?? 0) ^ 0x11, at);
    writeFileSync(store.path, bad);
    expect(verifySqlite(store.path).totalFaults, place).toBeGreaterThan(0);
  }
  writeFileSync(store.path, good);
  expect(verifySqlite(store.path).totalFaults).toBe(0);
  truncateSync(store.path, good.length - 2 * pageSize);
  expect(verifySqlite(store.path).totalFaults).toBeGreaterThan(0);
});

test('a file that cannot be verified is refused with a sentence that says why', async () => {
  await using folder = await tempFolder();
  expect(() => verifySqlite(`${folder.path}/none.sqlite`)).toThrow('There is no store at');
  const foreign = new DatabaseSync(`${folder.path}/foreign.sqlite`);
  foreign.exec('CREATE TABLE t (a)');
  foreign.close();
  expect(() => verifySqlite(`${folder.path}/foreign.sqlite`)).toThrow('is not a store of this gateway, nor a backup of one');
  writeFileSync(`${folder.path}/text.sqlite`, 'no database at all, but long enough to be taken for one at first');
  expect(verifySqlite(`${folder.path}/text.sqlite`).faults.join()).toContain('file is not a database');
  await using store = await backedUp();
  const db = new DatabaseSync(store.path);
  db.exec('PRAGMA user_version = 99');
  db.close();
  expect(() => verifySqlite(store.path)).toThrow('has schema 99');
});

test('a store that was not closed is verified with its write-ahead log, and a store in use is refused', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  await using log = openLog(path);
  await submitted(log, [A], randomUUID());
  expect(() => verifySqlite(path)).toThrow('Another process has the store');
  for (const file of ['', '-wal']) writeFileSync(`${folder.path}/crashed.sqlite${file}`, readFileSync(`${path}${file}`));
  expect(verifySqlite(`${folder.path}/crashed.sqlite`)).toMatchObject({ requests: 1, events: 3, totalFaults: 0 });
});
