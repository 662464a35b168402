import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEPLOY_FILES, readFile, ROOT } from './support/deploy-files.ts';
import { isInContext, lastStage, readCopy, readStages, textsOf } from './support/dockerfile.ts';

const stages = readStages();
const image = lastStage();

test('the image has the Node that the project has, in all stages', () => {
  expect(readFile('deploy/Dockerfile')).toContain(`\nARG NODE_VERSION=${readFile('.node-version').trim()}\n`);
  expect(new Set(stages.map(({ base }) => base))).toEqual(new Set(['node:${NODE_VERSION}-bookworm-slim']));
});

test('every file that it copies is there and is in the build context', () => {
  for (const stage of stages)
    for (const { from, sources } of textsOf(stage, 'COPY').map(readCopy))
      for (const source of sources) {
        if (from !== null) {
          expect(stages.map(({ as }) => as)).toContain(from);
          continue;
        }
        expect(existsSync(join(ROOT, source)), source).toBe(true);
        expect(isInContext(source), source).toBe(true);
      }
});

test('the build context has neither secrets, stores, tests nor installed packages', () => {
  for (const file of [
    '.env',
    'src/.env',
    'deploy/secrets/store-keys',
    'data/gateway.sqlite',
    'src/gateway.sqlite-wal',
    'node_modules/ws/index.js',
  ])
    expect(isInContext(file), file).toBe(false);
  for (const file of ['test/deploy/image.test.ts', '.git/config', 'dist/src/main.js']) expect(isInContext(file), file).toBe(false);
  for (const file of ['src/main.ts', 'package-lock.json', 'scripts/keys/render-keys.ts']) expect(isInContext(file), file).toBe(true);
});

test('only packages of production are in it, and no script of a package runs', () => {
  const [install = ''] = textsOf(stages.find(({ as }) => as === 'dependencies') ?? image, 'RUN');
  expect(install).toBe('npm ci --omit=dev --omit=optional --ignore-scripts');
  const modules = textsOf(image, 'COPY').filter((text) => text.includes('node_modules'));
  expect(modules).toEqual(['--from=dependencies /app/node_modules node_modules']);
  // What is optional and not left out by this would be missed.
  const { packages } = JSON.parse(readFile('package-lock.json')) as { packages: Record<string, { optional?: boolean; dev?: boolean }> };
  const optional = Object.keys(packages).filter((name) => packages[name]?.optional && !packages[name].dev);
  // `pg` uses its own one for sockets of Cloudflare alone.
  expect(optional.filter((name) => !name.startsWith('node_modules/node-linux-'))).toEqual(['node_modules/pg-cloudflare']);
});

test('it does not run as root, and Node is process 1, with the flags of npm start', () => {
  expect(textsOf(image, 'USER')).toEqual(['1000:1000']);
  expect(image.instructions.at(-1)?.name).toBe('CMD');
  expect(textsOf(image, 'ENTRYPOINT')).toEqual([]);
  const command = JSON.parse(textsOf(image, 'CMD')[0] ?? '') as string[];
  const { scripts } = JSON.parse(readFile('package.json')) as { scripts: Record<string, string> };
  const built = (word: string) => word.replace('./require-node.js', './dist/require-node.js').replace('src/main.ts', 'dist/src/main.js');
  expect(command).toEqual(scripts['start']?.split(' ').map(built));
  expect(textsOf(image, 'STOPSIGNAL')).toEqual(['SIGTERM']);
});

test('its ports are the defaults of the gateway', () => {
  const example = readFile('.env.example');
  const ports = ['GRAPHQL', 'CALLBACK', 'ADMIN'].map((name) => new RegExp(`M2M_${name}_PORT=(\\d+)`).exec(example)?.[1]);
  expect(textsOf(image, 'EXPOSE')).toEqual([ports.join(' ')]);
});

test('the folder of made secrets is not in the repository', () => {
  expect(DEPLOY_FILES.filter((file) => file.startsWith('deploy/secrets'))).toEqual([]);
  expect(readFile('.gitignore').split('\n')).toContain('deploy/secrets/');
});
