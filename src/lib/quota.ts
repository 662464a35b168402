import { setTimeout as delay } from 'node:timers/promises';
import { OneAtATime } from './one-at-a-time.ts';

/** At most so many calls in any 60 seconds. Who asks for one waits until it is there, in the order of asking. */
export class Quota {
  readonly #perMinute: number;
  readonly #takenAt: number[] = [];
  readonly #takers = new OneAtATime();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Rejects when `signal` aborts. */
  take(signal: AbortSignal): Promise<void> {
    return this.#takers.run(() => this.#wait(signal));
  }

  async #wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const now = performance.now();
    const first = this.#takenAt.length < this.#perMinute ? undefined : this.#takenAt.shift();
    if (first !== undefined && first + 60_000 > now) await delay(first + 60_000 - now, undefined, { signal });
    this.#takenAt.push(performance.now());
  }
}
