/** A bucket of one minute's worth for each name: it may be emptied at once, and fills again at the rate. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  /** How much was taken and when, by name. Full buckets are forgotten. */
  readonly #taken = new Map<string, { amount: number; at: number }>();

  /** @param now milliseconds, monotonic. */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Null once it was taken, or how long until there is enough again, in milliseconds. More than a minute's worth is never there. */
  take(name: string, amount: number): number | null {
    const now = this.#now();
    const before = this.#taken.get(name);
    const left = before ? Math.max(before.amount - this.#refilled(now - before.at), 0) : 0;
    const missing = left + amount - this.#perMinute;
    if (missing > 0) return Math.ceil((missing * 60_000) / this.#perMinute);
    if (!before && this.#taken.size >= MANY) this.#forgetFull(now);
    this.#taken.set(name, { amount: left + amount, at: now });
    return null;
  }

  #refilled(milliseconds: number): number {
    return (milliseconds * this.#perMinute) / 60_000;
  }

  #forgetFull(now: number): void {
    for (const [name, { amount, at }] of this.#taken) if (amount <= this.#refilled(now - at)) this.#taken.delete(name);
  }
}

/** Names after which those that matter no longer are looked for. */
const MANY = 10_000;
