import { GrowingPause } from '../../lib/growing-pause.ts';
import type { AppendResult, CallbackIntake, IncomingCallback } from './callback-intake.ts';
import { isRefusal, type DeadLetter, type Refusal } from './dead-letter-log.ts';
import type { PartsOf, Store } from './store.ts';

/** A store of this gateway alone, in which messages wait. Nothing in it is ever applied. */
export type Journal = Pick<Store, 'intake'> &
  PartsOf<{
    unclaimed: 'unclaimed' | 'discardUnclaimed';
    deadLetters: 'deadLetters' | 'discardDeadLetter';
    forwards: 'forwardLanes' | 'forwards' | 'discardForwards';
  }>;

export interface JournaledIntakeOptions {
  readonly shared: Pick<Store, 'intake'> & PartsOf<{ forwards: 'addForwards' }>;
  readonly journal: Journal;
  /** Whether an error says that the shared store does not answer or cannot write now. */
  readonly isUnavailable: (error: unknown) => boolean;
  /** After so long a message goes into the journal, whatever becomes of it in the shared store. */
  readonly patienceMs?: number;
  readonly now: () => number;
  /** The journal has begun to take messages, or has been emptied. */
  readonly onChange?: (state: 'BEHIND' | 'EMPTIED') => void;
  /** A message of the journal could not be moved: the shared store has no room for it, or fails because of it. */
  readonly onStuck?: (why: unknown) => void;
}

/** How the journal stands. */
export interface JournalState {
  /** Messages go into the journal, because the shared store does not answer or the journal has not been emptied yet. */
  readonly isBehind: boolean;
  /** Since when; null when it is not behind. */
  readonly since: number | null;
  /** Why messages that are in the journal cannot be moved; null when nothing is known to hinder. */
  readonly stuck: string | null;
}

/** The carrier waits about 4 s for an answer. */
const PATIENCE_MS = 2_000;
const MOVED_AT_ONCE = 256;
/** Copies that are moved at once. */
const COPIES_AT_ONCE = 100;
const RETRY = { firstMs: 200, maxMs: 2_000 } as const;

/**
 * The callback door's way to a store that other gateways share. A message that the shared store does not take in time is committed to a
 * journal of this gateway, and may be acknowledged: it is moved to the shared store later, in the order in which all came, also after a
 * restart. As long as the journal is behind, everything goes through it, so that a later message does not overtake an earlier one.
 *
 * A message may be in both: the shared store may have taken it although its answer was lost. It takes it once.
 */
export class JournaledIntake implements CallbackIntake {
  readonly #options: JournaledIntakeOptions;
  readonly #writing = new Set<Promise<unknown>>();
  #since: number | null = null;
  #stuck: string | null = null;
  #isClosed = false;
  #isDraining = false;
  #draining: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(options: JournaledIntakeOptions) {
    this.#options = options;
  }

  get state(): JournalState {
    return { isBehind: this.#since !== null, since: this.#since, stuck: this.#stuck };
  }

  /** Moves what an earlier life of the gateway has left. */
  start(): void {
    this.#fallBehind();
  }

  append(callback: IncomingCallback): Promise<AppendResult> {
    return this.#take(
      () => this.#options.shared.intake.append(callback),
      () => this.#options.journal.intake.append(callback),
    );
  }

  keep(message: DeadLetter, most?: number): Promise<'KEPT' | Refusal> {
    return this.#take(
      () => this.#options.shared.intake.keep(message, most),
      () => this.#options.journal.intake.keep(message),
    );
  }

  /** What is in the journal stays there until the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#draining;
  }

  async #take<Result>(share: () => Promise<Result>, write: () => Promise<Result>): Promise<Result> {
    if (this.#since === null) {
      try {
        return await withinPatience(share(), this.#options.patienceMs ?? PATIENCE_MS);
      } catch (error) {
        if (!(error instanceof TooLate) && !this.#options.isUnavailable(error)) throw error;
      }
    }
    const written = write();
    this.#writing.add(written);
    const done = () => this.#writing.delete(written);
    written.then(done, done);
    this.#fallBehind();
    return written;
  }

  #fallBehind(): void {
    if (this.#since === null) {
      this.#since = this.#options.now();
      this.#options.onChange?.('BEHIND');
    }
    if (this.#isClosed || this.#isDraining) return;
    this.#isDraining = true;
    this.#draining = this.#drain();
  }

  async #drain(): Promise<void> {
    const pause = new GrowingPause(RETRY);
    while (!this.#isClosed) {
      try {
        const isEmpty = await this.#moveAll();
        pause.reset();
        if (isEmpty) {
          this.#isDraining = false;
          return;
        }
      } catch (error) {
        if (!this.#options.isUnavailable(error)) this.#tellStuck(error);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, pause.next()).unref();
      });
    }
  }

  /** True when nothing is left, and messages go to the shared store again. */
  async #moveAll(): Promise<boolean> {
    let stuck: unknown = null;
    const note = (why: unknown) => (stuck ??= why);
    let isOpen = false;
    for (;;) {
      const before = [...this.#writing];
      const moved = (await this.#moveCallbacks(note)) + (await this.#moveDeadLetters(note));
      if (isOpen && moved === 0) break;
      if (moved >= MOVED_AT_ONCE) continue;
      // So few are left (or they cannot be moved) that nobody need wait behind them. From now on all go to the shared store, and what is still being written follows.
      if (!isOpen) this.#since = null;
      isOpen = true;
      await Promise.allSettled(this.#writing.size > 0 ? this.#writing : before);
    }
    await this.#moveCopies();
    if (stuck !== null) {
      this.#tellStuck(stuck);
      return false;
    }
    // It has fallen behind again meanwhile.
    if (this.#since !== null) return false;
    this.#stuck = null;
    this.#options.onChange?.('EMPTIED');
    return true;
  }

  /** Gives back how many were moved. What there is no room for stays, and does not hold up the others. */
  async #moveCallbacks(onStuck: (why: unknown) => void): Promise<number> {
    const { shared, journal } = this.#options;
    let moved = 0;
    for (let after: string | null = null; ;) {
      const { rows, hasMore } = await journal.unclaimed.unclaimed(null, after, MOVED_AT_ONCE);
      const results = await Promise.allSettled(rows.map((row) => shared.intake.append(row)));
      const done = rows.filter((_, at) => this.#isTaken(results[at], onStuck));
      if (done.length > 0) await journal.unclaimed.discardUnclaimed(done.map(({ id }) => id));
      moved += done.length;
      after = rows.at(-1)?.id ?? null;
      if (!hasMore || after === null) return moved;
    }
  }

  async #moveDeadLetters(onStuck: (why: unknown) => void): Promise<number> {
    const { shared, journal } = this.#options;
    let moved = 0;
    for (let after: string | null = null; ;) {
      const { rows, hasMore } = await journal.deadLetters.deadLetters({ accounts: null, reason: null }, after, MOVED_AT_ONCE);
      for (const row of rows) {
        const [result] = await Promise.allSettled([shared.intake.keep(row)]);
        if (!this.#isTaken(result, onStuck)) continue;
        await journal.deadLetters.discardDeadLetter(row.id);
        moved++;
      }
      after = rows.at(-1)?.id ?? null;
      if (!hasMore || after === null) return moved;
    }
  }

  /** The previous listener gets a copy twice when the gateway ends in between. */
  async #moveCopies(): Promise<void> {
    const { shared, journal } = this.#options;
    for (const lane of await journal.forwards.forwardLanes()) {
      for (;;) {
        const copies = await journal.forwards.forwards(lane, COPIES_AT_ONCE);
        if (copies.length === 0) break;
        await shared.forwards.addForwards(lane, copies);
        await journal.forwards.discardForwards(
          lane,
          copies.map(({ id }) => id),
        );
      }
    }
  }

  /** @throws the error of a shared store that does not answer. */
  #isTaken(result: PromiseSettledResult<string> | undefined, onStuck: (why: unknown) => void): boolean {
    if (result?.status === 'fulfilled') {
      if (!isRefusal(result.value)) return true;
      onStuck(result.value);
      return false;
    }
    if (result && this.#options.isUnavailable(result.reason)) throw result.reason;
    onStuck(result?.reason);
    return false;
  }

  #tellStuck(why: unknown): void {
    this.#stuck = why instanceof Error ? why.message : String(why);
    this.#options.onStuck?.(why);
  }
}

class TooLate extends Error {}

function withinPatience<Result>(work: Promise<Result>, patienceMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TooLate()), patienceMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
