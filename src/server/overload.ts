export interface OverloadOptions {
  /** Callbacks that wait for their commit at the same time. The gateway commits hundreds at once. */
  readonly callbacks: number;
  /** How late the event loop runs a timer that is due, in milliseconds, smoothed over about 100 ms. */
  readonly lagMs: number;
  /**
   * Time that the work of callers has taken so far, in milliseconds. It does not count as lag, because `FairScheduler` bounds
   * it: one caller who asks for much must not have all others refused.
   */
  readonly callersMs?: () => number;
}

export const OVERLOADED = 'The gateway has too much to do, and callbacks go first. Try again in a second.';

const SAMPLE_MS = 20;
const SMOOTHING = 0.8;
/** Callbacks in a sample, which is 100 a second. With fewer the lag hurts no callback, and there is nothing to protect. */
const BUSY_CALLBACKS = 2;
const FOLLOWER_TICK_MS = 60;
const OVERLOADED_TICK_MS = 500;

/**
 * Whether the gateway has more to do than it can. Then GraphQL operations are refused, because a client can come back. A
 * callback that was refused may never come again.
 */
export class Overload implements Disposable {
  readonly #options: OverloadOptions;
  readonly #timer: NodeJS.Timeout;
  #waiting = 0;
  #arrived = 0;
  #rate = 0;
  #lagMs = 0;
  #due = performance.now() + SAMPLE_MS;
  #callersMs = 0;

  constructor(options: OverloadOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
    this.#timer.unref();
  }

  get active(): boolean {
    return this.#waiting >= this.#options.callbacks || (this.#lagMs >= this.#options.lagMs && this.#rate >= BUSY_CALLBACKS);
  }

  get lagMs(): number {
    return this.#lagMs;
  }

  /** How long followers wait for the next events. Under overload they get them less often, in larger batches. */
  get followerTickMs(): number {
    return this.active ? OVERLOADED_TICK_MS : FOLLOWER_TICK_MS;
  }

  async during<Result>(work: Promise<Result>): Promise<Result> {
    this.#waiting++;
    this.#arrived++;
    try {
      return await work;
    } finally {
      this.#waiting--;
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const now = performance.now();
    // One long stall (the process or the machine was paused) is over when it is noticed. So one sample counts twice the limit at most.
    const callersMs = this.#options.callersMs?.() ?? 0;
    const late = Math.min(Math.max(now - this.#due - (callersMs - this.#callersMs), 0), this.#options.lagMs * 2);
    this.#callersMs = callersMs;
    this.#lagMs = this.#lagMs * SMOOTHING + late * (1 - SMOOTHING);
    this.#rate = this.#rate * SMOOTHING + this.#arrived * (1 - SMOOTHING);
    this.#arrived = 0;
    this.#due = now + SAMPLE_MS;
  }
}
