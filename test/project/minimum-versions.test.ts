import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';

/** Older versions have a hole or a bug that the gateway would inherit. A package may have a minimum for each of several majors. */
const MINIMUM: Readonly<Record<string, readonly string[]>> = {
  graphql: ['16.15.0', '17.1.0'],
  'graphql-yoga': ['5.24.1'],
  'graphql-ws': ['6.4.2'],
  ws: ['8.23.0'],
  undici: ['8.9.0'],
  jose: ['6.0.0'],
};
/** Older versions could reset the write-ahead log under a reader and lose pages. */
const MINIMUM_SQLITE = '3.51.3';

const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean; readonly hasInstallScript?: boolean }>>;
};

test.each(Object.entries(MINIMUM))('%s is locked at a version without known holes, wherever it is installed', (name, minimums) => {
  const installed = Object.entries(lock.packages).filter(([path]) => path.endsWith(`node_modules/${name}`));
  expect(installed.length).toBeGreaterThan(0);
  const old = installed.filter(([, { version = '0' }]) => {
    const least = minimums.find((minimum) => major(minimum) === major(version)) ?? minimums.at(-1) ?? '';
    return compare(version, least) < 0;
  });
  expect(old).toEqual([]);
});

test('SQLite, which comes with Node, is new enough too', () => {
  const { version } = new DatabaseSync(':memory:').prepare('SELECT sqlite_version() AS version').get() as { version: string };
  expect(compare(version, MINIMUM_SQLITE), version).toBeGreaterThanOrEqual(0);
});

test('there is one graphql, and nothing of what is locked runs a script when it is installed', () => {
  expect(Object.keys(lock.packages).filter((path) => /(?:^|\/)node_modules\/graphql$/.test(path))).toEqual(['node_modules/graphql']);
  expect(Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
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
