import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { readTrace } from '../../support/read-trace.ts';

interface Written {
  readonly offset: number;
  readonly length: number;
  readonly ended: number;
}

/** The end of a pwrite64's arguments: how many bytes, and where. */
const PLACE = /, (\d+), (\d+)$/;

/**
 * What a power cut does to the files below `folder` that a traced process, now dead, was writing: every write that no later
 * sync of its file had made durable is overwritten with zeros. Disks keep some of these writes and lose others; a store
 * that stands when all are lost rests on nothing but its syncs.
 *
 * @returns how many bytes were lost.
 */
export function losePower(traceFile: string, folder: string): number {
  const unsynced = new Map<string, Written[]>();
  for (const { name, args, target, result, began, ended } of readTrace(traceFile)) {
    if (!target.startsWith(`${folder}/`)) continue;
    const waiting = unsynced.get(target) ?? [];
    if (name === 'pwrite64') {
      const place = PLACE.exec(args);
      if (place) waiting.push({ length: Number(place[1]), offset: Number(place[2]), ended });
      unsynced.set(target, waiting);
    } else if (result === 0) {
      // Only what was written before the sync began is sure to be in it.
      unsynced.set(
        target,
        waiting.filter((write) => write.ended > began),
      );
    }
  }
  let lost = 0;
  for (const [file, writes] of unsynced) lost += overwrite(file, writes);
  return lost;
}

function overwrite(file: string, writes: readonly Written[]): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const reached = writes.filter(({ offset }) => offset < size);
  if (reached.length === 0) return 0;
  const descriptor = openSync(file, 'r+');
  try {
    let lost = 0;
    for (const { offset, length } of reached)
      lost += writeSync(descriptor, Buffer.alloc(Math.min(length, size - offset)), 0, undefined, offset);
    return lost;
  } finally {
    closeSync(descriptor);
  }
}
