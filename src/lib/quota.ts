import { setTimeout as delay } from 'node:timers/promises';
import { OneAtATime } from './one-at-a-time.ts';

/** Allows so many calls in any 60 seconds. A further call waits its turn, first come, first served. */
export class Quota {
  readonly #perMinute: number;
  readonly #takenAt: number[] = [];
  readonly #takers = new OneAtATime();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Rejects when `signal` aborts. */
  take(signal: AbortSignal): Promise<void> {
    return this.#takers.run(async () => {
      signal.throwIfAborted();
      const first = this.#takenAt.length < this.#perMinute ? undefined : this.#takenAt.shift();
      const waitMs = first === undefined ? 0 : first + 60_000 - performance.now();
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
      this.#takenAt.push(performance.now());
    });
  }
}
