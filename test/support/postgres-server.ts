import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { PostgresClient } from './postgres-client.ts';
import { giveToOwner, runProgram, spawnServer, whyNoPostgres } from './postgres-programs.ts';
import { tempFolder, tempFolderOnDisk } from './temp-folder.ts';
import { until } from './until.ts';

export interface PostgresOptions {
  /** Rows of postgresql.conf: `{ wal_level: 'logical' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** On a disk, also where temporary folders are in memory. */
  readonly onDisk?: boolean;
}

/** How a server ends: `fast` cuts its clients off and writes everything; `immediate` leaves what a crash leaves. */
export type StopMode = 'fast' | 'immediate';

/** Small, because several servers run beside tests. What is answered is on disk, as in production. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '32MB',
  fsync: 'on',
  synchronous_commit: 'on',
  // For standbys that were away for a while.
  wal_keep_size: '128MB',
  // Its shared memory is in its folder, so nothing is left in /dev/shm.
  dynamic_shared_memory_type: 'mmap',
};
const USER = 'postgres';
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
/** What the pid file says of a server that takes connections. */
const READY = new Set(['ready', 'standby']);

/**
 * Waits for the end of its input: its parent has closed it, or is dead in whatever way. Then it ends all servers in the folder and
 * removes it. A server that has no pid file yet finds its folder gone.
 */
const WATCHDOG = `
read -r _
for file in "$1"/*/postmaster.pid; do
  [ -f "$file" ] || continue
  pid=$(head -n 1 "$file")
  kill -QUIT "$pid"
  while [ -f "$file" ] && kill -0 "$pid"; do sleep 0.05; done
done
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`;

/** Starts a real PostgreSQL on loopback with a folder and a password of its own. Whatever ends this process ends the server too. */
export async function startPostgres({ settings = {}, onDisk = false }: PostgresOptions = {}): Promise<PostgresServer> {
  const reason = whyNoPostgres();
  if (reason !== null) throw new Error(reason);
  await using undo = new AsyncDisposableStack();
  const home = undo.use(await makeHome(onDisk));
  const password = randomBytes(16).toString('hex');
  await runInitdb(home.path, password);
  const server = new PostgresServer({ home: home.path, name: 'primary', password, settings, undo: undo.move() });
  return startOrDispose(server);
}

interface ServerPlace {
  /** The folder of a server and of its standbys. */
  readonly home: string;
  readonly name: string;
  readonly password: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Runs after the server has ended. */
  readonly undo: AsyncDisposableStack;
}

export class PostgresServer implements AsyncDisposable {
  readonly #place: ServerPlace;
  #port = 0;
  #process: ChildProcess | null = null;
  #numbers = 0;

  /** @internal Use `startPostgres`. */
  constructor(place: ServerPlace) {
    this.#place = place;
  }

  /** It stays the same through `stop` and `start`. */
  get port(): number {
    return this.#port;
  }

  /** Its data folder. */
  get folder(): string {
    return join(this.#place.home, this.#place.name);
  }

  /** Its process; null while it is stopped. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  url(database = 'postgres'): string {
    return `postgres://${USER}:${this.#place.password}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Its superuser, who makes databases and asks it. */
  get client(): PostgresClient {
    return new PostgresClient(this.url());
  }

  /** A fresh database; gives back its URL. */
  createDatabase(): Promise<string> {
    return this.client.createDatabase();
  }

  /** Starts it on its folder, as it is. It listens on the same port as before. */
  async start(): Promise<void> {
    if (this.#process) throw new Error('it runs already');
    this.#port ||= await freePort();
    await writeSettings(this.folder, { ...SETTINGS, ...this.#place.settings, port: String(this.#port) });
    const log = openSync(this.#logPath, 'a');
    const child = spawnServer(['-D', this.folder], { folder: this.#place.home, logTo: log });
    closeSync(log);
    this.#process = child;
    const ended = once(child, 'exit').then(() => {
      this.#process = null;
    });
    await until(async () => this.#process === null || READY.has(await statusIn(this.folder, child.pid)));
    if (this.#process) return;
    await ended;
    throw new Error(`PostgreSQL has not started:\n${await this.log()}`);
  }

  async stop(mode: StopMode = 'fast'): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill(SIGNALS[mode]);
    await ended;
  }

  /** Everything that it has written to its log. */
  log(): Promise<string> {
    return readFile(this.#logPath, 'utf8');
  }

  /** A streaming copy of this server that answers reads. Its `cluster_name` is what `synchronous_standby_names` goes by. */
  async startStandby({ settings = {} }: PostgresOptions = {}): Promise<PostgresServer> {
    const { home, password } = this.#place;
    const name = `${this.#place.name}-standby-${++this.#numbers}`;
    const from = ['--dbname', this.url(), '--pgdata', join(home, name)];
    await runProgram('pg_basebackup', [...from, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'], { folder: home });
    const own = { cluster_name: name.replaceAll('-', '_'), ...this.#place.settings, ...settings };
    const undo = new AsyncDisposableStack();
    const standby = new PostgresServer({ home, name, password, settings: own, undo });
    undo.defer(() => rm(standby.folder, { recursive: true, force: true }));
    return startOrDispose(standby);
  }

  /** Makes a standby a server of its own. Resolves when it takes writes. */
  async promote(): Promise<void> {
    await this.client.query('SELECT pg_promote(true)');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('immediate');
    await this.#place.undo.disposeAsync();
  }

  get #logPath(): string {
    return join(this.#place.home, `${this.#place.name}.log`);
  }
}

async function startOrDispose(server: PostgresServer): Promise<PostgresServer> {
  try {
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** A folder with its watchdog, which removes it. */
async function makeHome(onDisk: boolean): Promise<AsyncDisposable & { readonly path: string }> {
  const { path } = onDisk ? await tempFolderOnDisk() : await tempFolder();
  await giveToOwner(path);
  const watchdog = spawn('sh', ['-c', WATCHDOG, 'watchdog', path], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(watchdog, 'exit');
  return {
    path,
    async [Symbol.asyncDispose]() {
      watchdog.stdin.end();
      await ended;
    },
  };
}

async function runInitdb(home: string, password: string): Promise<void> {
  const file = join(home, 'password');
  await writeFile(file, password, { mode: 0o600 });
  await giveToOwner(file);
  const form = ['--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', `--username=${USER}`, '--auth=scram-sha-256', `--pwfile=${file}`];
  await runProgram('initdb', ['-D', join(home, 'primary'), ...form], { folder: home });
  await rm(file);
}

/** Settings of the command line would win over ALTER SYSTEM, so they are in the file. */
async function writeSettings(folder: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const rows = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
  await writeFile(join(folder, 'postgresql.conf'), rows.join(''));
}

/** The word of a server's pid file that says what it does: `starting`, `ready`, `standby`, `stopping`. */
async function statusIn(folder: string, pid: number | undefined): Promise<string> {
  const lines = await readFile(join(folder, 'postmaster.pid'), 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  return lines[0] === String(pid) ? (lines[7]?.trim() ?? '') : '';
}
