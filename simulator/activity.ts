/** Counts the work under way. A test can wait until there is none. */
export class Activity {
  #count = 0;
  #waiters: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#wake();
  }

  /** Forgets what is under way and wakes all that wait: the simulator closes. */
  abandon(): void {
    this.#count = 0;
    this.#wake();
  }

  /** Resolves once nothing is under way (at once, when nothing is). */
  idle(): Promise<void> {
    if (this.#count <= 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
