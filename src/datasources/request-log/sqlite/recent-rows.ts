import type { PlacedEvent } from '../working-set.ts';

/** Rows kept of one Request: more than come in one tick at the carrier's full rate. */
const ROWS_OF_ONE = 2_048;

/** Rows kept of all Requests together. With its message a row takes a few kilobytes. */
const ROWS_OF_ALL = 20_000;

/**
 * The newest rows of Requests that somebody follows, as they were written. A follower at the end of a log then reads no table and
 * parses no message again, which was a fifth of the work. It is a cache: every row is in the table too.
 */
export class RecentRows {
  readonly #rows = new Map<number, PlacedEvent[]>();
  #total = 0;

  add(pk: number, placed: readonly PlacedEvent[]): void {
    const [first] = placed;
    let rows = this.#rows.get(pk);
    // Rows that were written while nobody followed are missing here, and the kept rows must have no gap.
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
   * Up to `limit` rows after `seq` of a log that ends at `lastSeq`. Null when the kept rows begin too late, or when they do not
   * reach the end because nobody followed while the rest was written.
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
