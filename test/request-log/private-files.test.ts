import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

const PRIVATE = Object.fromEntries(['', '-lock', '-shm', '-synced', '-wal'].map((end) => [`gateway.sqlite${end}`, 0o600]));

const modeOf = (path: string) => statSync(path).mode & 0o777;

/** Opens the store at `path`, writes to it, and gives back the modes of the files in its folder while it is open. */
async function modesOf(path: string): Promise<Record<string, number>> {
  await using log = openLog(path);
  await log.create(newRequest([[['ICCID', '89148000000000000001']]]));
  return Object.fromEntries(readdirSync(dirname(path)).map((name) => [name, modeOf(join(dirname(path), name))]));
}

test('only the owner can read the files of a store and the folders that are made for it', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'deep/deeper/gateway.sqlite');
  expect(await modesOf(path)).toEqual(PRIVATE);
  expect([modeOf(join(folder.path, 'deep')), modeOf(dirname(path))]).toEqual([0o700, 0o700]);
});

test('a store that others could read is private once it is opened; the folder stays as it was', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'data/gateway.sqlite');
  mkdirSync(dirname(path));
  chmodSync(dirname(path), 0o755);
  writeFileSync(path, '');
  chmodSync(path, 0o644);
  expect(await modesOf(path)).toEqual(PRIVATE);
  expect(modeOf(dirname(path))).toBe(0o755);
});
