import { linkSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { countStored, FILE, keepFiles, storeCallbacks } from './crashed-store.ts';

/** Commits that are more than the log of a new store holds before it is moved. */
const COMMITS = 40;

test('while a read keeps the log from being moved whole, a start without the log is refused', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/${FILE}`;
  await using log = openLog(path);
  for (let stored = 1; stored <= COMMITS; stored++) await storeCallbacks(log, stored, 1);
  using reader = openReader(path);
  for (let stored = COMMITS + 1; stored <= 2 * COMMITS; stored++) await storeCallbacks(log, stored, 1);
  const whole = keepFiles(path, `${folder.path}/whole`);
  const torn = keepFiles(path, `${folder.path}/torn`);
  rmSync(`${torn}-wal`);
  expect(() => openLog(torn)).toThrow(/its write-ahead log .* is not there/);
  await using copy = openLog(whole);
  expect(await countStored(copy)).toBe(2 * COMMITS);
  expect(reader.isOpen).toBe(true);
});

test('a store with a second name is refused: a process could open it by the other one', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/${FILE}`;
  await openLog(path)[Symbol.asyncDispose]();
  linkSync(path, `${folder.path}/other.sqlite`);
  for (const name of [path, `${folder.path}/other.sqlite`]) expect(() => openLog(name)).toThrow(/has 2 names \(hard links\)/);
  rmSync(`${folder.path}/other.sqlite`);
  await openLog(path)[Symbol.asyncDispose]();
});

test('another program that writes ends the use of the store: what is kept in memory may be wrong', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/${FILE}`;
  const fatal: string[] = [];
  const log = openLog(path, { onFatal: ({ message }) => fatal.push(message) });
  await storeCallbacks(log, 1, 1);
  using stranger = new DatabaseSync(path);
  stranger.prepare('SELECT count(*) FROM unclaimed').get();
  await storeCallbacks(log, 2, 1);
  stranger.exec('DELETE FROM unclaimed');
  await expect(storeCallbacks(log, 3, 1)).rejects.toThrow(/Another program has written to the store/);
  await expect(storeCallbacks(log, 4, 1)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(fatal).toEqual([expect.stringContaining('Restart it, and verify the store')]);
  await log[Symbol.asyncDispose]();
});

/** A connection in the middle of a read. */
function openReader(path: string): DatabaseSync {
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec('BEGIN; SELECT 1 FROM request');
  return reader;
}
