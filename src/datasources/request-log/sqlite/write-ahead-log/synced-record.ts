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
  /** No DataView: after some ten thousand calls `writeSync` of Node 24 refused one as no buffer, and the process ended. */
  readonly #bytes = Buffer.alloc(BYTES);

  constructor(path: string) {
    this.#path = syncedPath(path);
    // The record of the life before holds until the next one is written.
    this.#file = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
    fchmodSync(this.#file, 0o600);
    this.#bytes.writeUInt32BE(MAGIC, 0);
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
    bytes.writeUInt32BE(first, 4);
    bytes.writeUInt32BE(second, 8);
    bytes.writeUInt32BE(frames, 12);
    bytes.writeUInt32BE(isMoved ? 1 : 0, 16);
    bytes.writeUInt32BE(checksumOf(bytes), 20);
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
  let bytes: Buffer;
  try {
    bytes = readFileSync(syncedPath(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'ABSENT';
    throw error;
  }
  if (bytes.length !== BYTES) return 'UNKNOWN';
  if (bytes.readUInt32BE(0) !== MAGIC || bytes.readUInt32BE(20) !== checksumOf(bytes)) return 'UNKNOWN';
  return {
    first: bytes.readUInt32BE(4),
    second: bytes.readUInt32BE(8),
    frames: bytes.readUInt32BE(12),
    isMoved: bytes.readUInt32BE(16) === 1,
  };
}

function checksumOf(bytes: Buffer): number {
  return crc32(bytes.subarray(0, BYTES - 4));
}
