const EVERY_MS = 60_000;

/** For what a stranger can cause as often as he likes: each kind of it is told at most once a minute, with how often it was. */
export class RareLines {
  readonly #now: () => number;
  readonly #kinds = new Map<string, { at: number; untold: number }>();

  /** @param now a wall clock, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts one; gives back how many there were since the last line when it is time for another, and null when it is not. */
  count(kind: string): number | null {
    const now = this.#now();
    const known = this.#kinds.get(kind);
    // A clock that was set back must not silence it.
    if (known && Math.abs(now - known.at) < EVERY_MS) {
      known.untold += 1;
      return null;
    }
    this.#kinds.set(kind, { at: now, untold: 0 });
    return (known?.untold ?? 0) + 1;
  }
}
