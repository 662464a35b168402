import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { APPLICATION_ID } from '../../src/datasources/request-log/sqlite/sqlite-open.ts';
import { verifySqlite } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import type { GatewayError } from '../../src/errors.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, C, outcomesOf } from './contract-support.ts';
import { fillMarked, KEY_A, KEY_B, keyIdOf, MARKERS, markersIn, readBack, telling } from './sealed-support.ts';

const FAR_AWAY = Number.MAX_SAFE_INTEGER;

/** A store that was filled and closed. */
async function filled(keys: readonly Uint8Array[]) {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const path = `${folder.path}/log.sqlite`;
  const log = openLog(path, { keys });
  const marked = await fillMarked(log);
  await log[Symbol.asyncDispose]();
  const built = undo.move();
  return { path, folder: folder.path, marked, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** Changes the closed file with SQL, as the gateway never does. */
function tamper(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

test('with a key no message is readable in any file of the store, and the key reads all of them back', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  const log = openLog(path, { keys: [KEY_A] });
  const marked = await fillMarked(log);
  while (await log.indexIdentifiers());
  expect(markersIn(path)).toEqual([]);
  await log.upkeep.backup(`${folder.path}/backup.sqlite`);
  expect(markersIn(`${folder.path}/backup.sqlite`)).toEqual([]);
  const warm = await readBack(log, marked);
  await log[Symbol.asyncDispose]();
  expect(markersIn(path)).toEqual([]);

  await using again = openLog(path, { keys: [KEY_A] });
  const cold = await readBack(again, marked);
  for (const text of [warm, cold])
    expect(Object.values(MARKERS).filter((marker) => marker !== MARKERS.claimed && !text.includes(marker))).toEqual([]);
  expect((await outcomesOf(again, marked.id))[0]?.final?.message.comment).toBe(MARKERS.claimed);
});

test('without a key every message is readable in the files, so the search of the other tests works', async () => {
  await using store = await filled([]);
  expect(markersIn(store.path)).toEqual(Object.keys(MARKERS));
  await using log = openLog(store.path);
  expect(await log.upkeep.stats()).toMatchObject({ sealedWith: null, olderKeys: [] });
});

test('a restored backup opens with the key of its store, and not without it', async () => {
  await using store = await filled([KEY_A]);
  const backup = `${store.folder}/backup.sqlite`;
  {
    await using log = openLog(store.path, { keys: [KEY_A] });
    await log.upkeep.backup(backup);
  }
  expect(() => openLog(backup)).toThrow('is not configured');
  await using restored = openLog(backup, { keys: [KEY_A] });
  await restored.recover();
  expect(await readBack(restored, store.marked)).toContain(MARKERS.devicePassword);
});

test('a resend is recognised after the key was changed, and a callback claimed then is sealed for its new place', async () => {
  await using store = await filled([KEY_A]);
  const { path, marked } = store;
  await using log = openLog(path, { keys: [KEY_B, KEY_A] });
  expect(await log.append(telling(marked.guid, A, { comment: MARKERS.claimed, callbackCount: 2 }))).toBe('DUPLICATE');
  const { adopted } = await log.settleUnclaimed(FAR_AWAY);
  const [outcome] = await outcomesOf(log, adopted[0] ?? '');
  expect(outcome?.final?.message.comment).toBe(MARKERS.unclaimed);
  expect(await log.upkeep.stats()).toMatchObject({ sealedWith: keyIdOf(KEY_B), olderKeys: [keyIdOf(KEY_A)] });
  await log[Symbol.asyncDispose]();
  await using cold = openLog(path, { keys: [KEY_B, KEY_A] });
  expect((await outcomesOf(cold, adopted[0] ?? ''))[0]?.final?.message.comment).toBe(MARKERS.unclaimed);
});

test('a store whose key is not configured is refused, with the id of the key and what to do', async () => {
  await using store = await filled([KEY_A]);
  const sentence = new RegExp(
    `rows that are sealed with a key that is not configured \\(${keyIdOf(KEY_A)}\\): M2M_STORE_KEYS, or the file`,
  );
  for (const keys of [[], [KEY_B]]) expect(() => openLog(store.path, { keys })).toThrow(sentence);
  await openLog(store.path, { keys: [KEY_B, KEY_A] })[Symbol.asyncDispose]();
  // Key B has sealed nothing yet, so it may be removed.
  await openLog(store.path, { keys: [KEY_A] })[Symbol.asyncDispose]();
});

test.each([
  [
    'message of an event',
    'UPDATE event SET message = (SELECT o.message FROM event o WHERE o.message IS NOT NULL AND o.pk <> event.pk) WHERE message IS NOT NULL',
  ],
  ['message to another request', 'UPDATE event SET request_pk = 3 - request_pk, seq = seq + 100 WHERE message IS NOT NULL'],
  ['input', 'UPDATE request_input SET devices = (SELECT devices FROM request_input o WHERE o.request_pk <> request_input.request_pk)'],
  ['settings into devices', 'UPDATE request_input SET devices = settings'],
  ['unclaimed callback', "UPDATE unclaimed SET account = 'account-2'"],
  ['kept message', 'UPDATE kept_message SET body = (SELECT body FROM kept_message o WHERE o.pk <> kept_message.pk)'],
  ['copy', 'UPDATE forward SET pk = pk + 1'],
])('a moved %s does not open, and the error tells nothing about the value', async (_what, sql) => {
  await using store = await filled([KEY_A]);
  tamper(store.path, `PRAGMA foreign_keys = OFF; ${sql}`);
  const { faults } = verifySqlite(store.path, [KEY_A]);
  expect(faults.join('\n')).toMatch(/does not open with its key: it was changed, moved or damaged\./);
  await using log = openLog(store.path, { keys: [KEY_A] });
  const error = await readBack(log, store.marked).then(
    () => null,
    (cause: unknown) => cause as GatewayError,
  );
  expect(error).toMatchObject({ code: 'STORE_FAILED', message: expect.stringContaining('npm run store -- verify') as string });
  expect(Object.values(MARKERS).filter((marker) => String(error?.stack).includes(marker))).toEqual([]);
});

test('verify opens sealed values: it finds a changed byte, and a key that the store does not name', async () => {
  await using store = await filled([KEY_A]);
  const { path } = store;
  const good = { requests: 2, events: 10, faults: [], totalFaults: 0, unread: 0, missingKeys: [] };
  expect(verifySqlite(path, [KEY_A])).toEqual(good);
  expect(verifySqlite(path, [KEY_B, KEY_A])).toEqual(good);
  // Four values of inputs, three messages of events, one unclaimed callback, two dead letters, one copy.
  expect(verifySqlite(path)).toEqual({ ...good, unread: 11, missingKeys: [keyIdOf(KEY_A)] });
  tamper(path, `UPDATE unclaimed SET message = 'AAAA' || substr(message, 5); UPDATE forward SET body = x'00'`);
  tamper(path, "UPDATE kept_message SET key_id = 'deadbeef' WHERE reason = 'UNREADABLE'");
  expect(verifySqlite(path, [KEY_A]).faults).toEqual([
    expect.stringMatching(/^The unclaimed callback \d+ does not open/) as string,
    expect.stringMatching(/^The kept message \d+ names a key that the store does not know of\.$/) as string,
    expect.stringMatching(/^The copy \d+ for the previous listener does not open/) as string,
  ]);
  expect(verifySqlite(path)).toMatchObject({ totalFaults: 1, unread: 10 });
});

test('purged requests are gone with their sealed bytes and their input', async () => {
  await using store = await filled([KEY_A]);
  const { path, marked } = store;
  const db = new DatabaseSync(path);
  const sealed = [
    ...db.prepare('SELECT devices AS value FROM request_input UNION ALL SELECT settings FROM request_input').all(),
    ...db.prepare('SELECT message AS value FROM event WHERE message IS NOT NULL').all(),
  ].map(({ value }) => String(value));
  db.close();
  expect(sealed).toHaveLength(7);
  const lying = () => sealed.filter((value) => readFileSync(path).includes(value.slice(0, 64))).length;
  expect(lying()).toBe(7);
  {
    await using log = openLog(path, { keys: [KEY_A], now: () => 2_000 });
    while (!(await log.upkeep.purgeStep(FAR_AWAY)).done);
    expect(await log.sendable(marked.id)).toBeNull();
  }
  expect(lying()).toBe(0);
});

test('plain messages from before the key are read beside sealed ones', async () => {
  await using store = await filled([]);
  const { path, marked } = store;
  await using log = openLog(path, { keys: [KEY_A] });
  await log.append(telling(marked.guid, A, { comment: 'later', status: 'Failed' }));
  expect((await outcomesOf(log, marked.id))[0]).toMatchObject({ contradicted: true, final: { message: { comment: MARKERS.claimed } } });
  expect((await log.unclaimed(null, null, 10)).rows.map(({ message }) => message.deviceIds[0]?.id)).toEqual([C[0][1]]);
  await log[Symbol.asyncDispose]();
  expect(() => openLog(path)).toThrow('is not configured');
  expect(verifySqlite(path, [KEY_A])).toMatchObject({ totalFaults: 0, unread: 0 });
});

test('a store from before sealing is verified as it is, and it is read and sealed once it is opened with a key', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  const db = new DatabaseSync(path);
  const migrations = new URL('../../src/datasources/request-log/sqlite/migrations/', import.meta.url);
  for (const file of ['0001-sqlite.sql', '0002-sqlite.sql']) db.exec(readFileSync(new URL(file, migrations), 'utf8'));
  db.exec(`PRAGMA user_version = 2; PRAGMA application_id = ${APPLICATION_ID}`);
  const { account, service, json, digest } = telling(randomUUID(), C, { comment: MARKERS.unclaimed });
  db.prepare('INSERT INTO unclaimed (account, service, received_at, digest, message) VALUES (?, ?, 1, ?, ?)').run(
    account,
    service,
    digest,
    json,
  );
  db.close();
  expect(verifySqlite(path)).toMatchObject({ faults: [], unread: 0 });
  await using log = openLog(path, { keys: [KEY_A] });
  expect(await log.upkeep.resealStep()).toEqual({ rows: 0, keyId: keyIdOf(KEY_A), done: false });
  while (!(await log.upkeep.resealStep()).done);
  expect(markersIn(path)).toEqual([]);
  expect((await log.unclaimed(null, null, 10)).rows[0]?.message.comment).toBe(MARKERS.unclaimed);
});
