import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tempFolder } from './temp-folder.ts';

/** One change of a source file: `find` stands in it exactly once. */
export interface Edit {
  /** Below `src/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** How often `find` stands in its file, in this project. */
export async function occurrences({ file, find }: Edit): Promise<number> {
  return (await readFile(new URL(`../../src/${file}`, import.meta.url), 'utf8')).split(find).length - 1;
}

/** A copy of this project that can be run, with `edits` made; it goes away with its scope. */
export async function plantedTree(edits: readonly Edit[]): Promise<AsyncDisposable & { readonly path: string }> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const own = (name: string) => new URL(`../../${name}`, import.meta.url);
  for (const name of ['src', 'package.json', 'require-node.js']) await cp(own(name), `${folder.path}/${name}`, { recursive: true });
  await symlink(own('node_modules'), `${folder.path}/node_modules`);
  for (const edit of edits) {
    const path = `${folder.path}/src/${edit.file}`;
    const parts = (await readFile(path, 'utf8')).split(edit.find);
    if (parts.length !== 2) throw new Error(`${parts.length - 1} times in src/${edit.file}: ${edit.find}`);
    await writeFile(path, parts.join(edit.replace));
  }
  const built = undo.move();
  return { path: folder.path, [Symbol.asyncDispose]: () => built.disposeAsync() };
}
