import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tempFolder } from '../../support/temp-folder.ts';
import type { LogSource } from './log-source.ts';
import { FAST_FOLDER } from './property-settings.ts';

/** A piece of a file below `src/datasources` that stands there once, and what is put in its place. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const ROOT = join(import.meta.dirname, '../../..');

/**
 * A copy of the log with some of its code changed, loaded beside the real one.
 *
 * @throws Error where a patch does not fit any more: it must then be written anew for the code as it is.
 */
export async function patchedSource(patches: readonly Patch[]): Promise<AsyncDisposable & { readonly source: LogSource }> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder(FAST_FOLDER));
  const base = join(folder.path, 'src/datasources');
  await cp(join(ROOT, 'src/datasources'), base, { recursive: true });
  await cp(join(ROOT, 'src/errors.ts'), join(folder.path, 'src/errors.ts'));
  await cp(join(ROOT, 'package.json'), join(folder.path, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
  for (const { file, find, replace } of patches) {
    const text = await readFile(join(base, file), 'utf8');
    if (text.split(find).length !== 2) throw new Error(`The patch of ${file} does not fit: it must hold exactly once\n${find}`);
    await writeFile(
      join(base, file),
      text.replace(find, () => replace),
    );
  }
  const load = async (file: string): Promise<unknown> => import(pathToFileURL(join(base, file)).href);
  const parts = ['request-log/hub.ts', 'request-log/sqlite.ts', 'thingspace/wire/callback-body.ts', 'thingspace/wire/callback.ts'];
  const loaded = await Promise.all([...parts, 'thingspace/wire/evidence.ts'].map(load));
  const source = Object.assign({}, ...loaded) as LogSource;
  const owned = undo.move();
  return { source, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
