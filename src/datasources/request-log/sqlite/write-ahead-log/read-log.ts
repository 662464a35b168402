import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * What stands in a write-ahead log, as SQLite's recovery reads it (https://sqlite.org/fileformat2.html#walformat). SQLite takes
 * the frames up to the last commit before the first frame that is not valid. It says nothing of what lies behind.
 */
export interface LogContent {
  /** Both salts of the header. SQLite adds one to the first at each new beginning of the log. Null: the header is not valid. */
  readonly salts: Salts | null;
  /** Frames up to the last commit that SQLite takes. */
  readonly committed: number;
  /** Valid frames without a commit, and frames of this log behind the first that is not valid. */
  readonly leftOver: number;
  /** The first salt that the first frame names. It tells whose frames they are when the header is not valid. */
  readonly firstFrame: number | null;
}

export interface Salts {
  readonly first: number;
  readonly second: number;
}

export const LOG_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 24;
const FRAMES_AT_ONCE = 256;
/** Its last bit tells how the words of checksums are read: 1 for the big end first. */
const MAGIC = 0x377f0682;
const FORMAT = 3_007_000;

export function readLog(path: string): LogContent {
  const file = openSync(path, 'r');
  try {
    return readOpenLog(file);
  } finally {
    closeSync(file);
  }
}

function readOpenLog(file: number): LogContent {
  const { size } = fstatSync(file);
  const head = new DataView(new ArrayBuffer(LOG_HEADER_BYTES + FRAME_HEADER_BYTES));
  readSync(file, head, 0, head.byteLength, 0);
  const firstFrame = size >= head.byteLength ? head.getUint32(LOG_HEADER_BYTES + 8) : null;
  const isLittle = (head.getUint32(0) & 1) === 0;
  const pageBytes = head.getUint32(8);
  const checksum: Checksum = [0, 0];
  addTo(checksum, head, 0, 24, isLittle);
  const isValid =
    size >= LOG_HEADER_BYTES &&
    (head.getUint32(0) & ~1) === MAGIC &&
    head.getUint32(4) === FORMAT &&
    isPageSize(pageBytes) &&
    checksum[0] === head.getUint32(24) &&
    checksum[1] === head.getUint32(28);
  if (!isValid) return { salts: null, committed: 0, leftOver: 0, firstFrame };

  const salts = { first: head.getUint32(16), second: head.getUint32(20) };
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  const frames = Math.ceil((size - LOG_HEADER_BYTES) / frameBytes);
  const buffer = new DataView(new ArrayBuffer(frameBytes * FRAMES_AT_ONCE));
  let committed = 0;
  let leftOver = 0;
  let isStillValid = true;
  for (let at = 0; at < frames; at++) {
    const offset = (at % FRAMES_AT_ONCE) * frameBytes;
    if (offset === 0) {
      const read = readSync(file, buffer, 0, buffer.byteLength, LOG_HEADER_BYTES + at * frameBytes);
      new Uint8Array(buffer.buffer).fill(0, read);
    }
    const named = { first: buffer.getUint32(offset + 8), second: buffer.getUint32(offset + 12) };
    if (isStillValid) {
      addTo(checksum, buffer, offset, 8, isLittle);
      addTo(checksum, buffer, offset + FRAME_HEADER_BYTES, pageBytes, isLittle);
      isStillValid =
        named.first === salts.first &&
        named.second === salts.second &&
        buffer.getUint32(offset) !== 0 &&
        checksum[0] === buffer.getUint32(offset + 16) &&
        checksum[1] === buffer.getUint32(offset + 20);
    }
    const isCommit = isStillValid && buffer.getUint32(offset + 4) !== 0;
    if (isCommit) [committed, leftOver] = [at + 1, 0];
    // Frames of an earlier beginning of the log lie behind and have other salts. One salt may itself be damaged.
    else if (named.first === salts.first || named.second === salts.second) leftOver++;
  }
  return { salts, committed, leftOver, firstFrame };
}

type Checksum = [first: number, second: number];

function addTo(checksum: Checksum, bytes: DataView, from: number, length: number, isLittle: boolean): void {
  let [first, second] = checksum;
  for (let at = from; at < from + length; at += 8) {
    first = (first + bytes.getUint32(at, isLittle) + second) >>> 0;
    second = (second + bytes.getUint32(at + 4, isLittle) + first) >>> 0;
  }
  checksum[0] = first;
  checksum[1] = second;
}

function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65_536 && (bytes & (bytes - 1)) === 0;
}
