/** Does pieces of work one after the other, in the order they are given. The next one begins also when one fails. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();
  #unfinished = 0;

  /** Runs `work` when all work given before has ended. Settles as `work` does. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#unfinished++;
    const done = this.#last.then(work).finally(() => this.#unfinished--);
    this.#last = done.catch(() => undefined);
    return done;
  }

  get isIdle(): boolean {
    return this.#unfinished === 0;
  }

  /** Resolves when all work given so far has ended, also when it fails. */
  async ended(): Promise<void> {
    await this.#last;
  }
}
