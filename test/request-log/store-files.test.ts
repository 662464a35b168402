import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifySqlite } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import { acceptDamage } from '../../src/datasources/request-log/sqlite/write-ahead-log/accept-damage.ts';
import { SyncedRecord } from '../../src/datasources/request-log/sqlite/write-ahead-log/synced-record.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { countStored, FILE, keepFiles, lookInto, storeCallbacks } from './crashed-store.ts';

/** Enough that the log was moved and begun anew a few times. */
const STORED = 60;

const template = await tempFolder();
afterAll(() => template[Symbol.asyncDispose]());

/** A store as a kill leaves it, an older state of it, and a backup. */
beforeAll(async () => {
  const running = `${template.path}/running/${FILE}`;
  await using log = openLog(running);
  await storeCallbacks(log, 0, 5);
  keepFiles(running, `${template.path}/older`);
  await log.upkeep.backup(`${template.path}/backup.sqlite`);
  await storeCallbacks(log, 5, STORED - 5);
  keepFiles(running, `${template.path}/crashed`);
});

async function crashed() {
  const folder = await tempFolder();
  cpSync(template.path, folder.path, { recursive: true });
  const [path, older] = ['crashed', 'older'].map((name) => `${folder.path}/${name}/${FILE}`) as [string, string];
  const dispose = () => folder[Symbol.asyncDispose]();
  return { folder: folder.path, path, older, backup: `${folder.path}/backup.sqlite`, [Symbol.asyncDispose]: dispose };
}

type Crashed = Awaited<ReturnType<typeof crashed>>;

test('a store that a kill has left starts with all that was acknowledged, also with another program between', async () => {
  await using store = await crashed();
  const copy = keepFiles(store.path, `${store.folder}/looked-into`);
  for (const path of [store.path, copy]) {
    if (path === copy) lookInto(path);
    await using log = openLog(path);
    expect(log.isNew).toBe(false);
    expect(await countStored(log)).toBe(STORED);
  }
});

test('the main file alone has the schema, the keys and a mark right after a start', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/${FILE}`;
  await using log = openLog(path);
  expect(log.isNew).toBe(true);
  await log.keys.add({
    id: 'abc',
    name: 'first',
    hash: new Uint8Array(32),
    scopes: {},
    grants: [],
    createdAt: 0,
    expiresAt: 1,
    revokedAt: null,
  });
  mkdirSync(`${folder.path}/alone`);
  copyFileSync(path, `${folder.path}/alone/${FILE}`);
  expect(() => openLog(`${folder.path}/alone/${FILE}`)).toThrow(/was not closed cleanly, and its write-ahead log .*-wal.* is not there/);
  acceptDamage(`${folder.path}/alone/${FILE}`, 0);
  await using accepted = openLog(`${folder.path}/alone/${FILE}`);
  expect((await accepted.keys.list()).map(({ name }) => name)).toEqual(['first']);
});

test.each<readonly [what: string, act: (store: Crashed) => void, words: RegExp]>([
  ['the log is missing', ({ path }) => rmSync(`${path}-wal`), /was not closed cleanly, and its write-ahead log .* is not there/],
  ['the log is empty', ({ path }) => truncateSync(`${path}-wal`), /was not closed cleanly, and its write-ahead log .* is not there/],
  ['only the main file is there', ({ path }) => ['-wal', '-synced'].forEach((end) => rmSync(path + end)), /is not there/],
  ['the log ends early', ({ path }) => truncateSync(`${path}-wal`, 32 + 4_120), /is damaged: it can be read up to frame \d+, and \d+ were/],
  ['the header of the log is overwritten', ({ path }) => flip(`${path}-wal`, 17), /is damaged: its header cannot be read/],
  ['the log is an older one', ({ path, older }) => copyFileSync(`${older}-wal`, `${path}-wal`), /do not fit together/],
  ['the main file is an older one', ({ path, older }) => copyFileSync(older, path), /do not fit together/],
  ['the main file is a backup', ({ path, backup }) => copyFileSync(backup, path), /is a restored backup, or was closed cleanly/],
  ['the main file is missing', ({ path }) => rmSync(path), /holds the last writes of a store that is no longer at/],
  ['the main file is empty', ({ path }) => truncateSync(path), /holds the last writes of a store that is no longer at/],
  [
    'main file and log are missing',
    ({ path }) => ['', '-wal'].forEach((end) => rmSync(path + end)),
    /There is no store at .*-synced tells/,
  ],
  [
    'all files are missing and a copy was saved',
    ({ path, backup }) => {
      for (const end of ['', '-wal', '-synced']) rmSync(path + end);
      renameSync(backup, `${path}.rescued-2026-01-01`);
    },
    /There is no store at .*, but a gateway saved its content to .*\.rescued-2026-01-01/,
  ],
  [
    'all files are missing and a copy was saved in the folder above',
    ({ folder, path, backup }) => {
      for (const end of ['', '-wal', '-synced']) rmSync(path + end);
      renameSync(backup, `${folder}/${basename(dirname(path))}-${FILE}.rescued-2026-01-01`);
    },
    /There is no store at .*, but a gateway saved its content to/,
  ],
  [
    'the path is a link to nothing',
    ({ folder, path }) => {
      for (const end of ['', '-wal', '-synced']) rmSync(path + end);
      symlinkSync(`${folder}/elsewhere/${FILE}`, path);
    },
    /is a symbolic link to .*, where no store is/,
  ],
  [
    'a byte of a frame is changed and the record of what was synced is missing',
    ({ path }) => {
      rmSync(`${path}-synced`);
      flip(`${path}-wal`, 32 + 24 + 100);
    },
    /is damaged: behind frame 0 are more/,
  ],
  ['a salt of a frame is changed', ({ path }) => flip(`${path}-wal`, frameAt(0) + 9), /is damaged: it can be read up to frame 0, and/],
  [
    'a salt of the last frame is changed and the record of what was synced is missing',
    ({ path }) => {
      flip(`${path}-wal`, frameAt(readFileSync(`${path}-synced`).readUInt32BE(12) - 1) + 9);
      rmSync(`${path}-synced`);
    },
    /is damaged: behind frame \d+ are more/,
  ],
  [
    'the main file was half written and the log ends early',
    ({ path }) => {
      writeFileSync(path, readFileSync(path).fill(0xff, 100, 4_096));
      truncateSync(`${path}-wal`, frameAt(1));
    },
    /is damaged: it can be read up to frame \d+, and \d+ were/,
  ],
])('a start is refused in a sentence when %s', async (_what, act, words) => {
  await using store = await crashed();
  act(store);
  expect(() => openLog(store.path)).toThrow(expect.objectContaining({ code: 'STORE_UNUSABLE', message: expect.stringMatching(words) }));
  // A refused start changes nothing.
  expect(() => openLog(store.path)).toThrow(words);
});

test.each<readonly [what: string, act: (store: Crashed) => void]>([
  ['the record of what was synced is missing and the log is whole', ({ path }) => rmSync(`${path}-synced`)],
  [
    'the record of what was synced is of an earlier log',
    ({ path }) => {
      const record = new SyncedRecord(path);
      record.write({ first: 1, second: 2, frames: 9_999, isMoved: false });
      record.close({ remove: false });
    },
  ],
  ['the record of what was synced is damaged', ({ path }) => flip(`${path}-synced`, 13)],
  ['the record of what was synced ends early', ({ path }) => truncateSync(`${path}-synced`, 10)],
])('a start has everything when %s', async (_what, act) => {
  await using store = await crashed();
  act(store);
  await using log = openLog(store.path);
  expect(await countStored(log)).toBe(STORED);
});

test('a store whose mark names no log yet starts without one', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/${FILE}`;
  await closed(openLog(path));
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL; INSERT INTO fact (key, value) VALUES ('write-ahead-log', 'none')");
  db.close();
  await using log = openLog(path);
  expect(log.isNew).toBe(false);
});

test('a part of a copy that was never finished is no store that was saved', async () => {
  await using folder = await tempFolder();
  writeFileSync(`${folder.path}/${FILE}.rescued-2026-01-01.part`, 'x');
  await using log = openLog(`${folder.path}/${FILE}`);
  expect(log.isNew).toBe(true);
});

test('a log of the same store is refused beside a store that was closed cleanly', async () => {
  await using store = await crashed();
  await openLog(store.path)[Symbol.asyncDispose]();
  copyFileSync(`${store.older}-wal`, `${store.path}-wal`);
  expect(() => openLog(store.path)).toThrow(/is a restored backup, or was closed cleanly/);
});

test('a store behind a symbolic link is judged where it lies', async () => {
  await using store = await crashed();
  symlinkSync(store.path, `${store.folder}/link.sqlite`);
  rmSync(`${store.path}-wal`);
  expect(() => openLog(`${store.folder}/link.sqlite`)).toThrow(/crashed\/gateway\.sqlite-wal, which holds its last writes, is not there/);
});

test('damage can be accepted: what is whole is used, the log is kept, and the store counts as restored', async () => {
  await using store = await crashed();
  expect(() => acceptDamage(store.path, 0)).toThrow('does not refuse the store');
  const { epoch } = await closed(openLog(store.older));
  flip(`${store.path}-wal`, 32 + 24 + 100);
  expect(verifySqlite(store.path).faults.join()).toContain('is damaged');
  const { kept } = acceptDamage(store.path, 0);
  expect(kept).toMatch(/-wal\.damaged-1970/);
  const files = readdirSync(dirname(store.path));
  expect(files).toContain(basename(kept ?? ''));
  expect(files).not.toContain(`${FILE}-synced`);
  await using log = openLog(store.path);
  expect(log.epoch).not.toBe(epoch);
  expect(await countStored(log)).toBeGreaterThan(0);
  expect(verifySqlite(keepFiles(store.path, `${store.folder}/copy`)).totalFaults).toBe(0);
});

test('nothing is accepted while a gateway has the store open', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/${FILE}`;
  await using log = openLog(path);
  await storeCallbacks(log, 0, 3);
  flip(`${path}-wal`, frameAt(0) + 100);
  const files = readdirSync(folder.path);
  expect(() => acceptDamage(path, 0)).toThrow(/Another process has the store/);
  expect(readdirSync(folder.path)).toEqual(files);
});

test('a log that does not fit is set aside when damage is accepted, not replayed', async () => {
  await using store = await crashed();
  copyFileSync(`${store.older}-wal`, `${store.path}-wal`);
  acceptDamage(store.path, 0);
  expect(verifySqlite(store.path).totalFaults).toBe(0);
  await using log = openLog(store.path);
  expect(await countStored(log)).toBeGreaterThan(5);
});

/** Where a frame begins in a log. */
function frameAt(frame: number): number {
  return 32 + 4_120 * frame;
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

async function closed<Log extends AsyncDisposable>(log: Log): Promise<Log> {
  await log[Symbol.asyncDispose]();
  return log;
}
