import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openPostgresStore, type PostgresStoreOptions } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { flatten, type FlatStore } from '../support/flat-store.ts';
import { needPostgres } from '../support/need-postgres.ts';

/** A fresh database of the run's PostgreSQL, with gateways on it. Each has a hub of its own, as processes have. */
export interface OpenDatabase extends AsyncDisposable {
  readonly url: string;
  open(more?: Partial<PostgresStoreOptions>): Promise<FlatStore>;
  sql<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export async function openDatabase(): Promise<OpenDatabase> {
  const postgres = await needPostgres();
  await using undo = new AsyncDisposableStack();
  const { url } = undo.use(await postgres.openDatabase());
  const database = new URL(url).pathname.slice(1);
  const opened = undo.move();
  return {
    url,
    open: async (more = {}) =>
      opened.use(flatten(await openPostgresStore({ url, hub: new Hub({ tickMs: () => 1 }), now: () => 5_000, connections: 4, ...more }))),
    sql: (text, values = []) => postgres.query(text, values, database),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
