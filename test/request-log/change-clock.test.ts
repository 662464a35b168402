import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { SettledTime } from '../../src/datasources/request-log/postgres/settled-time.ts';
import { successCallback } from '../support/callback-samples.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, B, submitted } from './contract-support.ts';

test('on SQLite a change is found after a restart with a clock that was set back, and while it is behind', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  const guids = [randomUUID(), randomUUID()] as const;
  const ids: string[] = [];
  {
    let now = 1_000_000;
    await using log = openLog(path, { now: () => now });
    for (const guid of guids) ids.push(await submitted(log, [A, B], guid));
    now = 9_000_000;
    await submitted(log, [A, B], randomUUID());
  }
  // What both have noted is older than this.
  await using log = openLog(path, { now: () => 2_000_000 });
  let { goOnAt } = await log.changes('account-1', { changedAt: 0, id: null }, 0);
  for (const [at, guid] of guids.entries()) {
    await log.append(successCallback({ requestId: guid, ids: A }));
    const page = await log.changes('account-1', { changedAt: goOnAt, id: null }, 10);
    expect(page.rows.find(({ request }) => request.id === ids[at])?.request.progress.SUCCEEDED).toBe(1);
    ({ goOnAt } = page);
  }
});

test('on PostgreSQL a time is settled when all transactions that had begun by then are over', () => {
  const settled = new SettledTime();
  const from = 1_000_000;
  const longest = from - 180_000;
  expect(settled.settledAt({ at: from, oldestOpen: 10, next: 12 })).toBe(longest);
  // 10 is still open.
  expect(settled.settledAt({ at: from + 100, oldestOpen: 10, next: 15 })).toBe(longest + 100);
  expect(settled.settledAt({ at: from + 200, oldestOpen: 12, next: 16 })).toBe(from);
  expect(settled.settledAt({ at: from + 300, oldestOpen: 16, next: 16 })).toBe(from + 200);
  // An answer that is late knows no more than it has seen.
  expect(settled.settledAt({ at: from + 290, oldestOpen: 12, next: 16 })).toBeLessThanOrEqual(from + 200);
});

test('on PostgreSQL a clock that is set back takes the settled time with it', () => {
  const settled = new SettledTime();
  settled.settledAt({ at: 1_000_000, oldestOpen: 10, next: 10 });
  expect(settled.settledAt({ at: 500_000, oldestOpen: 11, next: 11 })).toBe(320_000);
  expect(settled.settledAt({ at: 500_100, oldestOpen: 12, next: 12 })).toBe(500_000);
});
