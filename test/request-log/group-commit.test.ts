import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { GroupCommit } from '../../src/datasources/request-log/sqlite/group-commit.ts';

/** `afterCommit` is work on the store that each commit is followed by. */
function start(afterCommit: () => void = () => undefined) {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE t (n INTEGER) STRICT');
  const fatal: string[] = [];
  const commits: GroupCommit = new GroupCommit(db, {
    beforeCommit: () => undefined,
    afterCommit: () => commits.maintain(afterCommit),
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

const file = (code: string, syscall: string) => Object.assign(new Error(`${code}: from the system`), { code, syscall });

/** What a disk says that cannot be written now. */
const UNWRITABLE = [
  ['a full disk', failing(13), /^The disk is full/],
  ['a disk without room for the index of the log', failing(4_874), /^The disk is full/],
  ['a write that fails (a quota, a read-only file system, an I/O error)', failing(778), /^The store cannot be written/],
  ['a log that cannot be cut', failing(1_546), /^The store cannot be written/],
  ['a read-only store', failing(8), /^The store cannot be written/],
  ['a file that cannot be opened', failing(14), /^The store cannot be written/],
  ['a missing permission', failing(3), /^The store cannot be written/],
  ['a full disk under a file beside it', file('ENOSPC', 'write'), /^The disk is full/],
  ['a quota under a file beside it', file('EDQUOT', 'write'), /^The store cannot be written/],
  ['a read-only file system under a file beside it', file('EROFS', 'write'), /^The store cannot be written/],
] as const;

/** What leaves nobody knowing what is on the disk. */
const FAILED = [
  ['an I/O error', failing(10)],
  ['a sync that fails', failing(1_034)],
  ['a read that fails', failing(266)],
  ['a damaged file', failing(11)],
  ['a file that is no database', failing(26)],
  ['a sync of a file beside it that fails', file('EIO', 'fdatasync')],
] as const;

test.each(UNWRITABLE)('%s refuses the batch with a sentence, and the store goes on', async (_what, cause, message) => {
  const { commits, fatal, insert, stored } = start();
  const full = () => {
    throw cause;
  };
  await expect(commits.run(full)).rejects.toMatchObject({ code: 'STORE_FAILED', message: expect.stringMatching(message) });
  await insert(1);
  expect(stored()).toEqual([1]);
  expect(fatal).toEqual([]);
});

test.each(FAILED)('%s ends the use of the store', async (_what, cause) => {
  const { commits, fatal, insert, stored } = start();
  const broken = () => {
    throw cause;
  };
  await expect(commits.run(broken)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  await expect(insert(1)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(stored()).toEqual([]);
  expect(fatal).toEqual(['STORE_FAILED']);
});

test.each([
  ...UNWRITABLE.map(([what, cause]) => [what, cause, []] as const),
  ...FAILED.map(([what, cause]) => [what, cause, ['STORE_FAILED']] as const),
  ['a bug', new Error('a bug'), ['STORE_FAILED']] as const,
])('what is committed is answered when the care of the store meets %s', async (_what, cause, ends) => {
  const { fatal, insert, stored } = start(() => {
    throw cause;
  });
  await Promise.all([insert(1), insert(2)]);
  expect(stored()).toEqual([1, 2]);
  expect(fatal).toEqual(ends);
  const [later] = await Promise.allSettled([insert(3)]);
  expect(later.status).toBe(ends.length === 0 ? 'fulfilled' : 'rejected');
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
