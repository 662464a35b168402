import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { until } from './until.ts';

/** A fresh database that goes away with its scope. */
export type TestDatabase = AsyncDisposable & { readonly url: string };

/** The superuser of a running PostgreSQL. */
export class PostgresClient {
  readonly #url: string;

  /** @param url of any of its databases. */
  constructor(url: string) {
    this.#url = url;
  }

  url(database = 'postgres'): string {
    return new URL(`/${database}`, this.#url).href;
  }

  /** A fresh database; gives back its URL. */
  async createDatabase(): Promise<string> {
    const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`;
    await this.query(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  /** The same; it is dropped with its scope. An empty one takes 8 MB. */
  async openDatabase(): Promise<TestDatabase> {
    const url = await this.createDatabase();
    return { url, [Symbol.asyncDispose]: () => this.dropDatabase(url) };
  }

  /** Cuts off whoever uses it. */
  async dropDatabase(url: string): Promise<void> {
    await this.query(`DROP DATABASE IF EXISTS ${databaseOf(url)} WITH (FORCE)`);
  }

  /** Asks over a connection of its own. */
  async query<Row extends object>(sql: string, values: readonly unknown[] = [], database = 'postgres'): Promise<Row[]> {
    const client = new Client({ connectionString: this.url(database) });
    // The server may end while it is asked.
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends all connections to a database, like the death of whoever has them. Resolves when these are gone, with how many there were. */
  async cutConnections(url: string): Promise<number> {
    const cut = await this.query<{ pid: number }>(
      'SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
      [databaseOf(url)],
    );
    const pids = [cut.map(({ pid }) => pid)];
    // Others may have come meanwhile.
    await until(async () => (await this.query('SELECT 1 FROM pg_stat_activity WHERE pid = ANY($1)', pids)).length === 0);
    return cut.length;
  }
}

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}
