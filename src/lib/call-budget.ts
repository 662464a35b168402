import { setTimeout as delay } from 'node:timers/promises';
import { OneAtATime } from './one-at-a-time.ts';

/** At most so many calls in any 60 seconds; takers wait in the order they came. */
export class CallBudget {
  readonly #perMinute: number;
  readonly #taken: number[] = [];
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
    const first = this.#taken.length < this.#perMinute ? undefined : this.#taken.shift();
    if (first !== undefined && first + 60_000 > now) await delay(first + 60_000 - now, undefined, { signal });
    this.#taken.push(performance.now());
  }
}
