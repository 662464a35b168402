import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** The oldest PostgreSQL that the gateway works with. */
const OLDEST = 15;
const DEBIAN = '/usr/lib/postgresql/*/bin';
const INSTALL = 'apt-get install --no-install-recommends postgresql';

/** Why no PostgreSQL can be started on this machine; null when one can. */
export function whyNoPostgres(): string | null {
  const folder = programFolder();
  if (folder === null) return `PostgreSQL ${OLDEST} or newer is not installed (${INSTALL}), and POSTGRES_BIN does not say where it is`;
  return isRoot() && owner() === null ? 'PostgreSQL refuses to run as root, and there is no user postgres to run it as' : null;
}

/** The same as a reason to skip a test. It is null in CI, where a missing PostgreSQL fails the test. */
export function noPostgres(): string | null {
  return process.env['CI'] === 'true' ? null : whyNoPostgres();
}

/** Runs one of PostgreSQL's programs to its end. */
export async function runProgram(name: string, args: readonly string[], options: ProgramOptions): Promise<void> {
  await promisify(execFile)(pathOf(name), args, { ...asOwner(), cwd: options.folder, env: environment(options) });
}

/** Starts the server itself, in a session of its own, so that a Ctrl+C at the terminal does not reach it. */
export function spawnServer(args: readonly string[], options: ProgramOptions & { readonly logTo: number }): ChildProcess {
  const { folder: cwd, logTo } = options;
  return spawn(pathOf('postgres'), args, {
    ...asOwner(),
    cwd,
    env: environment(options),
    detached: true,
    stdio: ['ignore', logTo, logTo],
  });
}

/** Gives a file or folder to the user as whom PostgreSQL runs. */
export async function giveToOwner(path: string): Promise<void> {
  const { uid, gid } = asOwner();
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

export interface ProgramOptions {
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

function environment({ folder, env }: ProgramOptions): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: folder, LC_ALL: 'C.UTF-8', TZ: 'UTC', ...env };
}

function pathOf(name: string): string {
  const folder = programFolder();
  if (folder === null) throw new Error(whyNoPostgres() ?? 'no PostgreSQL');
  return join(folder, name);
}

let found: string | null | undefined;

/** The folder of the newest server. Debian keeps servers out of the PATH. */
function programFolder(): string | null {
  if (found !== undefined) return found;
  const own = process.env['POSTGRES_BIN'];
  const folders = own ? [own] : [...globSync(DEBIAN), ...(process.env['PATH'] ?? '').split(delimiter)];
  const versions = folders.map((folder) => ({ folder, version: versionOf(folder) })).filter(({ version }) => version >= OLDEST);
  return (found = versions.toSorted((one, other) => other.version - one.version)[0]?.folder ?? null);
}

function versionOf(folder: string): number {
  const program = join(folder, 'postgres');
  if (!existsSync(program)) return 0;
  return Number(/\d+/.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout)?.[0] ?? 0);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function asOwner(): { uid?: number; gid?: number } {
  return isRoot() ? (owner() ?? {}) : {};
}

let user: { uid: number; gid: number } | null | undefined;

/** Ids of the user that Debian's package makes. */
function owner(): { uid: number; gid: number } | null {
  if (user !== undefined) return user;
  const id = (option: string) => Number.parseInt(spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }).stdout, 10);
  const [uid, gid] = [id('-u'), id('-g')];
  return (user = Number.isNaN(uid) || Number.isNaN(gid) ? null : { uid, gid });
}
