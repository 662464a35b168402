import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { PARTS, type PartName } from '../../bench/options.ts';
import type { Section } from '../../bench/report.ts';
import { spawnEnv } from '../support/spawn-env.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Those that take longest begin first. The stalled client only waits most of its time. */
const LONGEST: readonly PartName[] = ['stalled', 'start', 'encrypted', 'cold', 'callbacks'];
const inOrder = [...LONGEST, ...PARTS.filter((part) => !LONGEST.includes(part))];
/** It ends what hangs, on a busy machine too. */
const PATIENCE_MS = 300_000;
const root = join(import.meta.dirname, '../..');

test.concurrent.each(inOrder)('the part %s of the benchmark ends and prints its rows', { timeout: PATIENCE_MS }, async (part) => {
  await using folder = await tempFolder();
  const json = `${folder.path}/results.json`;
  // This checkout stands for the other one too.
  const args = [part, '--quick', '--json', json, '--profile', folder.path, ...(part === 'frame' ? ['--against', root] : [])];
  const { code, stdout, stderr } = await runBench(args, folder.path);
  expect(code, stderr).toBe(0);
  const { sections } = JSON.parse(await readFile(json, 'utf8')) as { sections: Record<string, Section> };
  expect(Object.keys(sections)).toEqual([part]);
  const { title, rows } = sections[part] ?? { title: '', rows: [] };
  expect(rows.length).toBeGreaterThan(0);
  for (const line of [`## ${title}`, ...rows.map(({ name }) => name)]) expect(stdout).toContain(`\n${line}`);
  for (const { name, figures } of rows) {
    for (const [figure, value] of Object.entries(figures)) expect(value, `${name}: ${figure}`).not.toBeNaN();
  }
});

async function runBench(args: readonly string[], folder: string) {
  // It needs no disk, because no figure counts here.
  const child = spawn(process.execPath, [join(root, 'bench/main.ts'), ...args], { cwd: root, env: spawnEnv({ TMPDIR: folder }) });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number]>]);
  return { code, stdout, stderr };
}
