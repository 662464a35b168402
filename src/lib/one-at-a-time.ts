/** Does one piece of work after the other, in the order they are given. One that fails does not hold up the next. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();
  #unfinished = 0;

  /** Begins once everything given before has ended; settles as `work` does. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#unfinished++;
    const done = this.#last.then(work).finally(() => this.#unfinished--);
    this.#last = done.catch(() => undefined);
    return done;
  }

  get isIdle(): boolean {
    return this.#unfinished === 0;
  }

  /** Resolves when everything given so far has ended, well or not. */
  async ended(): Promise<void> {
    await this.#last;
  }
}
