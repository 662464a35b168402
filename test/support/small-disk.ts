import { spawnSync } from 'node:child_process';
import { tempFolder } from './temp-folder.ts';

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** For instance `8m`. */
  resize(size: string): void;
}

/** Why there can be no small disk here; null when there can. */
export function whyNoSmallDisk(): string | null {
  // In a mount namespace of its own: nothing is left behind.
  const tried = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt'], { encoding: 'utf8' });
  if (tried.error) return 'unshare is not installed (apt-get install util-linux)';
  return tried.status === 0 ? null : `nothing may be mounted: ${tried.stderr.trim()}`;
}

/** A file system of this size, in memory; it goes away with its scope. */
export async function smallDisk(size: string): Promise<SmallDisk> {
  await using undo = new AsyncDisposableStack();
  const { path } = undo.use(await tempFolder());
  run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  undo.defer(() => run('umount', [path]));
  const built = undo.move();
  return {
    path,
    resize: (to) => run('mount', ['-o', `remount,size=${to}`, path]),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
