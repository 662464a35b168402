/** How many each has open, and that nobody has more than `most`. */
export class OpenCounts {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** False, and nothing counted, for one who would have more than `most`. */
  enter(name: string, amount = 1): boolean {
    const open = (this.#open.get(name) ?? 0) + amount;
    if (open > this.#most) return false;
    this.#open.set(name, open);
    return true;
  }

  leave(name: string, amount = 1): void {
    const open = (this.#open.get(name) ?? 0) - amount;
    if (open > 0) this.#open.set(name, open);
    else this.#open.delete(name);
  }
}
