import { copyFileSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { countStored, FILE, keepFiles, storeCallbacks } from './crashed-store.ts';

/** Enough that the log was moved and begun anew a few times. */
const STORED = 60;

test.each<readonly [what: string, act: (path: string, folder: string) => void, words: RegExp]>([
  ['the main file is removed', (path) => rmSync(path), /is not there any more/],
  ['the main file is moved', (path) => renameSync(path, `${path}.old`), /is not there any more/],
  ['the folder is moved', (_path, folder) => renameSync(`${folder}/data`, `${folder}/moved`), /is not there any more/],
  ['the log is removed', (path) => rmSync(`${path}-wal`), /-wal is not there any more/],
  ['the log is cut', (path) => truncateSync(`${path}-wal`, 32), /something else has written to .*-wal/],
  ['the log is overwritten', (path) => writeFileSync(`${path}-wal`, Buffer.alloc(1_000_000)), /something else has written to .*-wal/],
  ['the main file is cut', (path) => truncateSync(path), /something else has written to/],
  [
    'the main file is replaced by a copy of itself',
    (path) => {
      copyFileSync(path, `${path}.copy`);
      renameSync(`${path}.copy`, path);
    },
    /is another file now/,
  ],
  ['another store is copied over it', (path, folder) => copyFileSync(`${folder}/backup.sqlite`, path), /something else has written to/],
])('a running store sees that %s', async (_what, act, words) => {
  await using folder = await tempFolder();
  const path = `${folder.path}/data/${FILE}`;
  await using log = openLog(path);
  await storeCallbacks(log, 0, 3);
  await log.upkeep.backup(`${folder.path}/backup.sqlite`);
  expect(log.findChange()).toBe(null);
  await storeCallbacks(log, 3, STORED);
  expect(log.findChange()).toBe(null);
  act(path, folder.path);
  expect(log.findChange()).toMatch(words);
});

test('a clean stop leaves one file, and the empty one that processes lock', async () => {
  await using folder = await tempFolder();
  await openLog(`${folder.path}/${FILE}`)[Symbol.asyncDispose]();
  expect(readdirSync(folder.path)).toEqual([FILE, `${FILE}-lock`]);
});

test('a store that is no longer at its path is left as a kill would leave it when it is closed', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/${FILE}`;
  const log = openLog(path);
  await storeCallbacks(log, 0, 3);
  renameSync(path, `${path}.moved`);
  await log[Symbol.asyncDispose]();
  expect(readdirSync(folder.path)).toContain(`${FILE}-wal`);
  renameSync(`${path}.moved`, path);
  await using again = openLog(keepFiles(path, `${folder.path}/copy`));
  expect(await countStored(again)).toBe(3);
});

test('a running store sees that its symbolic link names another place', async () => {
  await using folder = await tempFolder();
  const link = `${folder.path}/link.sqlite`;
  await openLog(`${folder.path}/a.sqlite`)[Symbol.asyncDispose]();
  await openLog(`${folder.path}/b.sqlite`)[Symbol.asyncDispose]();
  symlinkSync(`${folder.path}/a.sqlite`, link);
  await using log = openLog(link);
  expect(log.findChange()).toBe(null);
  rmSync(link);
  symlinkSync(`${folder.path}/b.sqlite`, link);
  expect(log.findChange()).toMatch(/link\.sqlite is another file now/);
});

test('what a backup, a reseal and many commits write is no change', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/${FILE}`;
  await using log = openLog(path, { keys: [Buffer.alloc(32, 'k')] });
  await storeCallbacks(log, 0, STORED);
  while (!(await log.upkeep.resealStep()).done);
  expect(log.findChange()).toBe(null);
  const copy = keepFiles(path, `${folder.path}/copy`);
  await using again = openLog(copy, { keys: [Buffer.alloc(32, 'k')] });
  expect(await countStored(again)).toBe(STORED);
});
