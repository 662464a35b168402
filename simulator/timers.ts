import type { Clock, TimerHandle } from './clock.ts';

/** Timers of one simulator: all that still wait are cleared when it closes. */
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
