/** What one statement has seen of the transactions of the database. */
export interface TransactionLook {
  /** When the statement began, by the clock of the database. */
  readonly at: number;
  /** All transactions with a lower number were over, and it saw what they did. */
  readonly oldestOpen: number;
  /** No number from here on was given out yet. */
  readonly next: number;
}

/** No transaction of ours is open so long: it has some 13 statements of at most 10 seconds. Those of other programs may be. */
const LONGEST_OPEN_MS = 180_000;
/** Looks that are kept, and how far apart they are. */
const KEPT = 1_000;
const APART_MS = 20;

/**
 * Tells up to when a statement has seen everything. A transaction notes the time before it is committed, so a later commit may have an
 * earlier time, and nobody knows how long it takes. But the database numbers its transactions when they begin: when all that had a
 * number at an earlier look are over, everything that was noted before that look is seen.
 */
export class SettledTime {
  #looks: TransactionLook[] = [];

  /** The time before which this look, and the rows that were read with it, has everything. */
  settledAt(look: TransactionLook): number {
    // The clock may have been set back.
    if ((this.#looks.at(-1)?.at ?? 0) > look.at) this.#looks = this.#looks.filter(({ at }) => at <= look.at);
    const settled = this.#looks.findLastIndex(({ next }) => next <= look.oldestOpen);
    const at = this.#looks[settled]?.at ?? 0;
    // Nobody asks for an older one again, except a read that is answered late. That one is told an earlier time, which is true too.
    if (settled > 0) this.#looks = this.#looks.slice(settled);
    const last = this.#looks.at(-1);
    if (this.#looks.length < KEPT && (!last || look.at >= last.at + APART_MS)) this.#looks.push(look);
    return Math.max(at, look.at - LONGEST_OPEN_MS);
  }
}
