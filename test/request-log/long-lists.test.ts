import { expect, test } from 'vitest';
import type { RequestFilter } from '../../src/datasources/request-log/request-reads.ts';
import { fillRequests, idOf, RARE } from '../support/fill-requests.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

const REQUESTS = 100_000;

test('a list that finds few among many Requests leaves turns to others, misses none and goes on by its cursor', async () => {
  await using store = await filledLog();
  const { log } = store;
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  const failed = await log.list({ accounts: null, statuses: ['FAILED'] }, null, 10);
  expect(turns).toBeGreaterThan(1);
  expect(failed.rows.map(({ id }) => id)).toEqual([idOf(2 * RARE), idOf(RARE)]);
  expect(failed.hasMore).toBe(false);

  const [first, second] = [await log.list({ accounts: ['b'], statuses: ['FAILED'] }, null, 1), idOf(2 * RARE)];
  expect([first.rows.map(({ id }) => id), first.hasMore]).toEqual([[second], true]);
  const rest = await log.list({ accounts: ['b'], statuses: ['FAILED'] }, second, 1);
  expect([rest.rows.map(({ id }) => id), rest.hasMore]).toEqual([[idOf(RARE)], false]);

  const open = await log.list({ accounts: null, statuses: ['IN_PROGRESS'] }, null, 10);
  expect(open.rows.map(({ id }) => id)).toEqual([idOf(7)]);
  const named = await log.list({ accounts: ['a'], clientReference: 'order 7' }, null, 10);
  expect(named.rows.map(({ id }) => id)).toEqual([idOf(7)]);
  expect((await log.list({ accounts: ['a'], since: REQUESTS - 2, until: REQUESTS }, null, 10)).rows).toHaveLength(2);
  // Two lists at once, one of them of an account that has nothing.
  const [none, all] = await Promise.all([
    log.list({ accounts: ['nobody'] }, null, 10),
    log.list({ accounts: null, operation: 'NO_SUCH' }, null, 10),
  ]);
  expect([none.rows, all.rows, all.hasMore]).toEqual([[], [], false]);
  clearInterval(counting);
});

test('a list waits for its turn before each part of its work, and ends when its caller has gone', async () => {
  await using store = await filledLog();
  const { log } = store;
  let turns = 0;
  const gone = new Error('gone');
  const rare: RequestFilter = { accounts: null, statuses: ['FAILED'] };
  await log.list(rare, null, 10, () => Promise.resolve(turns++));
  expect(turns).toBeGreaterThan(1);
  turns = 0;
  await expect(log.list(rare, null, 10, () => (turns++ === 0 ? Promise.resolve() : Promise.reject(gone)))).rejects.toBe(gone);
  expect(turns).toBe(2);
  const refuse = () => Promise.reject(gone);
  await expect(log.unclaimed(null, null, 10, refuse)).rejects.toBe(gone);
  await expect(log.deadLetters({ accounts: null, reason: null }, null, 10, refuse)).rejects.toBe(gone);
  await expect(log.auditEntries({ accounts: null, caller: null }, null, 10, refuse)).rejects.toBe(gone);
});

async function filledLog() {
  await using undo = new AsyncDisposableStack();
  const { path: folder } = undo.use(await tempFolder());
  const path = `${folder}/gateway.sqlite`;
  await openLog(path)[Symbol.asyncDispose]();
  fillRequests(path, REQUESTS);
  const log = undo.use(openLog(path));
  const built = undo.move();
  return { log, [Symbol.asyncDispose]: () => built.disposeAsync() };
}
