import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { FOREIGN_BYTES, LICENCES, NO_FOREIGN_BYTES } from './runtime-packages.ts';

/** Older versions could reset the write-ahead log under a reader and lose pages. */
const MINIMUM_SQLITE = '3.51.3';
const EXACT = /^\d+\.\d+\.\d+$/;

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Readonly<
  Record<'dependencies' | 'devDependencies' | 'optionalDependencies' | 'overrides', Readonly<Record<string, string>>>
>;
const { packages } = JSON.parse(read('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> };
const locked = Object.entries(packages)
  .filter(([path]) => path !== '')
  .map(([path, entry]) => ({ ...entry, path, name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length) }));
const atRunTime = locked.filter(({ dev }) => !dev);

test.each(Object.entries(FOREIGN_BYTES))('%s is locked at a version without known holes, wherever it is installed', (name, { least }) => {
  const installed = locked.filter((entry) => entry.name === name);
  expect(installed.length).toBeGreaterThan(0);
  const old = installed.filter(({ version = '0' }) => {
    const minimum = least.find((each) => major(each) === major(version)) ?? least.at(-1) ?? '';
    return compare(version, minimum) < 0;
  });
  expect(old).toEqual([]);
});

test('of each package at run time it is said whether foreign bytes come to it, and of no other', () => {
  const said = [...Object.keys(FOREIGN_BYTES), ...Object.keys(NO_FOREIGN_BYTES)].toSorted();
  expect(said).toEqual([...new Set(atRunTime.map(({ name }) => name))].toSorted());
});

test('SQLite, which comes with Node, is new enough, and every platform that gets its Node from npm gets the same', () => {
  const { version } = new DatabaseSync(':memory:').prepare('SELECT sqlite_version() AS version').get() as { version: string };
  expect(compare(version, MINIMUM_SQLITE), version).toBeGreaterThanOrEqual(0);
  expect(new Set(Object.values(manifest.optionalDependencies))).toEqual(new Set([read('.node-version').trim()]));
});

test('package.json names exact versions, and the lockfile has these', () => {
  const named = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap((group) => Object.entries(group));
  expect([...named, ...Object.entries(manifest.overrides)].filter(([, version]) => !EXACT.test(version))).toEqual([]);
  expect(named.filter(([name, version]) => packages[`node_modules/${name}`]?.version !== version)).toEqual([]);
});

test('there is one graphql, and nothing of what is locked runs a script when it is installed', () => {
  expect(locked.filter(({ name }) => name === 'graphql').map(({ path }) => path)).toEqual(['node_modules/graphql']);
  expect(locked.filter(({ hasInstallScript }) => hasInstallScript)).toEqual([]);
});

test('every package is known by its digest, and no address of a registry is', () => {
  expect(locked.filter(({ integrity, resolved }) => !integrity?.startsWith('sha512-') || resolved !== undefined)).toEqual([]);
});

test('the packages at run time have licences that ask for no more than to be named', () => {
  expect(atRunTime.filter(({ license }) => !LICENCES.includes(license ?? ''))).toEqual([]);
});

test.each([
  ['8.9.0', '8.10.0', -1],
  ['17.1.0', '17.1.0', 0],
  ['3.53.4', '3.51.3', 1],
])('%s against %s is %d', (left, right, sign) => {
  expect(Math.sign(compare(left, right))).toBe(sign);
});

function compare(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)));
  for (const at of [0, 1, 2]) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function major(version: string): string {
  return version.split('.', 1)[0] ?? '';
}
