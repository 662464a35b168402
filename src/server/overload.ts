export interface OverloadOptions {
  /** Callbacks that wait for their commit at once; the gateway commits hundreds at a time. */
  readonly callbacks: number;
  /** How late the event loop comes to what is due, in milliseconds, smoothed over about 100 ms. */
  readonly lagMs: number;
  /**
   * Work of callers so far, in milliseconds. It has bounds of its own (`FairScheduler`), and is not counted: one who asks for
   * much must not have everybody else refused.
   */
  readonly callersMs?: () => number;
}

/** What a caller is told. */
export const OVERLOADED = 'The gateway has more to do than it can: callbacks go first. Try again in a second.';

const SAMPLE_MS = 20;
const SMOOTHING = 0.8;
/** Callbacks in a sample from which on lag is theirs to suffer: 100 a second. With fewer there is nothing to protect. */
const BUSY_CALLBACKS = 2;

/**
 * Whether there is more to do than can be done. Then GraphQL operations are refused, because a client can come back: a
 * callback that was refused may never come again.
 */
export class Overload implements Disposable {
  readonly #options: OverloadOptions;
  readonly #timer: NodeJS.Timeout;
  #waiting = 0;
  #arrived = 0;
  /** Callbacks in a sample, smoothed as the lag is. */
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

  /** Counts a callback for as long as `work` takes. */
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
    // One long stall (a pause of the process, of the machine) is over when it is noticed: only those that follow each other count.
    const callersMs = this.#options.callersMs?.() ?? 0;
    const late = Math.min(Math.max(now - this.#due - (callersMs - this.#callersMs), 0), this.#options.lagMs * 2);
    this.#callersMs = callersMs;
    this.#lagMs = this.#lagMs * SMOOTHING + late * (1 - SMOOTHING);
    this.#rate = this.#rate * SMOOTHING + this.#arrived * (1 - SMOOTHING);
    this.#arrived = 0;
    this.#due = now + SAMPLE_MS;
  }
}
