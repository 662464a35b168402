/** Names after which full buckets are searched and forgotten. */
const SWEEP_FROM = 10_000;

/** A token bucket for each name. It holds the amount of one minute, may be emptied at once, and fills again at the rate. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  /** By name: how much is taken, and when that was counted. Full buckets are forgotten. */
  readonly #taken = new Map<string, { amount: number; at: number }>();
  #sweepAt = SWEEP_FROM;

  /** @param now milliseconds, monotonic. */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Takes an amount and returns null; or returns how long until there is enough, in milliseconds. The most is one minute's amount. */
  take(name: string, amount: number): number | null {
    const wait = this.waitFor(name, amount);
    if (wait !== null) return wait;
    const now = this.#now();
    if (!this.#taken.has(name) && this.#taken.size >= this.#sweepAt) this.#forgetFull(now);
    this.#taken.set(name, { amount: this.#takenAt(name, now) + amount, at: now });
    return null;
  }

  /** The same, but takes nothing. */
  waitFor(name: string, amount: number): number | null {
    const missing = this.#takenAt(name, this.#now()) + amount - this.#perMinute;
    return missing > 0 ? Math.ceil((missing * 60_000) / this.#perMinute) : null;
  }

  /** How much was taken and has not come back yet. */
  #takenAt(name: string, now: number): number {
    const before = this.#taken.get(name);
    return before ? Math.max(before.amount - this.#refilled(now - before.at), 0) : 0;
  }

  #refilled(milliseconds: number): number {
    return (milliseconds * this.#perMinute) / 60_000;
  }

  #forgetFull(now: number): void {
    for (const name of this.#taken.keys()) if (this.#takenAt(name, now) === 0) this.#taken.delete(name);
    // Not at each new name again when no bucket is full.
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#taken.size);
  }
}
