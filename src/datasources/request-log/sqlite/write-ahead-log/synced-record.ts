import { closeSync, constants, fchmodSync, fdatasyncSync, fstatSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Salts } from './read-log.ts';

/** How far the log was on disk when the last answer was given. */
export interface Synced extends Salts {
  readonly frames: number;
  /** Everything in the log is in the main file too. */
  readonly isMoved: boolean;
}

const BYTES = 24;
const MAGIC = 0x4d324d53;

/**
 * A small file beside the log. It is written after each fsync of the log and not synced itself. After a kill it is exact. After a
 * power cut it may be older or unreadable, but it never promises more than the disk holds.
 */
export class SyncedRecord {
  readonly #path: string;
  readonly #file: number;
  readonly #bytes = new DataView(new ArrayBuffer(BYTES));

  constructor(path: string) {
    this.#path = syncedPath(path);
    // The record of the life before holds until the next one is written.
    this.#file = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
    fchmodSync(this.#file, 0o600);
    this.#bytes.setUint32(0, MAGIC);
    if (fstatSync(this.#file).size !== BYTES) writeSync(this.#file, new Uint8Array(BYTES), 0, BYTES, 0);
    fsyncSync(this.#file);
    const folder = openSync(dirname(path), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }

  write({ first, second, frames, isMoved }: Synced): void {
    const bytes = this.#bytes;
    bytes.setUint32(4, first);
    bytes.setUint32(8, second);
    bytes.setUint32(12, frames);
    bytes.setUint32(16, isMoved ? 1 : 0);
    bytes.setUint32(20, checksumOf(bytes));
    writeSync(this.#file, bytes, 0, BYTES, 0);
    // Before the log begins anew, this must be known after a power cut too.
    if (isMoved) fdatasyncSync(this.#file);
  }

  close({ remove }: { readonly remove: boolean }): void {
    closeSync(this.#file);
    if (remove) rmSync(this.#path, { force: true });
  }
}

export function syncedPath(path: string): string {
  return `${path}-synced`;
}

/** 'ABSENT' where nobody made one, 'UNKNOWN' where it cannot be read. */
export function readSynced(path: string): Synced | 'ABSENT' | 'UNKNOWN' {
  let read: Buffer;
  try {
    read = readFileSync(syncedPath(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'ABSENT';
    throw error;
  }
  if (read.length !== BYTES) return 'UNKNOWN';
  const bytes = new DataView(read.buffer, read.byteOffset, BYTES);
  if (bytes.getUint32(0) !== MAGIC || bytes.getUint32(20) !== checksumOf(bytes)) return 'UNKNOWN';
  return { first: bytes.getUint32(4), second: bytes.getUint32(8), frames: bytes.getUint32(12), isMoved: bytes.getUint32(16) === 1 };
}

function checksumOf(bytes: DataView): number {
  return crc32(new Uint8Array(bytes.buffer, bytes.byteOffset, BYTES - 4));
}
