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
 * Does to the files below `folder` what a power cut may do, after the traced process that wrote them is dead: every write that no later
 * sync of its file had made durable is overwritten with zeros. A disk keeps some of these writes and loses others. A store
 * that is whole when all are lost needs nothing but its syncs.
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
      // A sync covers for certain only the writes made before it began.
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
