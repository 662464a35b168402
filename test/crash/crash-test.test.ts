import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, test, vi } from 'vitest';
import { PLANTED_BUGS } from '../planted-bugs/planted-bugs.ts';
import { plantedTree } from '../support/planted-tree.ts';

// Dozens of processes start, on a machine that may be busy.
vi.setConfig({ testTimeout: 300_000 });

const CLEAN = /^acked [1-9]\d* lost 0 phantom 0 double 0 missing 0 repeated 0 disorder 0 kills (\d+)$/;

describe.concurrent('npm run crash-test', () => {
  test('ends with the ledger and exit code 0 when nothing is lost, doubled or missing after kills at every kind of point', async () => {
    const { code, lines } = await crashTest(['--seconds', '12', '--kills', '5']);
    process.stderr.write(`${lines[0]}: ${lines.at(-1)}\n`);
    expect(lines.join('\n')).toMatch(/^seed \d+$/m);
    expect(lines.at(-1)).toMatch(CLEAN);
    expect(Number(CLEAN.exec(lines.at(-1) ?? '')?.[1])).toBeGreaterThanOrEqual(5);
    expect(code, lines.join('\n')).toBe(0);
  });

  test('prints the differences and the seed, and exits with 1, when something differs', async () => {
    await using tree = await plantedTree(PLANTED_BUGS.find(({ name }) => name === 'a duplicate is not recognised')?.edits ?? []);
    const flags = ['--seconds', '2', '--devices', '40', '--without', 'strace', '--without', 'faketime'];
    const { code, lines } = await crashTest([...flags, '--seed', '7', '--folder', tree.path]);
    expect(lines.at(-1)).toMatch(/^acked \d+ lost 0 phantom 0 double [1-9]\d* missing /);
    expect(lines).toContain('NOT CLEAN. Run it again with --seed 7.');
    expect(lines.some((line) => /^double: callback \d+ is stored \d+ times$/.test(line))).toBe(true);
    expect(code).toBe(1);
  });
});

async function crashTest(flags: readonly string[]): Promise<{ code: number; lines: string[] }> {
  const child = spawn(process.execPath, ['scripts/crash-test.ts', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = text(child.stdout);
  const [code] = (await once(child, 'close')) as [number];
  return { code, lines: (await said).trimEnd().split('\n') };
}
