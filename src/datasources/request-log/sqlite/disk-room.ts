import { randomFillSync } from 'node:crypto';
import { appendFileSync, rmSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '../../../errors.ts';
import type { DiskState } from '../store-upkeep.ts';

export interface DiskRoomOptions {
  /** The store's file. */
  readonly path: string;
  /** Null for the default: 1 GiB, or a twentieth of the disk if that is less. 0 turns the floor off. */
  readonly floorBytes?: number | null;
  /** Free pages inside the store's file, in bytes: they are used before the file grows. */
  readonly reusableBytes: () => number;
  readonly onSample: (state: DiskState) => void;
}

const SAMPLED_EVERY_MS = 2_000;
const GIB = 1_073_741_824;
/** A row is written twice: into the write-ahead log, then into the file. */
const WRITES = 2;

/** Purging needs this much when nothing else is free: for the pages in the write-ahead log, and for one step. */
const RESERVE_BYTES = 16 * 1_048_576;
/** The reserve grows slowly, and not at once: so much writing at a start would hold the first commits up. */
const RESERVE_PART_BYTES = 1_048_576;
const RESERVED_AFTER_SAMPLES = 30;

/**
 * How much room the store has. The disk is asked every few seconds, and what is written meanwhile is counted, so that a callback pays
 * for an addition only.
 *
 * A file beside the store keeps some room back. It is removed when a purge needs it, and made again when there is enough.
 */
export class DiskRoom implements Disposable {
  readonly #options: DiskRoomOptions;
  readonly #timer: NodeJS.Timeout | null;
  #state: DiskState = { freeBytes: 0, floorBytes: 0, isLow: false };
  /** What may be written until the floor is reached. */
  #left = Infinity;
  #samples = 0;

  constructor(options: DiskRoomOptions) {
    this.#options = options;
    const isOnDisk = options.path !== ':memory:';
    this.#timer = isOnDisk ? setInterval(() => this.#look(), SAMPLED_EVERY_MS).unref() : null;
    if (isOnDisk) this.sample();
  }

  get isLow(): boolean {
    return this.#left <= 0;
  }

  get state(): DiskState {
    return { ...this.#state, isLow: this.isLow };
  }

  /** Counts what is about to be written. True when the floor is reached. */
  isLowAfter(bytes: number): boolean {
    this.#left -= bytes * WRITES;
    return this.isLow;
  }

  sample(): void {
    if (!this.#timer) return;
    const { path, floorBytes, reusableBytes } = this.#options;
    const disk = readDisk(path);
    // Its folder is gone. The store finds that out by itself.
    if (!disk) return;
    const onDisk = disk.freeBytes;
    const floor = floorBytes ?? Math.min(GIB, disk.totalBytes / 20);
    // Pages that are used again are written to the write-ahead log first. It needs real room.
    const left = Math.min(onDisk + reusableBytes() - floor, onDisk - Math.min(floor, RESERVE_BYTES));
    this.#left = floor === 0 ? Infinity : left;
    this.#state = { freeBytes: onDisk + reusableBytes(), floorBytes: floor, isLow: this.isLow };
  }

  /** Lets the room go that was kept back. */
  release(): void {
    rmSync(this.#reserve, { force: true });
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  #look(): void {
    this.sample();
    if (++this.#samples > RESERVED_AFTER_SAMPLES && this.#left > 2 * RESERVE_BYTES) this.#keepBack();
    this.#options.onSample(this.state);
  }

  /** Random bytes, because some file systems give no room to zeros. A disk that is full after all will get the room back. */
  #keepBack(): void {
    const kept = statSync(this.#reserve, { throwIfNoEntry: false })?.size ?? 0;
    if (kept >= RESERVE_BYTES) return;
    try {
      appendFileSync(this.#reserve, randomFillSync(Buffer.alloc(RESERVE_PART_BYTES)), { mode: 0o600 });
    } catch {
      this.release();
    }
  }

  get #reserve(): string {
    return reserveOf(this.#options.path);
  }
}

/** Opening a store writes to it. On a full disk the room for that is the one that was kept back. */
export function makeRoomToOpen(path: string): void {
  const disk = path === ':memory:' ? null : readDisk(path);
  if (disk && disk.freeBytes < RESERVE_BYTES) rmSync(reserveOf(path), { force: true });
}

function reserveOf(path: string): string {
  return `${path}-reserve`;
}

function readDisk(path: string): { readonly freeBytes: number; readonly totalBytes: number } | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(dirname(path));
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return null;
  }
}

/** @throws GatewayError STORE_FAILED while there is too little room for a new request. */
export function requireRoom({ isLow, state }: DiskRoom): void {
  if (!isLow) return;
  const megabytes = (bytes: number) => Math.floor(bytes / 1_000_000);
  throw new GatewayError(
    'STORE_FAILED',
    `Nothing was stored and nothing was sent: the disk of the gateway has ${megabytes(state.freeBytes)} MB free, and the last ${megabytes(state.floorBytes)} MB are kept for the results of requests. Try again later, with the same idempotency key.`,
  );
}
