/** The columns of the promises. `other` counts everything else that must not happen. */
export const COLUMNS = ['lost', 'phantom', 'double', 'missing', 'repeated', 'disorder', 'other'] as const;

export type Column = (typeof COLUMNS)[number];

const SHOWN = 8;

/** Counts differences, and keeps the first few of each column in words. */
export class Tally {
  readonly counts: Record<Column, number> = { lost: 0, phantom: 0, double: 0, missing: 0, repeated: 0, disorder: 0, other: 0 };
  readonly #words: string[] = [];
  readonly #known = new Set<string>();

  add(column: Column, what: string, count = 1): void {
    this.counts[column] += count;
    if (this.counts[column] - count < SHOWN) this.#words.push(`${column}: ${what}`);
  }

  /** A difference that comes up in two audits counts once. */
  addOnce(column: Column, key: string, what: string): void {
    if (this.#known.has(`${column} ${key}`)) return;
    this.#known.add(`${column} ${key}`);
    this.add(column, what);
  }

  get isClean(): boolean {
    return COLUMNS.every((column) => this.counts[column] === 0);
  }

  get words(): readonly string[] {
    return this.#words;
  }
}
