import { startPostgres, type PostgresServer } from '../../support/postgres-server.ts';

/** The PostgreSQL of all replicas. It may crash and come back, or give its place to a standby that has all it has answered. */
export class SharedDatabase implements AsyncDisposable {
  #server: PostgresServer;
  readonly #undo: AsyncDisposableStack;
  readonly name: string;
  #standby: PostgresServer | null = null;
  isAway = false;

  private constructor(server: PostgresServer, name: string, undo: AsyncDisposableStack) {
    this.#server = server;
    this.name = name;
    this.#undo = undo;
  }

  static async start(): Promise<SharedDatabase> {
    await using undo = new AsyncDisposableStack();
    const server = undo.use(await startPostgres());
    const name = new URL(await server.createDatabase()).pathname.slice(1);
    return new SharedDatabase(server, name, undo.move());
  }

  get url(): string {
    return this.#server.url(this.name);
  }

  /** From here on a commit is answered when the standby has it on its disk too. */
  async addStandby(): Promise<void> {
    const standby = await this.#server.startStandby();
    this.#undo.use(standby);
    this.#standby = standby;
    const [row] = await standby.client.query<{ name: string }>(`SELECT current_setting('cluster_name') AS name`);
    await this.#server.client.query(`ALTER SYSTEM SET synchronous_standby_names = '"${row?.name ?? ''}"'`);
    await this.#server.client.query('SELECT pg_reload_conf()');
  }

  get hasStandby(): boolean {
    return this.#standby !== null;
  }

  async crash(): Promise<void> {
    this.isAway = true;
    await this.#server.stop('immediate');
  }

  async comeBack(): Promise<void> {
    await this.#server.start();
    this.isAway = false;
  }

  /** The server dies, and its standby takes its place. Where that is, `url` says from then on. */
  async failOver(): Promise<void> {
    const standby = this.#standby;
    if (!standby) throw new Error('there is no standby');
    await this.crash();
    await standby.promote();
    this.#server = standby;
    this.#standby = null;
    this.isAway = false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#undo.disposeAsync();
  }
}
