import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '../../support/postgres-server.ts';
import type { Place } from './canary.ts';
import type { Evidence } from './evidence.ts';

export interface GuardedDatabase extends AsyncDisposable {
  readonly server: PostgresServer;
  readonly url: string;
  /** Notes what every table has, as a dump would show it. */
  noteTables(evidence: Evidence, place: Place): Promise<void>;
  /** Notes what the server has written to its log. */
  noteLog(evidence: Evidence, place: Place): Promise<void>;
  /** Stops the server, and notes what it leaves in its folder: all tables and indexes, and the write-ahead log. */
  noteFiles(evidence: Evidence, place: Place): Promise<void>;
}

/** A database on a server of its own, which logs every statement with its parameters: nothing of use comes to the server at all. */
export async function startGuardedDatabase(): Promise<GuardedDatabase> {
  const server = await startPostgres({ settings: { log_statement: 'all' } });
  const url = await server.createDatabase();
  const database = new URL(url).pathname.slice(1);
  return {
    server,
    url,
    async noteTables(evidence, place) {
      const tables = await server.client.query<{ name: string }>(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
        [],
        database,
      );
      for (const { name } of tables) {
        const rows = await server.client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`, [], database);
        evidence.note(place, `the table ${name}`, rows.map(({ row }) => row).join('\n'));
      }
    },
    async noteLog(evidence, place) {
      evidence.note(place, 'the log of the server', await server.log());
    },
    async noteFiles(evidence, place) {
      const [row] = await server.client.query<{ folder: string }>("SELECT 'base/' || oid AS folder FROM pg_database WHERE datname = $1", [
        database,
      ]);
      await server.stop('fast');
      for (const name of await readdir(server.folder, { recursive: true })) {
        // Those of other databases are what initdb has made.
        if (name.startsWith('base/') && !name.startsWith(`${row?.folder}/`)) continue;
        const path = join(server.folder, name);
        if ((await lstat(path)).isFile()) evidence.note(place, name, await readFile(path));
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
