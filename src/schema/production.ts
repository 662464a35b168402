import { GraphQLError } from 'graphql';

/**
 * The characters of one answer: its names and its texts. A page of 1,000 devices with everything that is known of them has 2
 * million. Without a limit a caller could ask for gigabytes within every other one: by an alias of 60,000 characters in a list, or
 * by the same page of long messages under ten aliases.
 */
export const MAX_ANSWER_CHARACTERS = 16 * 1_048_576;

/**
 * What one execution has produced. The cost of an operation is estimated before it runs; this is counted while it runs, and holds
 * whatever was estimated. Beyond a limit every further field fails at once, and nothing more is read.
 */
export class Production {
  readonly #maxObjects: number;
  #objects = 0;
  #characters = 0;
  #isOver = false;

  constructor(maxObjects: number) {
    this.#maxObjects = maxObjects;
  }

  get objects(): number {
    return this.#objects;
  }

  /** True when the execution was stopped. Its result is not complete. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @throws GraphQLError when the execution was stopped */
  check(): void {
    if (this.#isOver) throw STOPPED;
  }

  /** @throws GraphQLError beyond a limit */
  add(objects: number, characters: number): void {
    this.#objects += objects;
    this.#characters += characters;
    if (this.#objects > this.#maxObjects || this.#characters > MAX_ANSWER_CHARACTERS) this.#isOver = true;
    this.check();
  }
}

/** No caller sees it. It has a path, so that graphql-js does not make a new error of it for each field that fails. */
const STOPPED = new GraphQLError('The execution was stopped.', { path: [] });
