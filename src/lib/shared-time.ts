/** The time of one thread, as other threads of the process read it. Between two settings it goes by the clock that all threads share. */
export class SharedTime {
  readonly memory: SharedArrayBuffer;
  readonly #offset: Float64Array;

  constructor(memory = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#offset = new Float64Array(memory);
  }

  /** @param now milliseconds since 1970. */
  set(now: number): void {
    this.#offset[0] = now - readMonotonic();
  }

  /** Whole milliseconds since 1970. */
  readonly now = (): number => Math.floor((this.#offset[0] ?? 0) + readMonotonic());
}

/** Milliseconds from a beginning that all threads of the process share. `performance.now()` begins anew in each of them. */
function readMonotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
