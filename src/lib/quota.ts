import { setTimeout as delay } from 'node:timers/promises';

/** At most so many calls in any 60 seconds; takers wait in the order they came. */
export class CallBudget {
  readonly #perMinute: number;
  readonly #taken: number[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Rejects when `signal` aborts. */
  take(signal: AbortSignal): Promise<void> {
    const turn = this.#turn.catch(() => undefined).then(() => this.#wait(signal));
    this.#turn = turn;
    return turn;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const now = performance.now();
    const first = this.#taken.length < this.#perMinute ? undefined : this.#taken.shift();
    if (first !== undefined && first + 60_000 > now) await delay(first + 60_000 - now, undefined, { signal });
    this.#taken.push(performance.now());
  }
}
