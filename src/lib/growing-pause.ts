/** The pauses between tries: the first is `firstMs`, each next one is twice as long, up to `maxMs`. */
export class GrowingPause {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor({ firstMs, maxMs }: { readonly firstMs: number; readonly maxMs: number }) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#nextMs = firstMs;
  }

  /** Returns the pause that follows now, in milliseconds. */
  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, this.#maxMs);
    return pauseMs;
  }

  /** Call it after a successful try. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
