import type { Clock } from '../clock.ts';

const windowMs = 60_000;

/** At most so many requests of one key in any 60 seconds (a sliding log). */
export class RateLimit {
  readonly #clock: Clock;
  readonly #taken = new Map<string, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False when the key has used up its minute; a refused request does not count. */
  take(key: string, perMinute: number): boolean {
    if (perMinute === Number.POSITIVE_INFINITY) return true;
    const now = this.#clock.now();
    const recent = (this.#taken.get(key) ?? []).filter((at) => now - at < windowMs);
    const allowed = recent.length < perMinute;
    if (allowed) recent.push(now);
    this.#taken.set(key, recent);
    return allowed;
  }
}
