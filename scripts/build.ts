import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Compiles what the package holds into `dist/`, whose folders are those of the repository. The repository itself runs from source and
 * never reads `dist/`. Fails where the types do not fit.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Others write into `dist/` too: `npm run sbom`. */
const BUILT = ['src', 'simulator', 'scripts', 'documents', 'require-node.js'];
/** What the program reads at run time, beside its modules. */
const READ_AT_RUN_TIME = ['require-node.js', 'src/**/*.sql', 'documents/examples/*'];
const COMMAND = 'dist/scripts/m2m-gateway.js';

for (const name of BUILT) rmSync(join(ROOT, 'dist', name), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);
for (const file of globSync(READ_AT_RUN_TIME, { cwd: ROOT })) cpSync(join(ROOT, file), join(ROOT, 'dist', file));
for (const file of globSync('dist/{src,simulator,scripts}/**/*.js', { cwd: ROOT }).map((name) => join(ROOT, name))) {
  writeFileSync(file, nameCommands(readFileSync(file, 'utf8')));
}
chmodSync(join(ROOT, COMMAND), 0o755);

/** Messages and help name a command as npm runs it in the repository. In the package it is `m2m-gateway`. */
function nameCommands(code: string): string {
  return code
    .replaceAll(/npm run (?:--silent )?(demo|sandbox|simulator|store|keys|callbacks)\b(?: --(?= ))?/g, 'm2m-gateway $1')
    .replaceAll('npm start', 'm2m-gateway start');
}
