import { expect, test } from 'vitest';
import { openDatabase, type OpenDatabase } from './postgres-support.ts';

/** Rows of one account among very many of others. */
const FILL = [
  `INSERT INTO audit (at, caller, action, account, outcome)
    SELECT g, 'alice', 'a', CASE WHEN g = 1 THEN 'rare' ELSE 'account-' || g % 2 END, 'CREATED' FROM generate_series(1, 20000) g`,
  `INSERT INTO dead_letter (account, service, received_at, reason, digest, body)
    SELECT CASE WHEN g = 20000 THEN 'rare' ELSE 'account-' || g % 2 END, 's', g, CASE WHEN g = 20000 THEN 'QUARANTINED' ELSE 'UNREADABLE' END,
      decode(md5(g::text), 'hex'), 'x' FROM generate_series(1, 20000) g`,
  `INSERT INTO unclaimed (account, service, received_at, digest, message)
    SELECT CASE WHEN g = 20000 THEN 'rare' ELSE 'account-' || g % 2 END, 's', g, decode(md5(g::text), 'hex'), '{}' FROM generate_series(1, 20000) g`,
  `INSERT INTO forward (account, service, received_at, body)
    SELECT CASE WHEN g = 20000 THEN 'rare' ELSE 'account-' || g % 2 END, 's', g, 'x' FROM generate_series(1, 20000) g`,
  `INSERT INTO request (id, account, origin, created_by, status, counts, last_seq, created_at, updated_at, is_to_index)
    SELECT 'req_' || g, 'account-1', 'GATEWAY', 'x', 'FAILED', '{0}', 0, g, g, false FROM generate_series(1, 20000) g`,
  'ANALYZE',
];

test('what few rows of many are asked for reads few rows: lists by account and reason, lanes, the steps of upkeep', async () => {
  await using database = await openDatabase();
  await (await database.open())[Symbol.asyncDispose]();
  for (const sql of FILL) await database.sql(sql);
  // One connection, whose statements are planned once for any values, as they are after a few calls.
  const log = await database.open({ url: `${database.url}?options=-c%20plan_cache_mode%3Dforce_generic_plan`, connections: 1 });
  const readBefore = await rowsRead(database);
  await log.auditEntries({ accounts: ['rare', 'none'], caller: null }, null, 10);
  await log.deadLetters({ accounts: ['rare', 'none'], reason: null }, null, 10);
  await log.deadLetters({ accounts: null, reason: 'QUARANTINED' }, null, 10);
  await log.unclaimed(['rare', 'none'], null, 10);
  await log.forwards({ account: 'rare', service: 's' }, 10);
  await log.forwardBacklog();
  await log.upkeep.purgeStep(0);
  await log.upkeep.indexIdentifiers();
  // The counters are written when a connection ends.
  await log[Symbol.asyncDispose]();
  const read = await rowsRead(database);
  expect(Object.fromEntries(Object.entries(read).map(([table, rows]) => [table, rows - (readBefore[table] ?? 0) < 500]))).toEqual({
    audit: true,
    dead_letter: true,
    forward: true,
    request: true,
    unclaimed: true,
  });
});

async function rowsRead(database: OpenDatabase): Promise<Record<string, number>> {
  const rows = await database.sql<{ table: string; rows: number }>(`SELECT relname AS table,
    (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::integer AS rows FROM pg_stat_user_tables
    WHERE relname IN ('audit', 'dead_letter', 'unclaimed', 'forward', 'request')`);
  return Object.fromEntries(rows.map(({ table, rows: read }) => [table, read]));
}
