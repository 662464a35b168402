import { setTimeout as delay } from 'node:timers/promises';
import { OPERATIONS, type OperationName } from '../datasources/thingspace/operations.ts';

export interface SendWindowOptions {
  /** Requests of a limited operation in any 60 seconds; a little below the carrier's 100, for its clock is not ours. */
  readonly perMinute: number;
  readonly now: () => number;
  /** What was sent before this process started, from the log: a restart must not open a second window. */
  readonly sentSince: (operation: OperationName, since: number) => Promise<readonly number[]>;
}

const WINDOW_MS = 60_000;

/**
 * Keeps the carrier's per-minute limits with a sliding log: a token bucket of 100 would let 200 through in 61 seconds.
 * Takers wait in the order they came.
 */
export class SendWindow {
  readonly #options: SendWindowOptions;
  readonly #taken = new Map<OperationName, number[]>();
  readonly #turns = new Map<OperationName, Promise<void>>();

  constructor(options: SendWindowOptions) {
    this.#options = options;
  }

  /** Resolves when one more request of this operation may leave. Rejects when `signal` aborts. */
  async take(operation: OperationName, signal: AbortSignal): Promise<void> {
    if (OPERATIONS[operation].maxPerMinute === null) return;
    const turn = (this.#turns.get(operation) ?? Promise.resolve()).catch(() => undefined).then(() => this.#wait(operation, signal));
    this.#turns.set(operation, turn);
    await turn;
  }

  async #wait(operation: OperationName, signal: AbortSignal): Promise<void> {
    const { perMinute, now, sentSince } = this.#options;
    const taken = this.#taken.get(operation) ?? [...(await sentSince(operation, now() - WINDOW_MS))];
    this.#taken.set(operation, taken);
    for (;;) {
      signal.throwIfAborted();
      while (taken[0] !== undefined && taken[0] <= now() - WINDOW_MS) taken.shift();
      const [oldest] = taken;
      if (taken.length < perMinute || oldest === undefined) break;
      await delay(oldest + WINDOW_MS - now() + 1, undefined, { signal });
    }
    taken.push(now());
  }
}
