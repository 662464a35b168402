import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Client } from 'pg';
import { freePort } from './free-port.ts';
import { giveToOwner } from './postgres-programs.ts';
import { tempFolder } from './temp-folder.ts';
import { until } from './until.ts';

const PLACES = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'];
const program = PLACES.find((place) => existsSync(place));

/** Why no pgBouncer can be started on this machine, as a reason to skip a test. It is null in CI, where a missing one fails the test. */
export function noPgBouncer(): string | null {
  return program === undefined && process.env['CI'] !== 'true' ? 'pgbouncer is not installed (apt-get install pgbouncer)' : null;
}

/** A pgBouncer of our own in front of a database, with the defaults of its package. */
export async function startPgBouncer(
  databaseUrl: string,
  mode: 'session' | 'transaction',
): Promise<AsyncDisposable & { readonly url: string }> {
  if (program === undefined) throw new Error('pgbouncer is not installed');
  await using undo = new AsyncDisposableStack();
  const { path } = undo.use(await tempFolder());
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const own = new URL(databaseUrl);
  own.port = String(await freePort());
  await writeFile(`${path}/users`, `"${username}" "${password}"\n`, { mode: 0o600 });
  await writeFile(
    `${path}/pgbouncer.ini`,
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own.port}
unix_socket_dir =
auth_type = plain
auth_file = ${path}/users
pool_mode = ${mode}
`,
    { mode: 0o600 },
  );
  for (const each of [path, `${path}/users`, `${path}/pgbouncer.ini`]) await giveToOwner(each);
  // It refuses to run as root.
  const id = (option: string) => Number(spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }).stdout);
  const asOwner = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : {};
  const child = spawn(program, ['-q', `${path}/pgbouncer.ini`], { ...asOwner, cwd: path, stdio: 'ignore' });
  const ended = once(child, 'exit');
  undo.defer(async () => {
    child.kill('SIGQUIT');
    await ended;
  });
  await until(() => canConnect(own.href));
  const built = undo.move();
  return { url: own.href, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

async function canConnect(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
