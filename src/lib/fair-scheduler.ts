/** How much time callers have in one turn of the event loop. A piece of work that has begun is finished. */
const TURN_MS = 20;
/**
 * After callers have used up a turn, the next eight turns of the event loop, or 10 ms of them, belong to everybody else. A callback
 * takes three or four turns from its connection to its acknowledgement. Without the rest it would wait for a caller's work in each.
 */
const REST_TURNS = 8;
const REST_MS = 10;
/** The most pieces of work in one turn. */
const PIECES_PER_TURN = 64;

/** `ask`: an operation of a caller. `follow`: an event of its subscription. */
export type WorkKind = 'ask' | 'follow';

/**
 * Decides when callers' work runs. Nothing can interrupt a piece of it (a message parsed and run, an event read and executed), so
 * each piece waits here until it may begin. All callers together have 20 ms in a turn of the event loop; then the loop is free for
 * callbacks, the carrier and the store. The caller with the least time so far goes first, so a caller that asks for much waits for
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
  /** How many turns of rest are left. */
  #restTurns = 0;
  #restBegan = 0;
  #servedMs = 0;
  #serving: { readonly name: string; readonly from: number } | null = null;

  /** How much time the work of callers has taken since the start, in milliseconds. */
  get servedMs(): number {
    return this.#servedMs;
  }

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
    this.#planned = (this.#restTurns > 0 ? 0 : Math.min(this.#waiting, PIECES_PER_TURN)) + 1;
    this.#turnBegan = 0;
    for (let call = 0; call < this.#planned; call++) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    const now = performance.now();
    this.#turnBegan ||= now;
    if (this.#serving) {
      const took = now - this.#serving.from;
      this.#servedMs += took;
      this.#usedMs.set(this.#serving.name, this.#levelMs + took);
    }
    this.#serving = null;
    this.#planned--;
    if (this.#planned > 0) {
      if (now - this.#turnBegan < TURN_MS) this.#serve(now);
      return;
    }
    if (now - this.#turnBegan >= TURN_MS) [this.#restTurns, this.#restBegan] = [REST_TURNS, now];
    else this.#restTurns = now - this.#restBegan < REST_MS ? Math.max(this.#restTurns - 1, 0) : 0;
    if (this.#waiting > 0 || this.#restTurns > 0) this.#plan();
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
