import { BoundedCache } from '../../lib/bounded-cache.ts';
import { GrowingPause } from '../../lib/growing-pause.ts';

const LONGEST_PAUSE_MS = 3_600_000;
/** So many devices are remembered. A device that is forgotten is asked about again sooner. */
const MAX_DEVICES = 10_000;

/** The devices about which the carrier would not answer, by the ids of their outcomes. Each waits for a pause that grows. */
export class DevicesAside {
  readonly #firstPauseMs: number;
  readonly #refused = new BoundedCache<string, { readonly times: number; readonly until: number; readonly pause: GrowingPause }>(
    MAX_DEVICES,
  );

  constructor(firstPauseMs: number) {
    this.#firstPauseMs = firstPauseMs;
  }

  put(id: string): void {
    const { times, pause } = this.#refused.get(id) ?? {
      times: 0,
      pause: new GrowingPause({ firstMs: this.#firstPauseMs, maxMs: LONGEST_PAUSE_MS }),
    };
    this.#refused.set(id, { times: times + 1, until: performance.now() + pause.next(), pause }, 1);
  }

  /** The carrier has answered about it. */
  welcome(id: string): void {
    this.#refused.delete(id);
  }

  isWaiting(id: string): boolean {
    return (this.#refused.get(id)?.until ?? 0) > performance.now();
  }

  /** How often in a row the carrier would not answer. */
  refusals(id: string): number {
    return this.#refused.get(id)?.times ?? 0;
  }
}
