import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { verifySqlite } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import { StoreReseal } from '../../src/resolvers/upkeep/reseal-store.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { smallDisk, whyNoSmallDisk } from '../support/small-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, submitted } from './contract-support.ts';
import { fillMarked, KEY_A, KEY_B, keyIdOf, MARKERS, markersIn, readBack, telling } from './sealed-support.ts';
import { storeOf, type FlatStore } from '../support/flat-store.ts';

/** Enough for several steps, and for pages that are split and merged while their rows are rewritten. */
const DEVICES = 400;
const TABLES = ['request_input', 'event', 'unclaimed', 'kept_message', 'forward'] as const;

const resealOf = (log: FlatStore) => new StoreReseal({ store: storeOf(log), restFactor: 0 });

/** Callbacks of one Request, each with a marker and of another length. */
function tellings(guid: string, from: number, count: number) {
  return Array.from({ length: count }, (_, at) =>
    telling(guid, [['ICCID', `8914800000000${String(from + at).padStart(7, '0')}`]], {
      comment: `${MARKERS.claimed} `.repeat(1 + ((at * 7) % 40)),
    }),
  );
}

async function filled(log: FlatStore) {
  const marked = await fillMarked(log);
  const guid = randomUUID();
  const many = await submitted(log, null, guid);
  await Promise.all(tellings(guid, 0, DEVICES).map((each) => log.append(each)));
  return { ...marked, many, manyGuid: guid };
}

/** The keys that the rows of each table have, read by the test's own SQL; null for plain rows. */
function keysIn(path: string): Record<string, readonly unknown[]> {
  const db = new DatabaseSync(path);
  const sealable = (table: string) => (table === 'event' ? 'message IS NOT NULL' : 'true');
  const found = TABLES.map((table) => [
    table,
    db
      .prepare(`SELECT DISTINCT key_id FROM ${table} WHERE ${sealable(table)} ORDER BY 1`)
      .all()
      .map((row) => row['key_id']),
  ]);
  db.close();
  return Object.fromEntries(found) as Record<string, readonly unknown[]>;
}

const allWith = (key: Uint8Array) => Object.fromEntries(TABLES.map((table) => [table, [keyIdOf(key)]]));

/** Copies the files as they are: a crash at this moment would leave these. */
function crashed(path: string): string {
  const copy = `${path}.${randomUUID()}`;
  for (const end of ['', '-wal']) if (existsSync(path + end)) copyFileSync(path + end, copy + end);
  return copy;
}

test('reseals from plain to key A to key B, beside callbacks and a crash, lose nothing, leave nothing readable, and free the old key', async () => {
  await using folder = await tempFolder();
  const plain = openLog(`${folder.path}/log.sqlite`);
  const marked = await filled(plain);
  await plain[Symbol.asyncDispose]();
  let path = `${folder.path}/log.sqlite`;
  let stored = DEVICES;
  for (const keys of [[KEY_A], [KEY_B, KEY_A]]) {
    const [current = KEY_A, ...older] = keys;
    let copy = '';
    {
      await using log = openLog(path, { keys });
      for (let step = 0; step < 3; step++) await log.upkeep.resealStep();
      copy = crashed(path);
    }
    expect(keysIn(crashed(copy))['event']).toEqual(older.length > 0 ? [KEY_A, KEY_B].map(keyIdOf).toSorted() : [null, keyIdOf(KEY_A)]);
    path = copy;
    {
      await using log = openLog(path, { keys });
      expect(await log.recover()).toEqual([]);
      const appending = (async () => {
        for (let from = 0; from < 200; from += 20)
          await Promise.all(tellings(marked.manyGuid, stored + from, 20).map((each) => log.append(each)));
      })();
      const report = await resealOf(log).run();
      await appending;
      stored += 200;
      // The reseal goes on after the crash, and does not begin again.
      expect(report.keyId).toBe(keyIdOf(current));
      expect(report.rows).toBeLessThan(stored + 10);
      expect(markersIn(path)).toEqual([]);
      expect(await log.upkeep.stats()).toMatchObject({ sealedWith: keyIdOf(current), olderKeys: [] });
    }
    expect(markersIn(path)).toEqual([]);
    expect(keysIn(path)).toEqual(allWith(current));
    expect(verifySqlite(path, [current])).toMatchObject({ faults: [], unread: 0 });
    await using log = openLog(path, { keys: [current] });
    const text = await readBack(log, marked);
    expect(Object.values(MARKERS).filter((marker) => !text.includes(marker))).toEqual([]);
    expect((await log.requests([marked.many])).get(marked.many)?.progress.SUCCEEDED).toBe(stored);
  }
});

test('a reseal finds the rows that another key sealed behind an unfinished reseal', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  const group = newRequest(null);
  {
    await using log = openLog(path, { keys: [KEY_A] });
    await log.create(group);
    await filled(log);
  }
  {
    await using log = openLog(path, { keys: [KEY_B, KEY_A] });
    for (let step = 0; step < 2; step++) await log.upkeep.resealStep();
  }
  {
    // The old key is back, and the first row is sealed with it again.
    await using log = openLog(path, { keys: [KEY_A, KEY_B] });
    await log.setMembers(group.id, [{ deviceIds: A.map(([kind, id]) => ({ kind, id })) }]);
  }
  {
    await using log = openLog(path, { keys: [KEY_B, KEY_A] });
    await resealOf(log).run();
  }
  expect(keysIn(path)).toEqual(allWith(KEY_B));
  await using log = openLog(path, { keys: [KEY_B] });
  expect((await log.sendable(group.id))?.devices).toHaveLength(1);
});

test('a reseal rewrites no row that has the current key, and two at once run one after the other', async () => {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/log.sqlite`, { keys: [KEY_A] });
  await filled(log);
  const reseal = resealOf(log);
  expect((await Promise.all([reseal.run(), reseal.run()])).map(({ rows }) => rows)).toEqual([0, 0]);
});

test('a reseal empties the write-ahead log, which still holds the rows as they were before', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  {
    await using log = openLog(path);
    await filled(log);
  }
  await using log = openLog(path, { keys: [KEY_A] });
  await log.upkeep.resealStep();
  const before = statSync(`${path}-wal`).size;
  expect(await resealOf(log).run()).toMatchObject({ keyId: keyIdOf(KEY_A) });
  expect(statSync(`${path}-wal`).size).toBeLessThan(before);
  expect(markersIn(path)).toEqual([]);
});

const noMount = whyNoSmallDisk();
if (noMount !== null) process.stderr.write(`A reseal on a disk with little room is not tested: ${noMount}.\n`);

test.skipIf(noMount !== null)('a reseal does not fill the disk: it stops before, says so, and goes on once there is room', async () => {
  await using disk = await smallDisk('64m');
  const path = `${disk.path}/log.sqlite`;
  {
    await using log = openLog(path);
    await filled(log);
  }
  await using log = openLog(path, { keys: [KEY_A] });
  const { fileBytes, walBytes } = await log.upkeep.sizes();
  disk.resize(String(fileBytes + walBytes + 20_000_000));
  await expect(resealOf(log).run()).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringMatching(/^The reseal has stopped: .* has only \d+ MB free/) as string,
  });
  await submitted(log, null, randomUUID());
  disk.resize('64m');
  await resealOf(log).run();
  expect(keysIn(crashed(path))).toEqual(allWith(KEY_A));
});

test('a reseal that is stopped says so; without a key it is refused and changes nothing', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  await using log = openLog(path);
  await filled(log);
  await expect(resealOf(log).run()).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining('Set M2M_STORE_KEYS') as string,
  });
  await log[Symbol.asyncDispose]();
  expect(keysIn(path)['event']).toEqual([null]);
  await using keyed = openLog(path, { keys: [KEY_A] });
  const reseal = resealOf(keyed);
  const stopped = expect(reseal.run()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  await reseal[Symbol.asyncDispose]();
  await stopped;
});

test('a damaged value ends a reseal with an error, and leaves every row as it was', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  {
    await using log = openLog(path, { keys: [KEY_A] });
    await fillMarked(log);
  }
  const db = new DatabaseSync(path);
  db.exec("UPDATE unclaimed SET message = 'AAAA' || substr(message, 5)");
  db.close();
  {
    await using log = openLog(path, { keys: [KEY_B, KEY_A] });
    await expect(resealOf(log).run()).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(await log.upkeep.stats()).toMatchObject({ olderKeys: [keyIdOf(KEY_A)] });
  }
  expect(keysIn(path)['unclaimed']).toEqual([keyIdOf(KEY_A)]);
});
