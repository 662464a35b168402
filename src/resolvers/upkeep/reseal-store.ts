import { setTimeout as delay } from 'node:timers/promises';
import type { ResealReport } from '../../datasources/request-log/store-upkeep.ts';
import { GatewayError } from '../../errors.ts';
import type { PartsOf, Store } from '../../datasources/request-log/store.ts';

export interface StoreResealOptions {
  readonly store: PartsOf<{ upkeep: 'resealStep' }> & Pick<Store, 'leases'>;
  /** After each step the store is left alone for this many times as long as the step took, including its wait for other writes. */
  readonly restFactor: number;
}

/** Seals the whole store with the current key, step by step. Only one reseal runs at a time. */
export class StoreReseal implements AsyncDisposable {
  readonly #options: StoreResealOptions;
  readonly #stop = new AbortController();
  #ended: Promise<unknown> = Promise.resolve();

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
    const reseal = this.#options.store.leases.during('reseal', () => this.#reseal(), this.#stop.signal);
    this.#ended = Promise.allSettled([this.#ended, reseal]);
    return reseal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new GatewayError('SHUTTING_DOWN', 'The gateway stops: the next reseal goes on where this one ended.'));
    await this.#ended;
  }

  async #reseal(): Promise<ResealReport> {
    const { store, restFactor } = this.#options;
    const { signal } = this.#stop;
    for (let rows = 0; ;) {
      signal.throwIfAborted();
      const started = performance.now();
      const step = await store.upkeep.resealStep();
      rows += step.rows;
      if (step.done) return { rows, keyId: step.keyId };
      await delay((performance.now() - started) * restFactor, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
