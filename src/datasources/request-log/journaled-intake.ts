import { GrowingPause } from '../../lib/growing-pause.ts';
import type { AppendResult, CallbackIntake, IncomingCallback } from './callback-intake.ts';
import type { DeadLetter, Refusal } from './dead-letter-log.ts';
import { JournalRound, type JournalRoundOptions } from './journal-round.ts';

export interface JournaledIntakeOptions extends JournalRoundOptions {
  /** After so long a message goes into the journal, whatever becomes of it in the shared store. */
  readonly patienceMs?: number;
  /** After so long, or when more comes, it is tried again to move what could not be moved. */
  readonly stuckPauseMs?: number;
  readonly now: () => number;
  /** The journal has messages, or has been emptied. */
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
/** So long new messages wait for the last ones of the journal. Then they go into it too. */
const TURN_MS = 1_000;
const STUCK_PAUSE_MS = 30_000;
/** So long a stop waits for a shared store that does not answer. What it may have taken is in the journal too. */
const CLOSE_MS = 1_000;
/** When so few are left, the others may wait for them. */
const FEW = 256;
const RETRY = { firstMs: 200, maxMs: 2_000 } as const;

/**
 * The callback door's way to a store that other gateways share. A message that the shared store does not take is committed to a
 * journal of this gateway, and may be acknowledged: it is moved to the shared store later, in the order in which all came, also after a
 * restart. As long as the journal is behind, everything goes through it, so that a later message does not overtake an earlier one. While
 * its last messages are moved, new ones wait.
 *
 * A message may be in both: the shared store may have taken it although its answer was lost. It takes it once.
 */
export class JournaledIntake implements CallbackIntake {
  readonly #options: JournaledIntakeOptions;
  readonly #writing = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  /** How many messages this life has written into the journal. */
  #written = 0;
  #since: number | null = null;
  /** Settles when new messages need not wait any more for the last ones of the journal. */
  #turn: Promise<void> | null = null;
  #stuck: string | null = null;
  #isToldBehind = false;
  #draining: Promise<void> | null = null;
  /** Ends a rest of the drain. */
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
    const { shared, journal } = this.#options;
    return this.#take(
      () => shared.intake.append(callback),
      () => journal.intake.append(callback),
    );
  }

  keep(message: DeadLetter, most?: number): Promise<'KEPT' | Refusal> {
    const { shared, journal } = this.#options;
    return this.#take(
      () => shared.intake.keep(message, most),
      () => journal.intake.keep(message, most),
    );
  }

  /** What is in the journal stays there until the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    if (this.#draining) await withinPatience(this.#draining, CLOSE_MS).catch(() => undefined);
  }

  async #take<Result>(share: () => Promise<Result>, write: () => Promise<Result>): Promise<Result> {
    if (this.#turn) await this.#turn;
    if (this.#since === null) {
      try {
        return await withinPatience(share(), this.#options.patienceMs ?? PATIENCE_MS);
      } catch {
        // Whatever it is: a message that is refused may never come again. One that cannot be moved is told.
      }
    }
    const written = write();
    this.#written++;
    this.#writing.add(written);
    const done = () => this.#writing.delete(written);
    written.then(done, done);
    this.#fallBehind();
    this.#tellBehind();
    return written;
  }

  #fallBehind(): void {
    this.#since ??= this.#options.now();
    this.#wake();
    this.#draining ??= this.#drain();
  }

  /** Ends when the journal is empty. Nothing comes between the last look and the end, because both are in one turn. */
  async #drain(): Promise<void> {
    const pause = new GrowingPause(RETRY);
    while (!this.#closing.signal.aborted) {
      const round = new JournalRound(this.#options);
      try {
        await this.#moveMost(round, () => pause.reset());
        await this.#turnBack(round);
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        if (!this.#options.isUnavailable(error)) this.#tellStuck(error);
        await this.#rest(pause.next());
        continue;
      }
      if (this.#draining === null) return;
      if (this.#since === null) await this.#rest(this.#options.stuckPauseMs ?? STUCK_PAUSE_MS);
    }
  }

  /** Moves messages until few are left. */
  async #moveMost(round: JournalRound, onMoved: () => void): Promise<void> {
    for (;;) {
      const seen = await round.moveSome();
      if (seen > 0) this.#tellBehind();
      onMoved();
      if (seen < FEW || this.#closing.signal.aborted) return;
    }
  }

  /** Moves the last messages while new ones wait, so that these find an empty journal, or one in which only stuck ones are left. */
  async #turnBack(round: JournalRound): Promise<void> {
    const held = Promise.withResolvers<void>();
    this.#turn = held.promise;
    const moving = this.#moveRest(round);
    try {
      await withinPatience(moving, TURN_MS);
    } catch (error) {
      if (!(error instanceof TooLate)) throw error;
    } finally {
      this.#turn = null;
      held.resolve();
    }
    await moving;
  }

  async #moveRest(round: JournalRound): Promise<void> {
    let written: number;
    do {
      await Promise.allSettled(this.#writing);
      written = this.#written;
      while ((await round.moveSome()) > 0 && !this.#closing.signal.aborted);
      // What was on its way to the shared store before may have come into the journal meanwhile.
    } while (written !== this.#written && !this.#closing.signal.aborted);
    // Too late: others have waited long enough, and go into the journal.
    if (this.#turn === null || this.#closing.signal.aborted) return;
    this.#since = null;
    if (round.stuck !== null) return this.#tellStuck(round.stuck);
    this.#stuck = null;
    this.#draining = null;
    if (this.#isToldBehind) this.#options.onChange?.('EMPTIED');
    this.#isToldBehind = false;
  }

  /** Waits, but no longer than until more has come into the journal when messages go to the shared store otherwise. */
  async #rest(pauseMs: number): Promise<void> {
    const isOpen = this.#since === null;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs).unref();
      this.#wake = () => {
        if (!isOpen && !this.#closing.signal.aborted) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }

  #tellBehind(): void {
    if (this.#isToldBehind) return;
    this.#isToldBehind = true;
    this.#options.onChange?.('BEHIND');
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
