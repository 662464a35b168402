import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

test('tests run on the Node that comes with the project, or a newer one', () => {
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
  expect(major * 1_000_000 + minor * 1_000 + patch).toBeGreaterThanOrEqual(24_022_001);
});

test.each([
  ['20.20.2', true],
  ['24.21.9', true],
  ['24.22.0', true],
  ['24.22.1', false],
  ['24.23.0', false],
  ['26.0.0', false],
])('on Node %s it complains: %s', (version, complains) => {
  const script = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); await import('./require-node.js'); console.log('went on');`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, encoding: 'utf8' });
  expect({ status, wentOn: stdout.includes('went on') }).toEqual({ status: complains ? 1 : 0, wentOn: !complains });
  if (complains) expect(stderr).toContain(`This needs Node 24.22.1 or newer and runs on ${version}.`);
});

test('it imports nothing by a name that Node 20 does not have: such a name is an error before the first line runs', () => {
  const imports = readFileSync(join(root, 'require-node.js'), 'utf8').match(/^import .*/gm);
  expect(imports).toEqual(["import nodeModule from 'node:module';", "import { fileURLToPath } from 'node:url';"]);
});

test('every script that starts Node goes through the guard', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const unguarded = Object.entries(scripts).filter(
    ([, command]) => command.startsWith('node ') && !command.startsWith('node --import ./require-node.js '),
  );
  expect(unguarded).toEqual([]);
});
