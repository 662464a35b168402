import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { verifySqlite } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import { evidenceOf } from '../../src/datasources/thingspace/wire/evidence.ts';
import { failureCallback, niddCallback, pendingCallback, successCallback } from '../support/callback-samples.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, B, C, requestOf, submitted } from './contract-support.ts';

const EID = [['EID', '89049032000000000000000000000001']] as const;
const DERIVED = ['device_event', 'device_key', 'unmatched', 'unmatched_key'] as const;

/** Makes of a store what the version before it would have written: no state in rows, and all digests beside the messages. */
const AS_BEFORE = `
  UPDATE event SET digest = coalesce(digest, (SELECT d.digest FROM device_event d
    WHERE d.request_pk = event.request_pk AND d.outcome = event.outcome AND d.seq = event.seq));
  UPDATE request SET state_seq = 0, learnt_seq = 0, keyed = 0, quiet = 0;
  UPDATE carrier_request SET tallies = NULL, owed = NULL;
  ${DERIVED.map((table) => `DELETE FROM ${table};`).join(' ')}`;

const device = (at: number) => [['ICCID', `8914800000000001${String(at).padStart(4, '0')}`]] as const;
const MANY = 700;

/** A store with all that can have happened to a device, and one large request. */
async function filled(path: string) {
  await using log = openLog(path);
  const mixed = await submitted(log, [A, B, C], 'mixed');
  await log.append(pendingCallback({ requestId: 'mixed', ids: A }));
  await log.append(successCallback({ requestId: 'mixed', ids: A, learnt: EID }));
  await log.append(niddCallback({ requestId: 'mixed', ids: EID }));
  await log.append(failureCallback({ requestId: 'mixed', ids: A }));
  await log.append(niddCallback({ requestId: 'mixed', ids: [['EID', '89049032000000000000000000000009']] }));
  await log.lapse(mixed, 0, 'OVERDUE', { limit: 10 });
  const deviceIds = B.map(([reportedKind, id]) => ({ reportedKind, id }));
  const answer = evidenceOf('DeviceList', { succeeded: true, deviceIds });
  await log.reconcile([{ ...answer, requestId: mixed, position: 0, index: 1 }]);
  const large = await submitted(
    log,
    Array.from({ length: MANY }, (_, at) => device(at)),
    'large',
  );
  await Promise.all(Array.from({ length: MANY / 2 }, (_, at) => log.append(successCallback({ requestId: 'large', ids: device(at * 2) }))));
  await log.append(successCallback({ requestId: 'tool', ids: C }));
  const [external = ''] = (await log.settleUnclaimed(Number.MAX_SAFE_INTEGER)).adopted;
  return { mixed, large, external };
}

function onFile<Result>(path: string, work: (db: DatabaseSync) => Result): Result {
  const db = new DatabaseSync(path);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** What is counted and kept beside the log. The digests may stay where the earlier version had them. */
function derivedRows(path: string): Record<string, unknown> {
  return onFile(path, (db) => ({
    ...Object.fromEntries(
      DERIVED.map((table) => [
        table,
        db
          .prepare(`SELECT * FROM ${table}`)
          .all()
          .map(({ digest: _digest, ...row }) => row),
      ]),
    ),
    request: db.prepare('SELECT id, state_seq, keyed, quiet FROM request').all(),
    carrier: db.prepare('SELECT tallies, owed FROM carrier_request').all(),
  }));
}

test('a store of the version before is taken over in steps, also when each step is the last before a kill', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  await filled(path);
  {
    // What messages have told is learnt at once when a store is taken over.
    await using log = openLog(path);
    for (const { id } of (await log.list({ accounts: null }, null, 10)).rows) await log.silentDevices(id, 0);
  }
  const before = derivedRows(path);
  onFile(path, (db) => db.exec(AS_BEFORE));
  let lives = 0;
  for (let more = true; more; lives++) {
    await using log = openLog(path);
    more = await log.takeOver();
  }
  expect(lives).toBeGreaterThan(8);
  expect(derivedRows(path)).toEqual(before);
  expect(verifySqlite(path).faults).toEqual([]);
});

test('callbacks that come while their request is taken over are acknowledged, and applied when it is', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  const { large, mixed, external } = await filled(path);
  onFile(path, (db) => db.exec(AS_BEFORE));
  await using log = openLog(path);
  const results = await Promise.all(
    Array.from({ length: MANY }, (_, at) => log.append(successCallback({ requestId: 'large', ids: device(at) }))),
  );
  // Half of them had come before. A duplicate is found by its digest, whatever the shape of the request.
  expect(results.filter((_result, at) => at % 2 === 0).every((result) => result === 'DUPLICATE')).toBe(true);
  expect(results.filter((_result, at) => at % 2 === 1).every((result) => result === 'UNCLAIMED' || result === 'APPLIED')).toBe(true);
  // Each job that claims more is followed by the next, beside whatever else is written.
  while ((await requestOf(log, large)).status !== 'SUCCEEDED') await log.probe();
  expect((await log.unclaimed(null, null, 10)).rows).toEqual([]);
  // Work on the others waits for the last step of their taking over.
  expect((await log.silentDevices(mixed, 0)).map(({ index }) => index)).toEqual([2]);
  expect((await log.lapse(external, 0, 'EXPIRED', { limit: 10 })).next).toBe(null);
  expect((await requestOf(log, external)).status).toBe('SUCCEEDED');
});

test('a request of many devices is whole only when all of them can be found, also after a kill in the middle of its making', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  {
    await using log = openLog(path);
    await submitted(
      log,
      Array.from({ length: MANY }, (_, at) => device(at)),
      'large',
    );
  }
  const keys = onFile(path, (db) => {
    const all = db.prepare('SELECT count(*) AS rows FROM device_key').get();
    db.exec('UPDATE request SET keyed = 500; DELETE FROM device_key WHERE outcome >= 500');
    return all;
  });
  {
    await using log = openLog(path);
    await log.append(successCallback({ requestId: 'large', ids: device(MANY - 1) }));
    const { rows } = await log.list({ accounts: null }, null, 1);
    while ((await requestOf(log, rows[0]?.id ?? '')).progress.SUCCEEDED === 0) await log.probe();
  }
  expect(onFile(path, (db) => db.prepare('SELECT count(*) AS rows FROM device_key').get())).toEqual(keys);
});

test.each([
  ['devices that are no JSON', "UPDATE request_input SET devices = '{' || devices WHERE request_pk = 1"],
  ['devices that have lost their identifiers', `UPDATE request_input SET devices = '[{}]' WHERE request_pk = 1`],
  ['counts that are no JSON', "UPDATE event SET counts = '{' || counts WHERE request_pk = 1"],
  ['no rows', 'DELETE FROM event WHERE request_pk = 1'],
  [
    'no carrier request, because it is being purged',
    "UPDATE request SET account = '' WHERE pk = 1; DELETE FROM carrier_request WHERE request_pk = 1",
  ],
])('an older request with %s holds up neither the others nor the index', async (_what, damage) => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  {
    await using log = openLog(path);
    // More rows than are counted in one step.
    const many = Array.from({ length: 120 }, (_, at) => device(at));
    for (const guid of ['damaged', 'whole']) {
      await submitted(log, many, guid);
      await Promise.all(many.slice(1).map((ids) => log.append(successCallback({ requestId: guid, ids }))));
    }
  }
  onFile(path, (db) => db.exec(`${AS_BEFORE} ${damage}`));
  await using log = openLog(path);
  await log.append(successCallback({ requestId: 'damaged', ids: device(0) }));
  await log.append(successCallback({ requestId: 'whole', ids: device(0) }));
  while (await log.takeOver());
  while (await log.indexIdentifiers());
  const whole = await log.findByCarrierRequestId('whole');
  while ((await requestOf(log, whole?.id ?? '')).status !== 'SUCCEEDED') await log.probe();
  // What came for the damaged one is kept: at its request, aside, or unclaimed.
  const kept = await log.deadLetters({ accounts: null, reason: null }, null, 10);
  const unclaimed = await log.unclaimed(null, null, 10);
  const damaged = await log.findByCarrierRequestId('damaged');
  expect(kept.rows.length + unclaimed.rows.length + Number(damaged?.progress.SUCCEEDED === 120)).toBe(1);
});

test('the members of a group are set in the same commit as another step of their request', async () => {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/log.sqlite`);
  const request = newRequest(null);
  await log.create(request);
  const commits = await Promise.all([
    log.step(request.id, 0, { type: 'REQUEUED', error: { code: 'x', message: 'y' } }),
    log.setMembers(request.id, [{ deviceIds: [{ kind: 'ICCID', id: '89148000000000000001' }] }]),
    log.step(request.id, 0, { type: 'SENDING' }),
  ]);
  expect(commits).toEqual([true, undefined, true]);
  expect((await log.steps(request.id, 0, 10)).map(({ seq, kind }) => [seq, kind])).toEqual([
    [1, 'CREATED'],
    [2, 'REQUEUED'],
    [3, 'MEMBERS'],
    [4, 'SENDING'],
  ]);
});
