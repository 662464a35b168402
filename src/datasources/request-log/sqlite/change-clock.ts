import type { Statements } from './sqlite-statements.ts';

/**
 * The time by which changes are noted (`changed_at`). It goes by the clock of the gateway and never back, also over a restart: otherwise
 * a clock that is set right would put what changes now before what others have read. Each transaction has a time of its own. While the
 * clock is behind, it counts on, a millisecond a transaction.
 */
export class ChangeClock {
  readonly #sql: Pick<Statements, 'lastChange'>;
  readonly #now: () => number;
  #last: number | null = null;

  constructor(sql: Pick<Statements, 'lastChange'>, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  next(): number {
    this.#last ??= (this.#sql.lastChange.get() as { at: number }).at;
    return (this.#last = Math.max(this.#now(), this.#last + 1));
  }
}
