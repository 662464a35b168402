import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { PARTS, type PartName } from '../../bench/options.ts';
import type { Section } from '../../bench/report.ts';
import { howMany } from '../support/how-many.ts';
import { spawnEnv } from '../support/spawn-env.ts';
import { tempFolder } from '../support/temp-folder.ts';

const root = join(import.meta.dirname, '../..');
/** Those that take longest begin first. The stalled client only waits most of its time. */
const LONGEST: readonly PartName[] = ['stalled', 'start', 'encrypted', 'cold', 'callbacks'];
const inOrder = [...LONGEST, ...PARTS.filter((part) => !LONGEST.includes(part))];
/** All take two minutes. This one runs most of what the parts share. */
const SHORT: readonly PartName[] = ['delivery'];
const run = howMany({ whole: PARTS.length, short: SHORT.length }) === PARTS.length ? inOrder : SHORT;
const MORE: Partial<Record<PartName, (folder: string) => readonly string[]>> = {
  // This checkout stands for the other one too.
  frame: () => ['--against', root],
  delivery: (folder) => ['--profile', folder],
};
/** It ends what hangs, on a busy machine too. */
const PATIENCE_MS = 300_000;
test.concurrent.each(run)('the part %s of the benchmark ends and prints its rows', { timeout: PATIENCE_MS }, async (part) => {
  await using folder = await tempFolder();
  const json = `${folder.path}/results.json`;
  const args = [part, '--quick', '--requests', '1', '--json', json, ...(MORE[part]?.(folder.path) ?? [])];
  const { code, stdout, stderr } = await runBench(args, folder.path);
  expect(code, stderr).toBe(0);
  const { sections } = JSON.parse(await readFile(json, 'utf8')) as { sections: Record<string, Section> };
  expect(Object.keys(sections)).toEqual([part]);
  const { title, rows } = sections[part] ?? { title: '', rows: [] };
  expect(rows.length).toBeGreaterThan(0);
  for (const line of [`## ${title}`, ...rows.map(({ name }) => name)]) expect(stdout).toContain(`\n${line}`);
  if (part === 'delivery') await expectProfiles(folder.path);
});

/** Both threads of the gateway have as many. */
async function expectProfiles(folder: string): Promise<void> {
  const profiles = (await readdir(folder)).filter((file) => file.endsWith('.cpuprofile'));
  const ofThread = (thread: string) => profiles.filter((file) => file.endsWith(`-${thread}.cpuprofile`)).length;
  expect(ofThread('main')).toBeGreaterThan(0);
  expect(ofThread('intake-thread')).toBe(ofThread('main'));
}

async function runBench(args: readonly string[], folder: string) {
  // It needs no disk, because no figure counts here.
  const child = spawn(process.execPath, [join(root, 'bench/main.ts'), ...args], { cwd: root, env: spawnEnv({ TMPDIR: folder }) });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number]>]);
  return { code, stdout, stderr };
}
