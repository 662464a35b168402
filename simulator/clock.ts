/** A timer as returned by {@link Clock.setTimeout}; opaque to the simulator. */
export type TimerHandle = NodeJS.Timeout | number;

/** Where the simulator gets its time from. Replace it in a test to move through hours in an instant. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  setTimeout(run: () => void, ms: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

/** The machine's own time. */
export const realClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (handle) => clearTimeout(handle),
};

/** Timers of one simulator. When it closes, it clears those that still wait. */
export class Timers implements Disposable {
  readonly #clock: Clock;
  readonly #waiting = new Set<TimerHandle>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs once after `ms` milliseconds; the returned function cancels. After closing, nothing runs any more. */
  after(ms: number, run: () => void): () => void {
    if (this.#closed) return () => {};
    const handle = this.#clock.setTimeout(() => {
      this.#waiting.delete(handle);
      run();
    }, ms);
    this.#waiting.add(handle);
    return () => {
      if (this.#waiting.delete(handle)) this.#clock.clearTimeout(handle);
    };
  }

  /** Resolves after `ms` milliseconds (never, when the simulator closes first). */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const handle of this.#waiting) this.#clock.clearTimeout(handle);
    this.#waiting.clear();
  }
}
