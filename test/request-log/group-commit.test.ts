import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { GroupCommit } from '../../src/datasources/request-log/sqlite/group-commit.ts';

function start() {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE t (n INTEGER) STRICT');
  const fatal: string[] = [];
  const commits = new GroupCommit(db, {
    beforeCommit: () => undefined,
    afterCommit: () => undefined,
    onRollback: () => undefined,
    onFatal: (error) => fatal.push(error.code),
  });
  const insert = (n: number) => commits.run(() => db.prepare('INSERT INTO t VALUES (?)').run(n));
  const stored = () =>
    db
      .prepare('SELECT n FROM t ORDER BY n')
      .all()
      .map((row) => row['n']);
  const levels: unknown[] = [];
  /** Notes the sync level of the transaction that it runs in: 2 is FULL, 1 is NORMAL. */
  const level = () => void levels.push(db.prepare('PRAGMA synchronous').get()?.['synchronous']);
  return { commits, fatal, insert, stored, levels, level };
}

const failing = (errcode: number) => Object.assign(new Error('from the store'), { errcode });

test('one bad job of a batch fails alone, and the others are stored once', async () => {
  const { commits, fatal, insert, stored } = start();
  const bad = () => {
    throw new Error('a bug');
  };
  const results = await Promise.allSettled([insert(1), commits.run(bad), insert(2)]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(stored()).toEqual([1, 2]);
  expect(fatal).toEqual([]);
});

test('after an I/O error nothing more is written or acknowledged, not even other jobs of the same batch', async () => {
  const { commits, fatal, insert, stored } = start();
  let tries = 0;
  // In the batch it fails with a bug, and alone with a disk error.
  const disk = () => {
    throw tries++ === 0 ? new Error('a bug') : failing(10);
  };
  const results = await Promise.allSettled([insert(1), commits.run(disk), insert(2)]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(stored()).toEqual([1]);
  expect(fatal).toEqual(['STORE_FAILED']);
  await expect(insert(3)).rejects.toMatchObject({ code: 'STORE_FAILED' });
});

test('a full disk refuses the batch and the store goes on', async () => {
  const { commits, fatal, insert, stored } = start();
  const full = () => {
    throw failing(13);
  };
  await expect(commits.run(full)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  await insert(1);
  expect(stored()).toEqual([1]);
  expect(fatal).toEqual([]);
});

test('only a batch whose jobs may all be lost in a power cut is committed without a sync; the next one is synced again', async () => {
  const { commits, levels, level } = start();
  const bad = () => {
    level();
    throw new Error('a bug');
  };
  await Promise.all([commits.runUnsynced(level), commits.runUnsynced(level)]);
  await commits.run(level);
  await Promise.all([commits.runUnsynced(level), commits.run(level)]);
  await Promise.allSettled([commits.runUnsynced(bad)]);
  await commits.run(level);
  await Promise.allSettled([commits.runUnsynced(bad), commits.run(level)]);
  expect(levels).toEqual([1, 1, 2, 2, 2, 1, 2, 2, 1, 2]);
});
