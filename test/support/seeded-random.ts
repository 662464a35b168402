/** Numbers that a seed repeats (mulberry32). Say the seed in every failure. */
export class SeededRandom {
  readonly seed: number;
  #state: number;

  constructor(seed = Math.floor(Math.random() * 0x1_0000_0000)) {
    this.seed = seed;
    this.#state = seed;
  }

  /** A whole number, both ends included. */
  between(min: number, max: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return min + Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * (max - min + 1));
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.between(0, items.length - 1)] ?? items[0];
  }
}
