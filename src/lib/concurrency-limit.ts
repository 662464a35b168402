/** Limits how much each name may hold at once, for example open sockets of a caller or bytes that are being read. */
export class ConcurrencyLimit {
  readonly #most: number;
  readonly #held = new Map<string, number>();

  /** @param most how much one name may hold at once. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes nothing and returns false when the name would hold more than it may. */
  acquire(name: string, amount = 1): boolean {
    const held = (this.#held.get(name) ?? 0) + amount;
    if (held > this.#most) return false;
    this.#held.set(name, held);
    return true;
  }

  release(name: string, amount = 1): void {
    const held = (this.#held.get(name) ?? 0) - amount;
    if (held > 0) this.#held.set(name, held);
    else this.#held.delete(name);
  }
}
