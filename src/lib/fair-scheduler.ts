/** How much time callers have in one turn of the event loop. A piece of work that has begun is finished. */
const TURN_MS = 20;
/** The most pieces of work in one turn. */
const PIECES_PER_TURN = 64;

/** `ask`: an operation of a caller. `follow`: an event of its subscription. */
export type WorkKind = 'ask' | 'follow';

/**
 * Decides when callers' work runs. Nothing can interrupt a piece of it (a message parsed and run, an event read and executed), so
 * each piece waits here until it may begin. All callers together have 20 ms in a turn of the event loop; then it is the turn of what has
 * come from sockets, the carrier and the store. The caller with the least time so far goes first, so a caller that asks for much waits for
 * itself. Operations and subscriptions of a caller are two lanes.
 */
export class FairScheduler {
  /** The waiting work, by kind and caller. Lanes with equal time are served in this order. */
  readonly #lanes = new Map<string, (() => void)[]>();
  /** How much time each lane has had since the scheduler was last idle, in milliseconds. */
  readonly #usedMs = new Map<string, number>();
  /** The used time of the lane that was served last. A new lane begins at this level, so its idle time gives it no advantage. */
  #levelMs = 0;
  #waiting = 0;
  /** How many calls of `#next` are still to come in this turn. */
  #planned = 0;
  #turnBegan = 0;
  #serving: { readonly name: string; readonly from: number } | null = null;

  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when the work of `caller` may begin. The work up to its first wait is measured. */
  waitForTurn(caller: string, kind: WorkKind): Promise<void> {
    const name = `${kind} ${caller}`;
    return new Promise((resolve) => {
      const lane = this.#lanes.get(name);
      if (lane) lane.push(resolve);
      else this.#lanes.set(name, [resolve]);
      this.#waiting++;
      if (this.#planned > 0) return;
      this.#planned = 1;
      // After this tick, so that all work of the same moment is planned together: followers of one request come at once.
      process.nextTick(() => this.#plan());
    });
  }

  /** Plans one immediate for each piece of work: Node runs the promises and ticks of one to the end before the next. */
  #plan(): void {
    this.#planned = Math.min(this.#waiting, PIECES_PER_TURN) + 1;
    this.#turnBegan = 0;
    for (let call = 0; call < this.#planned; call++) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    const now = performance.now();
    this.#turnBegan ||= now;
    if (this.#serving) {
      this.#usedMs.set(this.#serving.name, this.#levelMs + now - this.#serving.from);
    }
    this.#serving = null;
    this.#planned--;
    if (this.#planned > 0) {
      if (now - this.#turnBegan < TURN_MS) this.#serve(now);
      return;
    }
    if (this.#waiting > 0) this.#plan();
    else {
      this.#usedMs.clear();
      this.#levelMs = 0;
    }
  };

  #serve(now: number): void {
    const name = this.#findLeastServed();
    const lane = this.#lanes.get(name);
    const begin = lane?.shift();
    if (!lane || !begin) return;
    this.#lanes.delete(name);
    if (lane.length > 0) this.#lanes.set(name, lane);
    this.#waiting--;
    this.#serving = { name, from: now };
    begin();
  }

  /** The first lane among those with the least used time. */
  #findLeastServed(): string {
    let least = '';
    let leastMs = Infinity;
    for (const name of this.#lanes.keys()) {
      const usedMs = Math.max(this.#usedMs.get(name) ?? 0, this.#levelMs);
      if (usedMs < leastMs) [least, leastMs] = [name, usedMs];
      if (leastMs === this.#levelMs) break;
    }
    if (leastMs < Infinity) this.#levelMs = leastMs;
    return least;
  }
}
