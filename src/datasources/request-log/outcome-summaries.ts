import type { OutcomeRow } from './event-rows.ts';
import type { OutcomeChange } from './log-event.ts';
import { OUTCOME_SOURCES, OUTCOME_STATUSES, type OutcomeSource, type StoredOutcome } from './stored-request.ts';

export type OutcomeSummary = Pick<OutcomeChange, 'status' | 'source' | 'finalSeq' | 'niddSeq' | 'contradicted'> &
  Pick<StoredOutcome, 'lastSeq'>;

/** A row that changes a device. SQLite writes truth as 0 or 1. */
export type SummaryRow = Omit<OutcomeRow, 'outcome' | 'contradicted'> & {
  readonly seq: number;
  readonly outcome: number;
  readonly contradicted: boolean | number;
};

/** A device without a row is PENDING, the first of the statuses, and has no source, the first of these. */
const SOURCES: readonly (OutcomeSource | null)[] = [null, ...OUTCOME_SOURCES];

/**
 * How the devices of a Request stand: everything that is shown of them except their identifiers and messages. It takes 15 bytes for a
 * device. New rows bring it forward.
 */
export class OutcomeSummaries {
  /** How many devices the Request named when this was begun. */
  readonly named: number;
  count: number;
  /** The last row that it has. */
  lastSeq = 0;
  /** Of each device: status, source and contradicted. */
  #words = new Uint8Array(0);
  /** Of each device: its final, its NIDD and its newest row. */
  #seqs = new Uint32Array(0);

  constructor(named: number, count: number) {
    this.named = named;
    this.count = count;
    this.#makeRoom();
  }

  at(index: number): OutcomeSummary | null {
    if (index < 0 || index >= this.count) return null;
    const place = index * 3;
    return {
      status: OUTCOME_STATUSES[this.#words[place] ?? 0] ?? 'PENDING',
      source: SOURCES[this.#words[place + 1] ?? 0] ?? null,
      contradicted: this.#words[place + 2] === 1,
      finalSeq: this.#seqs[place] ?? 0,
      niddSeq: this.#seqs[place + 1] ?? 0,
      lastSeq: this.#seqs[place + 2] ?? 0,
    };
  }

  /** Takes rows in the order of the log. */
  add(rows: readonly SummaryRow[]): void {
    // Devices that nobody named come after the devices that were named.
    this.count = rows.reduce((most, { outcome }) => Math.max(most, outcome + 1), this.count);
    this.#makeRoom();
    for (const { outcome, status, source, contradicted, finalSeq, niddSeq, seq } of rows) {
      this.#words.set([OUTCOME_STATUSES.indexOf(status), SOURCES.indexOf(source), Number(contradicted)], outcome * 3);
      this.#seqs.set([finalSeq, niddSeq, seq], outcome * 3);
      this.lastSeq = seq;
    }
  }

  /** Who reads this one goes on with it, while the copy is brought forward. */
  copy(): OutcomeSummaries {
    const copy = new OutcomeSummaries(this.named, this.count);
    copy.#words.set(this.#words.subarray(0, this.count * 3));
    copy.#seqs.set(this.#seqs.subarray(0, this.count * 3));
    copy.lastSeq = this.lastSeq;
    return copy;
  }

  #makeRoom(): void {
    if (this.#words.length >= this.count * 3) return;
    const room = this.#words.length === 0 ? this.count * 3 : this.count * 6;
    const [words, seqs] = [this.#words, this.#seqs];
    this.#words = new Uint8Array(room);
    this.#words.set(words);
    this.#seqs = new Uint32Array(room);
    this.#seqs.set(seqs);
  }
}

export const NO_DEVICES = new OutcomeSummaries(0, 0);

/** How many devices have succeeded and have had no NIDD message. */
export function countWithoutNidd(summaries: OutcomeSummaries): number {
  let without = 0;
  for (let index = 0; index < summaries.count; index++) {
    const outcome = summaries.at(index);
    if (outcome?.status === 'SUCCEEDED' && outcome.niddSeq === 0) without++;
  }
  return without;
}
