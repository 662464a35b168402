import { existsSync, statfsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const IN_MEMORY = '/dev/shm';
/** More than the largest stores of the tests that run at a time. A container often has 64 MB there. */
const ROOM_BYTES = 3_000_000_000;

/** In memory, if there is room: no test is about the disk, and a synced commit takes 4 ms on one instead of 0.03. */
const PARENT = hasRoom(IN_MEMORY) ? IN_MEMORY : tmpdir();

/** An empty folder that goes away with its scope. */
export function tempFolder(): Promise<TempFolder> {
  return makeFolder(PARENT);
}

/** The same in the system's own temporary folder, for what is about the disk. */
export function tempFolderOnDisk(): Promise<TempFolder> {
  return makeFolder(tmpdir());
}

export type TempFolder = AsyncDisposable & { readonly path: string };

async function makeFolder(parent: string): Promise<TempFolder> {
  const path = await mkdtemp(join(parent, 'm2m-gateway-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function hasRoom(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= ROOM_BYTES;
}
