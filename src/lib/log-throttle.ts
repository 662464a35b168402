const EVERY_MS = 60_000;

/** For log lines that a stranger can cause without limit. Each kind is logged at most once a minute, with a count. */
export class LogThrottle {
  readonly #now: () => number;
  readonly #kinds = new Map<string, { at: number; unlogged: number }>();

  /** @param now a wall clock, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts one event. Returns how many there were since the last line when the next line is due, else null. */
  count(kind: string): number | null {
    const now = this.#now();
    const known = this.#kinds.get(kind);
    // The absolute value: a clock that was set back must not silence the log.
    if (known && Math.abs(now - known.at) < EVERY_MS) {
      known.unlogged += 1;
      return null;
    }
    this.#kinds.set(kind, { at: now, unlogged: 0 });
    return (known?.unlogged ?? 0) + 1;
  }
}
