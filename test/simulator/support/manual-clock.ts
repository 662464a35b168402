import type { Clock } from '../../../simulator/clock.ts';

/** A clock that stands still until told to move; timers run in order of their time. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #nextHandle = 1;
  readonly #timers = new Map<number, { at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  setTimeout(run: () => void, ms: number): number {
    const handle = this.#nextHandle;
    this.#nextHandle += 1;
    this.#timers.set(handle, { at: this.#now + ms, run });
    return handle;
  }

  clearTimeout(handle: NodeJS.Timeout | number): void {
    this.#timers.delete(Number(handle));
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= until).toSorted(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].run();
    }
    this.#now = until;
  }
}
