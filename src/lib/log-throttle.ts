const EVERY_MS = 60_000;

/** For lines that a stranger can cause as often as he likes: each kind is logged at most once a minute, with how often it happened. */
export class LogThrottle {
  readonly #now: () => number;
  readonly #kinds = new Map<string, { at: number; unlogged: number }>();

  /** @param now a wall clock, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts one event. When it is time for another line, gives back how many there were since the last; null when it is not. */
  count(kind: string): number | null {
    const now = this.#now();
    const known = this.#kinds.get(kind);
    // A clock that was set back must not silence it.
    if (known && Math.abs(now - known.at) < EVERY_MS) {
      known.unlogged += 1;
      return null;
    }
    this.#kinds.set(kind, { at: now, unlogged: 0 });
    return (known?.unlogged ?? 0) + 1;
  }
}
