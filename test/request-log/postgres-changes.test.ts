import { expect, test } from 'vitest';
import pg from 'pg';
import { newRequest } from '../support/new-request.ts';
import { openDatabase } from './postgres-support.ts';

test('what is noted early and committed late is not passed over', async () => {
  await using database = await openDatabase();
  const log = await database.open();
  const late = newRequest([[['ICCID', '89148000000000000001']]]);
  await log.create(late);
  await using slow = await openClient(database.url);
  await slow.client.query('BEGIN');
  await slow.client.query(
    `UPDATE request SET last_seq = last_seq + 1,
    changed_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint WHERE id = $1`,
    [late.id],
  );
  const { rows } = await slow.client.query<{ at: number }>('SELECT changed_at::float8 AS at FROM request WHERE id = $1', [late.id]);
  const notedAt = rows[0]?.at ?? 0;
  const read = (from: number) => log.changes('account-1', { changedAt: from, id: null }, 10);
  let { goOnAt } = await read(0);
  for (let at = 0; at < 5; at++) {
    await log.create(newRequest([[['ICCID', `8914800000000000001${at}`]]]));
    ({ goOnAt } = await read(goOnAt));
    expect(goOnAt).toBeLessThan(notedAt);
  }
  await slow.client.query('COMMIT');
  const found = await read(goOnAt);
  expect(found.rows.map(({ request }) => request.id)).toContain(late.id);
});

test('the walk along what has changed reads no more than its page', async () => {
  await using database = await openDatabase();
  await (await database.open())[Symbol.asyncDispose]();
  await database.sql(`INSERT INTO request (id, account, origin, created_by, status, counts, last_seq, created_at, updated_at, is_to_index, changed_at)
    SELECT 'req_' || g, 'account-1', 'GATEWAY', 'x', 'FAILED', '{0}', 0, g, g, false, g FROM generate_series(1, 20000) g`);
  await database.sql('ANALYZE');
  const log = await database.open({ url: `${database.url}?options=-c%20plan_cache_mode%3Dforce_generic_plan`, connections: 1 });
  const before = await rowsRead(database);
  const { rows } = await log.changes('account-1', { changedAt: 15_000, id: null }, 10);
  expect(rows.map(({ changedAt }) => changedAt)).toEqual(Array.from({ length: 10 }, (_, at) => 15_000 + at));
  // The counters are written when a connection ends.
  await log[Symbol.asyncDispose]();
  expect((await rowsRead(database)) - before).toBeLessThan(100);
});

async function rowsRead(database: Awaited<ReturnType<typeof openDatabase>>): Promise<number> {
  const [row] = await database.sql<{ rows: number }>(
    `SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::integer AS rows FROM pg_stat_user_tables WHERE relname = 'request'`,
  );
  return row?.rows ?? 0;
}

async function openClient(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
