import type { CallbackIntake } from './callback-intake.ts';
import { isRefusal } from './dead-letter-log.ts';
import type { PartsOf, Store } from './store.ts';

/** A store of this gateway alone, in which messages wait. Nothing in it is ever applied. */
export type Journal = Pick<Store, 'intake'> &
  PartsOf<{
    unclaimed: 'unclaimed' | 'discardUnclaimed';
    deadLetters: 'deadLetters' | 'discardDeadLetter';
    forwards: 'forwardLanes' | 'forwards' | 'discardForwards';
  }>;

export interface JournalRoundOptions {
  readonly shared: { readonly intake: CallbackIntake } & PartsOf<{ forwards: 'addForwards' }>;
  readonly journal: Journal;
  /** Whether an error says that the shared store does not answer or cannot write now. */
  readonly isUnavailable: (error: unknown) => boolean;
}

const MOVED_AT_ONCE = 256;

/**
 * One way through the journal, from its oldest message to its newest. Whatever the shared store has taken is removed. What it does not
 * take is passed over, and does not hold up the others.
 */
export class JournalRound {
  readonly #options: JournalRoundOptions;
  /** The last ones that were passed over. Keys may be given again, but only to messages behind all that are left. */
  #callback: string | null = null;
  #letter: string | null = null;
  #stuck: unknown = null;

  constructor(options: JournalRoundOptions) {
    this.#options = options;
  }

  /** Why the first one was passed over; null when none was. */
  get stuck(): unknown {
    return this.#stuck;
  }

  /**
   * Moves the next messages. Gives back how many it has looked at: none at the end of the journal.
   *
   * @throws the error of a shared store that does not answer.
   */
  async moveSome(): Promise<number> {
    return (await this.#moveCopies()) + (await this.#moveCallbacks()) + (await this.#moveDeadLetters());
  }

  async #moveCallbacks(): Promise<number> {
    const { shared, journal } = this.#options;
    const { rows } = await journal.unclaimed.unclaimed(null, this.#callback, MOVED_AT_ONCE);
    if (rows.length === 0) return 0;
    const results = await Promise.allSettled(rows.map((row) => shared.intake.append(row)));
    const taken = rows.filter((_, at) => isTaken(results[at])).map(({ id }) => id);
    if (taken.length > 0) await journal.unclaimed.discardUnclaimed(taken);
    for (const [at, { id }] of rows.entries()) if (this.#isLeft(results[at])) this.#callback = id;
    return rows.length;
  }

  async #moveDeadLetters(): Promise<number> {
    const { shared, journal } = this.#options;
    const { rows } = await journal.deadLetters.deadLetters({ accounts: null, reason: null }, this.#letter, MOVED_AT_ONCE);
    for (const row of rows) {
      const [result] = await Promise.allSettled([shared.intake.keep(row)]);
      if (this.#isLeft(result)) this.#letter = row.id;
      else await journal.deadLetters.discardDeadLetter(row.id);
    }
    return rows.length;
  }

  /** The previous listener gets a copy twice when the gateway ends in between, or when the shared store has taken its message too. */
  async #moveCopies(): Promise<number> {
    const { shared, journal } = this.#options;
    let moved = 0;
    for (const lane of await journal.forwards.forwardLanes()) {
      const copies = await journal.forwards.forwards(lane, MOVED_AT_ONCE);
      if (copies.length === 0) continue;
      await shared.forwards.addForwards(lane, copies);
      await journal.forwards.discardForwards(
        lane,
        copies.map(({ id }) => id),
      );
      moved += copies.length;
    }
    return moved;
  }

  /** @throws the error of a shared store that does not answer. */
  #isLeft(result: PromiseSettledResult<string> | undefined): boolean {
    if (isTaken(result)) return false;
    const why: unknown = result?.status === 'fulfilled' ? result.value : result?.reason;
    if (this.#options.isUnavailable(why)) throw why;
    this.#stuck ??= why;
    return true;
  }
}

function isTaken(result: PromiseSettledResult<string> | undefined): boolean {
  return result?.status === 'fulfilled' && !isRefusal(result.value);
}
