import { expect, test } from 'vitest';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { Database } from '../../src/datasources/request-log/postgres/database.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { noPostgres } from '../support/postgres-programs.ts';

test.skipIf(noPostgres() !== null)('a connection that is lost between two statements fails its transaction, and nothing else', async () => {
  await using undo = new AsyncDisposableStack();
  const postgres = await needPostgres();
  const { url } = undo.use(await postgres.openDatabase());
  const db = undo.use(new Database({ url, connections: 1, hub: new Hub({ tickMs: () => 5 }), origin: 'test' }));
  const lost = db.transaction(async (tx) => {
    await tx.rows('SELECT 1');
    // Nobody waits for an answer when the end of the connection is told.
    await postgres.cutConnections(url);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await tx.rows('SELECT 1');
  });
  await expect(lost).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(await db.transaction((tx) => tx.rows<{ one: number }>('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
});
