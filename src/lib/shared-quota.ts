import { setTimeout as delay } from 'node:timers/promises';

interface SharedQuotaOptions {
  /** The most calls in any 60 seconds. */
  readonly perMinute: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

const WINDOW_MS = 60_000;

/**
 * Allows so many calls in any 60 seconds, and each caller a fair share of them: half, or a third when there are three callers, and so
 * on. So a caller that asks for a lot leaves room for the next one that comes.
 */
export class SharedQuota {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<unknown>;
  /** The calls of the last 60 seconds, the oldest first. */
  #taken: { readonly caller: string; readonly at: number }[] = [];

  constructor({ perMinute, now = () => performance.now(), sleep = (ms) => delay(ms) }: SharedQuotaOptions) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#sleep = sleep;
  }

  /** Takes a call and returns null, as soon as there is one within `patienceMs`. Otherwise it returns when to try again, in milliseconds. */
  async take(caller: string, patienceMs: number): Promise<number | null> {
    const deadline = this.#now() + patienceMs;
    for (;;) {
      const wait = this.#waitFor(caller);
      if (wait === 0) {
        this.#taken.push({ caller, at: this.#now() });
        return null;
      }
      if (this.#now() + wait > deadline) return wait;
      await this.#sleep(wait);
    }
  }

  /** Returns a call that was taken and not made. */
  giveBack(caller: string): void {
    const last = this.#taken.findLastIndex((each) => each.caller === caller);
    if (last >= 0) this.#taken.splice(last, 1);
  }

  #waitFor(caller: string): number {
    const now = this.#now();
    this.#taken = this.#taken.filter(({ at }) => at + WINDOW_MS > now);
    const own = this.#taken.filter((each) => each.caller === caller);
    const callers = new Set(this.#taken.map((each) => each.caller)).add(caller).size;
    const share = Math.ceil(this.#perMinute / Math.max(2, callers));
    // The ones that must be over before another one is allowed.
    const blocking = [own[own.length - share], this.#taken[this.#taken.length - this.#perMinute]];
    return Math.max(0, ...blocking.map((each) => (each ? Math.ceil(each.at + WINDOW_MS - now) : 0)));
  }
}
