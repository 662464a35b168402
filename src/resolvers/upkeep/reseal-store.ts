import { setTimeout as delay } from 'node:timers/promises';
import type { ResealReport, StoreUpkeep } from '../../datasources/request-log/store-upkeep.ts';
import { GatewayError } from '../../errors.ts';
import { OneAtATime } from '../../lib/one-at-a-time.ts';

export interface StoreResealOptions {
  readonly upkeep: Pick<StoreUpkeep, 'resealStep'>;
  /** After each step the store is left alone for this many times as long as the step took, including its wait for other writes. */
  readonly restFactor: number;
}

/** Seals the whole store with the current key, step by step. Only one reseal runs at a time. */
export class StoreReseal implements AsyncDisposable {
  readonly #options: StoreResealOptions;
  readonly #stop = new AbortController();
  readonly #reseals = new OneAtATime();

  constructor(options: StoreResealOptions) {
    this.#options = options;
  }

  /**
   * Resolves when every row has the current key. After a crash or a stop the next reseal finishes the work.
   *
   * @throws GatewayError BAD_USER_INPUT when there is no key; STORE_FAILED for a value that does not open; SHUTTING_DOWN when the
   * gateway stops before the reseal ends.
   */
  run(): Promise<ResealReport> {
    return this.#reseals.run(() => this.#reseal());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new GatewayError('SHUTTING_DOWN', 'The gateway stops: the next reseal goes on where this one ended.'));
    await this.#reseals.ended();
  }

  async #reseal(): Promise<ResealReport> {
    const { upkeep, restFactor } = this.#options;
    const { signal } = this.#stop;
    for (let rows = 0; ;) {
      signal.throwIfAborted();
      const started = performance.now();
      const step = await upkeep.resealStep();
      rows += step.rows;
      if (step.done) return { rows, keyId: step.keyId };
      await delay((performance.now() - started) * restFactor, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
