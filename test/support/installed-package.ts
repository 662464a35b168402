import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { tempFolderOnDisk } from './temp-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const QUIET = ['--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier'];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

interface LockedPackage {
  readonly dev?: boolean;
}

export interface InstalledPackage extends AsyncDisposable {
  /** The folder of a program that has the package as its only dependency. */
  readonly folder: string;
  /** The files of the package, each by its path in it. */
  readonly files: readonly string[];
  /** The command of the package, and the environment that finds the Node that was installed with it. */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs a program in `folder` to its end. */
  run(command: string, args: readonly string[]): Promise<Finished>;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Packs this project with `npm pack`, which builds it, and installs that into an empty folder. The versions are those of the lockfile,
 * so npm takes them from its cache after an `npm ci`; what is not in the cache it fetches. Rejects with what npm printed.
 */
export async function installPackage(): Promise<InstalledPackage> {
  await using undo = new AsyncDisposableStack();
  const { path: temp } = undo.use(await tempFolderOnDisk());
  const folder = join(temp, 'program');
  await mkdir(folder);
  const packed = await runIn(ROOT, 'npm', ['pack', '--json', '--pack-destination', temp, ...QUIET]);
  const [pack] = JSON.parse(packed.stdout || '[]') as { filename: string; files: { path: string }[] }[];
  if (packed.code !== 0 || !pack) throw new Error(`npm pack failed:\n${packed.stdout}${packed.stderr}`);
  await writeManifests(folder, `file:../${pack.filename}`);
  const installed = await runIn(folder, 'npm', ['ci', '--ignore-scripts', '--prefer-offline', ...QUIET]);
  if (installed.code !== 0) throw new Error(`npm ci failed:\n${installed.stdout}${installed.stderr}`);
  const programs = join(folder, 'node_modules/.bin');
  const env = {
    PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}`,
    // The folder goes away. Its compiled code would stay in the cache.
    NODE_DISABLE_COMPILE_CACHE: '1',
  };
  const built = undo.move();
  return {
    folder,
    files: pack.files.map(({ path }) => path),
    command: join(programs, 'm2m-gateway'),
    env,
    run: (command, args) => runIn(folder, command, args, env),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

/** The manifest and the lockfile of a program that depends on the packed file: the lockfile of the project, without what is only for it. */
async function writeManifests(folder: string, file: string): Promise<void> {
  const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(ROOT, name), 'utf8'));
  const { name, version, dependencies, optionalDependencies, bin } = (await read('package.json')) as Manifest;
  const { packages } = (await read('package-lock.json')) as { readonly packages: Readonly<Record<string, LockedPackage>> };
  const program = { dependencies: { [name]: file } };
  const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  const locked = {
    '': program,
    [`node_modules/${name}`]: { version, resolved: file, dependencies, optionalDependencies, bin },
    ...Object.fromEntries(shipped),
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(program));
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, requires: true, packages: locked }));
}

async function runIn(cwd: string, command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
