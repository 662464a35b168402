import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

const REQUESTS = 100_000;
/** Every so many Requests one has FAILED. */
const RARE = 40_000;

test('a list that finds few among many Requests leaves turns to others, misses none and goes on by its cursor', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  await openLog(path)[Symbol.asyncDispose]();
  fill(path);
  await using log = openLog(path);
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  const failed = await log.list({ accounts: null, statuses: ['FAILED'] }, null, 10);
  expect(turns).toBeGreaterThan(1);
  expect(failed.rows.map(({ id }) => id)).toEqual([idOf(80_000), idOf(40_000)]);
  expect(failed.hasMore).toBe(false);

  const [first, second] = [await log.list({ accounts: ['b'], statuses: ['FAILED'] }, null, 1), idOf(80_000)];
  expect([first.rows.map(({ id }) => id), first.hasMore]).toEqual([[second], true]);
  const rest = await log.list({ accounts: ['b'], statuses: ['FAILED'] }, second, 1);
  expect([rest.rows.map(({ id }) => id), rest.hasMore]).toEqual([[idOf(40_000)], false]);

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

const idOf = (pk: number) => `req_${String(pk).padStart(26, '0')}`;

function fill(path: string): void {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA synchronous = OFF');
  db.prepare(
    `INSERT INTO request (pk, id, account, origin, operation, created_by, client_reference, status, total, counts, last_seq, indexed_seq,
      created_at, updated_at, completed_at)
     WITH RECURSIVE n (pk) AS (SELECT 1 UNION ALL SELECT pk + 1 FROM n WHERE pk < ${REQUESTS})
     SELECT pk, printf('req_%026d', pk), iif(pk % 1000 = 0, 'b', 'a'), 'GATEWAY', 'ACTIVATE_DEVICES', 'x', iif(pk = 7, 'order 7', NULL),
      CASE WHEN pk % ${RARE} = 0 THEN 'FAILED' WHEN pk = 7 THEN 'IN_PROGRESS' ELSE 'SUCCEEDED' END, 1, '[0,0,1,0,0,0,0,0,0]', 1, 1,
      pk, pk, iif(pk = 7, NULL, pk) FROM n`,
  ).run();
  db.close();
}
