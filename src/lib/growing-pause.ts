/** How long to wait before each next try: first `firstMs`, then twice as long each time, `maxMs` at most. */
export class GrowingPause {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor({ firstMs, maxMs }: { readonly firstMs: number; readonly maxMs: number }) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#nextMs = firstMs;
  }

  /** The pause that follows now, in milliseconds. The one after it is longer. */
  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, this.#maxMs);
    return pauseMs;
  }

  /** After a try that went well. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
