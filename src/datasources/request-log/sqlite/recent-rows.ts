import type { PlacedEvent } from '../transition.ts';

/** Rows kept of one Request: more than a tick's worth at the carrier's full rate. */
const ROWS_OF_ONE = 2_048;

/** Rows kept over all; with their messages a few kilobytes each. */
const ROWS_OF_ALL = 20_000;

/**
 * The newest rows of Requests that somebody follows, as they were written. A follower at the end of a log then reads no
 * table and parses no message again, which was a fifth of the work. Never the truth: what it does not have is in the table.
 */
export class RecentRows {
  readonly #rows = new Map<number, PlacedEvent[]>();
  #total = 0;

  add(pk: number, placed: readonly PlacedEvent[]): void {
    const [first] = placed;
    let rows = this.#rows.get(pk);
    // Rows that were written while nobody followed are missing: what is here must be without a gap.
    if (rows && first && rows.at(-1)?.seq !== first.seq - 1) {
      this.forget(pk);
      rows = undefined;
    }
    if (!rows) this.#rows.set(pk, (rows = []));
    rows.push(...placed);
    this.#total += placed.length;
    if (rows.length > ROWS_OF_ONE) this.#total -= rows.splice(0, rows.length - ROWS_OF_ONE / 2).length;
    for (const oldest of this.#rows.keys()) {
      if (this.#total <= ROWS_OF_ALL || oldest === pk) break;
      this.forget(oldest);
    }
  }

  /**
   * Up to `limit` rows after `seq` of a log that ends at `lastSeq`; null where what is kept does not begin early enough, or
   * does not go on to the end, because nobody followed while the rest was written.
   */
  after(pk: number, seq: number, limit: number, lastSeq: number): PlacedEvent[] | null {
    const rows = this.#rows.get(pk);
    const first = rows?.[0];
    if (!rows || !first || seq < first.seq - 1 || rows.at(-1)?.seq !== lastSeq) return null;
    const from = seq + 1 - first.seq;
    return rows.slice(from, from + limit);
  }

  forget(pk: number): void {
    this.#total -= this.#rows.get(pk)?.length ?? 0;
    this.#rows.delete(pk);
  }
}
