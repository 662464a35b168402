import type { Tally } from '../campaign/tally.ts';
import type { ReplicaFaults } from './replica-faults.ts';

/** A subscriber hears another replica again within this time, if the database is there. */
const RESUMED_WITHIN_MS = 5_000;

interface Span {
  readonly from: number;
  readonly to: number;
}

/** What went wrong, by when it did. Times are of `performance.now()`. */
export class Phases {
  readonly #faults: Pick<ReplicaFaults, 'wasAway'>;
  readonly #failed: { readonly began: number; readonly answer: string }[] = [];
  readonly #resumed: Span[] = [];
  readonly #restarts: Span[] = [];

  constructor(faults: Pick<ReplicaFaults, 'wasAway'>) {
    this.#faults = faults;
  }

  noteFailed(began: number, answer: string): void {
    this.#failed.push({ began, answer });
  }

  noteResumed(lostAt: number, silentMs: number): void {
    this.#resumed.push({ from: lostAt, to: lostAt + silentMs });
  }

  restarted(span: Span): void {
    this.#restarts.push(span);
  }

  /** Callbacks that were sent during a rolling restart and not answered with a 2xx. */
  get failedInRestarts(): number {
    return this.#failedInRestarts().length;
  }

  /** While the database is away nobody can subscribe. */
  get slowestResumeMs(): number {
    const counted = this.#resumed.filter(({ from, to }) => !this.#faults.wasAway(from, to));
    return Math.max(0, ...counted.map(({ from, to }) => to - from));
  }

  audit(tally: Tally): void {
    for (const { answer } of this.#failedInRestarts()) tally.add('other', `a callback failed during a rolling restart: ${answer}`);
    const slowest = this.slowestResumeMs;
    if (slowest > RESUMED_WITHIN_MS) tally.add('other', `a subscriber heard nobody for ${slowest.toFixed(0)} ms`);
  }

  #failedInRestarts() {
    return this.#failed.filter(({ began }) => this.#restarts.some(({ from, to }) => began >= from && began <= to));
  }
}
