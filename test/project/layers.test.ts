import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

/**
 * A room may import from itself, from the rooms named here, and from `lib`, `errors` and `logger`. `sqlite`, `postgres` and `copy` are rooms below
 * `request-log`, `wire` the one below `thingspace`.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  main: ['gateway', 'config'],
  index: ['gateway', 'config'],
  gateway: ['server', 'resolvers', 'operations', 'request-log', 'sqlite', 'postgres', 'thingspace', 'wire', 'config', 'metrics'],
  config: ['wire'],
  metrics: [],
  server: ['schema', 'resolvers', 'operations', 'request-log', 'thingspace', 'wire', 'metrics'],
  schema: ['resolvers', 'operations', 'request-log', 'thingspace', 'wire'],
  resolvers: ['operations', 'request-log', 'thingspace', 'wire'],
  operations: ['request-log', 'thingspace', 'wire'],
  sqlite: ['request-log', 'wire'],
  postgres: ['request-log', 'wire'],
  copy: ['sqlite', 'postgres', 'request-log', 'wire'],
  'request-log': ['wire'],
  thingspace: ['wire'],
  wire: [],
  lib: [],
  logger: [],
  errors: [],
};

/** Packages that a room may import; a room that is not named may import any. */
const PACKAGES_BY_ROOM: Readonly<Record<string, RegExp>> = {
  resolvers: /^(?:node:|ulid$|zod$)/,
  operations: /^zod$/,
  'request-log': /^node:(?:crypto|timers\/promises)$/,
  sqlite: /^(?:node:|ulid$)/,
  postgres: /^(?:node:|ulid$|pg$)/,
  copy: /^node:/,
  thingspace: /^(?:node:|undici$|zod$)/,
  wire: /^(?:node:(?:crypto|util|zlib)$|zod$|fast-xml-parser$)/,
  schema: /^(?:node:timers\/promises$|@pothos\/core$|graphql$|dataloader$|zod$)/,
};

const ROOMS_WITHOUT_CIRCLES = ['src', 'simulator', 'scripts', 'bench'];

interface Import {
  readonly from: string;
  readonly to: string;
}

const root = join(import.meta.dirname, '../..');

test('imports go one way: main → gateway → server → schema → resolvers → operations → datasources → wire', () => {
  const wrong = importsOf('src').filter(({ from, to }) => {
    if (!to.startsWith('src/')) return false;
    const [here, there] = [roomOf(from), roomOf(to)];
    if (here === there || there === 'lib' || there === 'errors' || there === 'logger') return false;
    return !MAY_IMPORT[here]?.includes(there);
  });
  expect(wrong).toEqual([]);
});

test('no file imports itself by way of others, not for types either', () => {
  const imports = Map.groupBy(ROOMS_WITHOUT_CIRCLES.flatMap(importsOf), ({ from }) => from);
  const circles = circlesOf((file) => imports.get(file)?.map(({ to }) => to) ?? [], [...imports.keys()]);
  expect(circles).toEqual([]);
});

test('what decides knows no GraphQL and no HTTP, what stores knows no carrier client: each room its packages', () => {
  const wrong = importsOf('src').filter(({ from, to }) => !to.startsWith('src/') && PACKAGES_BY_ROOM[roomOf(from)]?.test(to) === false);
  expect(wrong).toEqual([]);
});

test('one file knows OpenTelemetry, and it knows the stable API alone: the SDK is the operator’s', () => {
  const known = importsOf('src').filter(({ to }) => to.startsWith('@opentelemetry/'));
  expect(known).toEqual([{ from: 'src/lib/trace.ts', to: '@opentelemetry/api' }]);
});

test('the simulator imports nothing of the gateway: one mistake must not agree with itself', () => {
  expect(importsOf('simulator').filter(({ to }) => to.startsWith('src/'))).toEqual([]);
});

test('the second carrier imports nothing of the gateway and nothing of the simulator: it is made from documentation alone', () => {
  const imports = importsOf('test/second-carrier');
  expect(imports.length).toBeGreaterThan(0);
  expect(imports.filter(({ to }) => /^(?:src|simulator)\/|^test\/(?!second-carrier\/)/.test(to))).toEqual([]);
});

test('only the process and its scripts read the environment', () => {
  const readers = filesOf('src').filter((file) => /process\.env/.test(readFileSync(join(root, file), 'utf8')));
  expect(readers).toEqual(['src/main.ts']);
});

test('files are kebab-case and under 300 lines; only a data table may be longer', () => {
  const tables = ['src/config/config-variables.ts'];
  const files = ['src', 'simulator', 'test', 'scripts', 'bench', 'examples'].flatMap(filesOf);
  expect(files.filter((file) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/.test(file.slice(file.lastIndexOf('/') + 1)))).toEqual([]);
  const long = files.filter((file) => !tables.includes(file) && readFileSync(join(root, file), 'utf8').split('\n').length > 301);
  expect(long).toEqual([]);
});

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);
}

function importsOf(folder: string): Import[] {
  return filesOf(folder).flatMap((from) => {
    const text = readFileSync(join(root, from), 'utf8');
    return [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+'([^']+)';|^import\s+'([^']+)';/gm)].map(([, named, bare]) => {
      const to = named ?? bare ?? '';
      return { from, to: to.startsWith('.') ? relative(root, join(root, dirname(from), to)) : to };
    });
  });
}

/** Every circle that a walk along the imports comes upon, as the files on it. */
function circlesOf(importsOfFile: (file: string) => readonly string[], files: readonly string[]): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): void => {
    const met = path.indexOf(file);
    if (met >= 0) circles.push(path.slice(met));
    if (met >= 0 || done.has(file)) return;
    path.push(file);
    for (const next of importsOfFile(file)) walk(next);
    path.pop();
    done.add(file);
  };
  for (const file of files) walk(file);
  return circles;
}

function roomOf(file: string): string {
  const [, first = '', second = '', third = ''] = file.split('/');
  if (first !== 'datasources') return first.replace(/\.ts$/, '');
  return ['wire', 'sqlite', 'postgres', 'copy'].includes(third ?? '') ? (third ?? '') : second;
}
