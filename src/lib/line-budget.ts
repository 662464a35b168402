const EVERY_MS = 60_000;
const MAX_LINES = 20;

/**
 * Bounds the lines of each kind, so that nobody outside can fill the log, whatever makes the lines. A kind has 20 lines in a minute.
 * At the end of the minute `onLeftOut` tells how many more there were.
 */
export class LineBudget {
  readonly #onLeftOut: (kind: string, count: number) => void;
  readonly #kinds = new Map<string, { since: number; lines: number }>();

  constructor(onLeftOut: (kind: string, count: number) => void) {
    this.#onLeftOut = onLeftOut;
  }

  /** @param kind is one of a bounded number. */
  take(kind: string): boolean {
    const now = performance.now();
    let used = this.#kinds.get(kind);
    if (!used || now - used.since >= EVERY_MS) this.#kinds.set(kind, (used = { since: now, lines: 0 }));
    if (++used.lines <= MAX_LINES) return true;
    if (used.lines === MAX_LINES + 1) this.#tellAtTheEnd(kind, used);
    return false;
  }

  #tellAtTheEnd(kind: string, used: { readonly since: number; readonly lines: number }): void {
    setTimeout(() => this.#onLeftOut(kind, used.lines - MAX_LINES), used.since + EVERY_MS - performance.now()).unref();
  }
}
