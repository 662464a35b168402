import { OneAtATime } from '../../lib/one-at-a-time.ts';
import type { Lease, LeaseName, Leases } from './leases.ts';

/** `Leases` of a store that one process has for itself: nobody takes one away. */
export class LocalLeases implements Leases {
  readonly #turns = new Map<LeaseName, OneAtATime>();
  #lastToken = 0;

  async during<Result>(name: LeaseName, work: (lease: Lease) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const turns = this.#turns.get(name) ?? new OneAtATime();
    this.#turns.set(name, turns);
    const ended = new AbortController();
    let hasBegun = false;
    const turn = turns
      .run(() => {
        signal?.throwIfAborted();
        hasBegun = true;
        return work({ token: ++this.#lastToken, over: ended.signal });
      })
      .finally(() => {
        ended.abort();
        if (turns.isIdle) this.#turns.delete(name);
      });
    if (!signal) return turn;
    const stopped = Promise.withResolvers<never>();
    const stop = () => {
      if (!hasBegun) stopped.reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([turn, stopped.promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
