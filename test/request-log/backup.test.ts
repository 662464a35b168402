import { randomUUID } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect, test } from 'vitest';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { cursorAt } from '../../src/resolvers/requests/cursor.ts';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';
import { RequestFeed } from '../../src/resolvers/requests/follow-request.ts';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { successCallback } from '../support/callback-samples.ts';
import { fillStore } from '../support/fill-store.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { A, B, C, outcomesOf, requestOf, statuses, submitted } from './contract-support.ts';
import { storeOf } from '../support/flat-store.ts';

const NOW = 1_700_000_000_000;

/** A log on a file in its own folder, and the path for its backup. */
async function opened() {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const path = `${folder.path}/log.sqlite`;
  const log = undo.use(openLog(path, { now: () => NOW }));
  const built = undo.move();
  return { folder: folder.path, path, backup: `${folder.path}/backup.sqlite`, log, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

test('a backup is one private file with all that was committed; opened as a store it has an epoch of its own', async () => {
  await using store = await opened();
  const { log, backup, folder } = store;
  const guid = randomUUID();
  const id = await submitted(log, [A, B], guid);
  await log.append(successCallback({ requestId: guid, ids: A }));
  await log.append(successCallback({ requestId: randomUUID(), ids: C }));
  const report = await log.upkeep.backup(backup);
  expect(report).toMatchObject({ path: backup, bytes: statSync(backup).size });
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).filter((file) => file.startsWith('backup'))).toEqual(['backup.sqlite']);
  expect(await log.upkeep.lastTimes()).toEqual({ purgeAt: null, backupAt: NOW });

  const hub = new Hub({ tickMs: () => 1 });
  await using restored = openLog(backup, { hub });
  expect(await requestOf(restored, id)).toEqual(await requestOf(log, id));
  expect(await outcomesOf(restored, id)).toEqual(await outcomesOf(log, id));
  expect((await restored.unclaimed(null, null, 10)).rows).toHaveLength(1);
  expect(restored.epoch).not.toBe(log.epoch);
  // A position in the old log may mean another row of the new one.
  const after = cursorAt(id, 1, log.epoch);
  const given = { requestId: id, batchSize: 100, untilNiddSettled: false, minIntervalMs: 0 };
  await expect(
    new RequestFeed(storeOf(restored), hub, new FairScheduler()).follow(LOCAL_IDENTITY, { ...given, after }),
  ).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
  });
  const going = await new RequestFeed(storeOf(log), hub, new FairScheduler()).follow(LOCAL_IDENTITY, { ...given, after });
  expect((await going.next()).value).toMatchObject({ lastSeq: 4 });
  await going.return?.();
});

test('a backup has the commits made while it is written up to one moment, and none that came later', async () => {
  await using store = await opened();
  const { log, backup } = store;
  const devices = Array.from({ length: 4_000 }, (_, at) => [['ICCID', `8914800000000000${String(at).padStart(4, '0')}`]] as const);
  const guid = randomUUID();
  const id = await submitted(log, devices, guid);
  const append = (from: number, to: number) =>
    Promise.all(devices.slice(from, to).map((ids) => log.append(successCallback({ requestId: guid, ids }))));
  await append(0, 1_000);
  const writing = (async () => {
    for (let from = 1_000; from < 4_000; from += 25) await append(from, from + 25);
  })();
  await log.upkeep.backup(backup);
  const stored = (await requestOf(log, id)).progress.SUCCEEDED;
  await writing;

  await using restored = openLog(backup);
  const { progress, lastSeq } = await requestOf(restored, id);
  expect(progress.SUCCEEDED).toBeGreaterThanOrEqual(1_000);
  expect(progress.SUCCEEDED).toBeLessThanOrEqual(stored);
  expect(lastSeq).toBe(3 + progress.SUCCEEDED);
  const page = await restored.outcomePages([{ requestId: id, statuses: ['SUCCEEDED'], afterIndex: -1, limit: 4_000 }]);
  expect(page[0]?.rows.map(({ index }) => index)).toEqual(Array.from({ length: progress.SUCCEEDED }, (_, at) => at));
});

test('a backup that begins while the store is being written to waits for its turn', async () => {
  await using store = await opened();
  const { log, folder } = store;
  let done = false;
  const writing = (async () => {
    // It writes the same pages again and again: nearly always in a transaction, and the file does not grow.
    for (let at = 0; !done; at++) await log.remember('load', String(at % 10).repeat(1_000_000));
  })();
  for (let at = 0; at < 15; at++) {
    expect((await log.upkeep.backup(`${folder}/${at}.sqlite`)).bytes).toBeGreaterThan(1_000_000);
  }
  done = true;
  await writing;
});

test('in a restored store a request that was queued or on its way is UNKNOWN and not sent again; the next start finds nothing to do', async () => {
  await using store = await opened();
  const { log, backup } = store;
  const queued = Array.from({ length: 120 }, () => newRequest([A]));
  for (const request of queued) await log.create(request);
  const large = newRequest(Array.from({ length: 10_000 }, (_, at) => [['ICCID', `891480000000000${String(at).padStart(5, '0')}`]]));
  const sending = newRequest([B, C]);
  const accepted = await submitted(log, [A], randomUUID());
  await log.create(large);
  await log.create(sending);
  await log.step(sending.id, 0, { type: 'SENDING' });
  await log.upkeep.backup(backup);
  expect(await log.recover()).toHaveLength(121);

  // A command opens the store without starting the gateway: nothing is settled, and the mark stays.
  const early = openLog(backup);
  expect(await requestOf(early, large.id)).toMatchObject({ status: 'QUEUED' });
  await early[Symbol.asyncDispose]();
  let now = NOW;
  const restored = openLog(backup, { now: () => now });
  expect(restored.epoch).toBe(early.epoch);
  expect(await restored.recover()).toEqual([]);
  expect(await requestOf(restored, large.id)).toMatchObject({
    status: 'UNKNOWN',
    progress: { UNKNOWN: 10_000 },
    error: { code: 'RESTORED' },
  });
  expect(await requestOf(restored, sending.id)).toMatchObject({ status: 'UNKNOWN', error: { code: 'UNANSWERED' } });
  expect(await requestOf(restored, accepted)).toMatchObject({ status: 'IN_PROGRESS', error: null });
  const others = await restored.requests(queued.map(({ id }) => id));
  expect(new Set(others.values().map(({ status }) => status))).toEqual(new Set(['UNKNOWN']));

  // Requests that left in the last minute before the restore are not in the store, so the carrier's window may be full.
  expect(await restored.sentSince('ACTIVATE_DEVICES', NOW - 60_000)).toHaveLength(102);
  expect(await restored.sentSince('RESUME_PROFILE', NOW - 60_000)).toEqual(Array.from({ length: 100 }, () => NOW));
  now = NOW + 60_000;
  expect(await restored.sentSince('RESUME_PROFILE', now - 60_000)).toEqual([]);

  const later = newRequest([A]);
  await restored.create(later);
  await restored[Symbol.asyncDispose]();
  await using again = openLog(backup);
  expect(again.epoch).toBe(restored.epoch);
  expect(await again.recover()).toEqual([later.id]);
});

test('a callback of a request that was sent after the backup was made finds its request in the restored store', async () => {
  await using store = await opened();
  const { log, backup } = store;
  const request = newRequest([A, B], { createdAt: NOW - 1_000 });
  await log.create(request);
  await log.upkeep.backup(backup);
  const guid = randomUUID();
  await log.step(request.id, 0, { type: 'SENDING' });
  await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: guid });

  await using restored = openLog(backup, { now: () => NOW + 5_000 });
  await restored.recover();
  expect(await restored.append(successCallback({ requestId: guid, ids: A, receivedAt: NOW + 1_000 }))).toBe('UNCLAIMED');
  expect(await restored.settleUnclaimed(0)).toEqual({ resolved: [request.id], adopted: [], done: true });
  expect(statuses(await outcomesOf(restored, request.id))).toEqual(['SUCCEEDED', 'PENDING']);
});

test('a backup goes to a new file in an existing folder, one at a time, and leaves nothing behind when it is refused', async () => {
  await using store = await opened();
  const { log, backup, folder } = store;
  const there = () => readdirSync(folder).toSorted();
  writeFileSync(backup, 'something of value');
  const before = there();
  await expect(log.upkeep.backup(backup)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining('is there already') as string,
  });
  expect(readFileSync(backup, 'utf8')).toBe('something of value');
  await expect(log.upkeep.backup(store.path)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  await expect(log.upkeep.backup('backup.sqlite')).rejects.toMatchObject({ message: expect.stringContaining('absolute path') as string });
  await expect(log.upkeep.backup(`${folder}/missing/backup.sqlite`)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  writeFileSync(`${folder}/other.part`, 'of another backup');
  await expect(log.upkeep.backup(`${folder}/other`)).rejects.toMatchObject({ message: expect.stringContaining('other.part') as string });
  expect(there()).toEqual([...before, 'other.part'].toSorted());
  expect(await log.upkeep.lastTimes()).toMatchObject({ backupAt: null });

  const [first, second] = await Promise.allSettled([log.upkeep.backup(`${folder}/1`), log.upkeep.backup(`${folder}/2`)]);
  expect(first.status).toBe('fulfilled');
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'BAD_USER_INPUT' } });
  await log.upkeep.backup(`${folder}/2`);
});

test('a store that is closed while a backup is written closes, and leaves no part of the backup', async () => {
  await using folder = await tempFolder();
  const [path, backup] = [`${folder.path}/log.sqlite`, `${folder.path}/backup.sqlite`];
  await fillStore(path, { requests: 12, devices: 2_000, account: 'account-1', at: NOW });
  const log = openLog(path);
  const making = expect(log.upkeep.backup(backup)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  await until(() => statSync(`${backup}.part`, { throwIfNoEntry: false }) !== undefined && statSync(`${backup}.part`).size > 0);
  await log[Symbol.asyncDispose]();
  await making;
  expect(readdirSync(folder.path)).toEqual(['log.sqlite', 'log.sqlite-lock']);
});

test('a write-ahead log of another store is refused, because SQLite would replay or delete it', async () => {
  await using store = await opened();
  const { log, path, backup, folder } = store;
  await log.create(newRequest([A]));
  await log.upkeep.backup(backup);
  // The files after a crash, with a backup in the place of the database file alone.
  const crashed = `${folder}/crashed.sqlite`;
  copyFileSync(`${path}-wal`, `${crashed}-wal`);
  copyFileSync(backup, crashed);
  expect(() => openLog(crashed)).toThrow(/is a restored backup, or .*, and .*crashed\.sqlite-wal belongs to another store/);
  renameSync(crashed, `${folder}/moved.sqlite`);
  expect(() => openLog(crashed)).toThrow(/crashed\.sqlite-wal holds the last writes of a store that is no longer at/);
  expect(readdirSync(dirname(crashed))).toContain(basename(`${crashed}-wal`));
  await using restored = openLog(`${folder}/moved.sqlite`);
  expect(await restored.recover()).toEqual([]);
});
