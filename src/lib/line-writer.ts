import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** About 5,000 lines. A pipe itself holds 64 KiB. */
const MAX_WAITING_BYTES = 1_048_576;
const RETRY_MS = 50;

/**
 * Writes lines to a descriptor, and never waits for whoever reads them. While they cannot be written (the reader of the pipe
 * pauses or has died, the disk is full, a terminal was stopped) a bounded number of lines waits. Further lines are dropped and
 * counted. Lines keep their order, and none is cut.
 */
export class LineWriter {
  readonly #descriptor: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #retry: NodeJS.Timeout | null = null;
  #dropped = 0;
  #untold = 0;

  /** Called when lines can be written again, with the number of those that were dropped. It may write a line. */
  onGap: (count: number) => void = () => undefined;

  constructor(descriptor: number) {
    this.#descriptor = openUnblocking(descriptor);
  }

  /** How many lines were dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#dropped++;
      this.#untold++;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#retry === null) this.#writeWaiting();
  }

  /** For the end of the process: writes what waits, and blocks the process meanwhile, but no longer than `withinMs`. */
  finish(withinMs: number): void {
    const deadline = performance.now() + withinMs;
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    while (this.#writeWaiting() === 'LATER' && performance.now() < deadline) Atomics.wait(sleeper, 0, 0, 10);
  }

  #writeWaiting(): 'DONE' | 'LATER' | 'FAILED' {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      try {
        const written = writeSync(this.#descriptor, first);
        this.#waitingBytes -= written;
        if (written === first.length) this.#waiting.shift();
        else this.#waiting[0] = first.subarray(written);
      } catch (error) {
        this.#retry ??= setTimeout(() => {
          this.#retry = null;
          this.#writeWaiting();
        }, RETRY_MS).unref();
        return error instanceof Error && 'code' in error && error.code === 'EAGAIN' ? 'LATER' : 'FAILED';
      }
    }
    const count = this.#untold;
    this.#untold = 0;
    if (count > 0) this.onGap(count);
    return 'DONE';
  }
}

/** A descriptor for the same file, whose writes fail (EAGAIN) where they would wait for the reader. */
function openUnblocking(descriptor: number): number {
  if (isatty(descriptor)) {
    // Opened anew, because a terminal is shared with others, which may want to wait.
    try {
      return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    } catch {
      return descriptor;
    }
  }
  const file = fstatSync(descriptor);
  // Node makes a pipe or a socket one that does not wait when its stream is first asked for. It makes it as it was at the end.
  if (file.isFIFO() || file.isSocket()) void (descriptor === 1 ? process.stdout : process.stderr);
  return descriptor;
}
