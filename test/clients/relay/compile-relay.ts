import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { spawnEnv } from '../../support/spawn-env.ts';

const root = join(import.meta.dirname, '../../..');

/** As a front end's relay.config.json, but for the places of its files. */
const CONFIG = {
  src: '.',
  schema: 'schema.graphql',
  artifactDirectory: 'artifacts',
  language: 'typescript',
  eagerEsModules: true,
  useImportTypeSyntax: true,
  customScalarTypes: { DateTime: 'string', Cursor: 'string' },
};

/** Has relay-compiler read `device-list.ts` against schema.graphql, in an empty folder. Gives back the names of what it made. */
export async function compileRelay(folder: string): Promise<readonly string[]> {
  const artifacts = join(folder, 'artifacts');
  await mkdir(artifacts);
  await cp(join(root, 'schema.graphql'), join(folder, 'schema.graphql'));
  await cp(join(import.meta.dirname, 'device-list.ts'), join(folder, 'device-list.ts'));
  await writeFile(join(folder, 'relay.config.json'), JSON.stringify(CONFIG));
  const compiler = spawn(process.execPath, [join(root, 'node_modules/relay-compiler/cli.js'), 'relay.config.json'], {
    cwd: folder,
    env: spawnEnv({}),
  });
  const [stdout, stderr, [code]] = await Promise.all([text(compiler.stdout), text(compiler.stderr), once(compiler, 'exit')]);
  if (code !== 0) throw new Error(`relay-compiler refuses the documents or the schema:\n${stdout}${stderr}`);
  const names = await readdir(artifacts);
  // Bundlers find a module without the ending of its name. Node does not.
  for (const name of names) {
    const artifact = join(artifacts, name);
    await writeFile(artifact, (await readFile(artifact, 'utf8')).replaceAll(/from '(\.\/\w+\.graphql)'/g, "from '$1.ts'"));
  }
  return names;
}
