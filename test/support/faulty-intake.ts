import type { CallbackIntake, IncomingCallback } from '../../src/datasources/request-log/callback-intake.ts';
import type { FlatStore } from './flat-store.ts';

/**
 * What the shared store does with a message: takes it; takes it and its answer is lost; says that it is not available; does not answer
 * until `release`, and then takes it; fails because of it.
 */
type Fault = 'NONE' | 'ANSWER_LOST' | 'AWAY' | 'SILENT' | 'FAILS';

export class Away extends Error {
  override readonly message = 'the database does not answer';
}

/** A store as its gateways see it over a bad line. */
export class FaultyIntake implements CallbackIntake {
  readonly #store: FlatStore;
  readonly #held: (() => void)[] = [];
  readonly #fails: (callback: IncomingCallback) => boolean;
  /** Resolves whenever a message has come. */
  readonly #asked: (() => void)[] = [];
  fault: Fault = 'NONE';

  constructor(store: FlatStore, fails: (callback: IncomingCallback) => boolean = () => false) {
    this.#store = store;
    this.#fails = fails;
  }

  append(callback: IncomingCallback) {
    if (this.#fails(callback)) return Promise.reject(new TypeError('a bug'));
    return this.#do(() => this.#store.append(callback));
  }

  keep(...given: Parameters<CallbackIntake['keep']>) {
    return this.#do(() => this.#store.keep(...given));
  }

  asked(): Promise<void> {
    return new Promise((resolve) => this.#asked.push(resolve));
  }

  /** From here on it answers, also what it was asked before. */
  release(): void {
    this.fault = 'NONE';
    for (const go of this.#held.splice(0)) go();
  }

  async #do<Result>(work: () => Promise<Result>): Promise<Result> {
    for (const resolve of this.#asked.splice(0)) resolve();
    const { fault } = this;
    if (fault === 'AWAY') throw new Away();
    if (fault === 'SILENT') await new Promise<void>((resolve) => this.#held.push(resolve));
    const result = await work();
    if (fault === 'ANSWER_LOST') throw new Away();
    return result;
  }
}
