import { setTimeout as delay } from 'node:timers/promises';
import type { PurgeReport, PurgeStep } from '../../datasources/request-log/store-upkeep.ts';
import { GatewayError } from '../../errors.ts';
import type { PartsOf, Store } from '../../datasources/request-log/store.ts';

export interface StorePurgeOptions {
  readonly store: PartsOf<{ upkeep: 'purgeStep' | 'notePurge' }> & Pick<Store, 'leases'>;
  /** How long complete Requests and messages of no Request are kept, in days. */
  readonly retentionDays: number;
  /** It must not jump with the wall clock: a clock that is wrong for a while must not make young Requests old. */
  readonly now: () => number;
  /**
   * After each step the store is left alone for this many times as long as the step took, including the step's wait for other writes.
   * So a busy store slows purging down, and not the other way round.
   */
  readonly restFactor: number;
  readonly onStep: (step: PurgeStep) => void;
  readonly onPurged: (report: PurgeReport) => void;
}

const DAY_MS = 86_400_000;

/** Deletes everything that is older than the retention, step by step. Only one purge runs at a time, on all gateways of the store. */
export class StorePurge implements AsyncDisposable {
  readonly #options: StorePurgeOptions;
  readonly #stop = new AbortController();
  #ended: Promise<unknown> = Promise.resolve();

  constructor(options: StorePurgeOptions) {
    this.#options = options;
  }

  /**
   * Resolves when nothing older is left. After a crash or a stop the next purge finishes the work.
   *
   * @throws GatewayError SHUTTING_DOWN when the gateway stops before the purge ends.
   */
  run(olderThanDays = this.#options.retentionDays): Promise<PurgeReport> {
    const { store, now } = this.#options;
    const purge = store.leases.during('purge', () => this.#purge(now() - olderThanDays * DAY_MS), this.#stop.signal);
    this.#ended = Promise.allSettled([this.#ended, purge]);
    return purge;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new GatewayError('SHUTTING_DOWN', 'The gateway stops: the next purge goes on where this one ended.'));
    await this.#ended;
  }

  async #purge(before: number): Promise<PurgeReport> {
    const { store, restFactor, onStep, onPurged } = this.#options;
    const { signal } = this.#stop;
    const purged = { requests: 0, messages: 0, rows: 0 };
    for (;;) {
      signal.throwIfAborted();
      const started = performance.now();
      const step = await store.upkeep.purgeStep(before);
      purged.requests += step.requests;
      purged.messages += step.messages;
      purged.rows += step.rows;
      onStep(step);
      if (step.done) break;
      await delay((performance.now() - started) * restFactor, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
    await store.upkeep.notePurge(purged);
    onPurged(purged);
    return purged;
  }
}
