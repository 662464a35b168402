/** What callers have of one turn of the event loop, in milliseconds; a piece of work that has begun by then is finished. */
const TURN_MS = 20;
/**
 * After a turn that callers have used up, so many turns of the event loop belong to everybody else, or 10 ms of them. A callback
 * takes three or four turns from its connection to its acknowledgement, and would have to wait for a piece of work in each.
 */
const REST_TURNS = 8;
const REST_MS = 10;
/** Pieces of work in a turn. */
const PIECES_PER_TURN = 64;

/** What a caller asks, or an event of what it follows. */
export type WorkKind = 'ask' | 'follow';

/**
 * Decides when callers' work runs. Nothing can interrupt a piece of it (a message parsed and run, an event read and executed),
 * so it waits here until it may begin. All callers together have twenty milliseconds of a turn of the event loop; then the loop
 * is for the callbacks, the carrier and the store. Among callers, whoever has had the least time goes first: one who asks for
 * much waits for itself. What a caller asks and what it follows are two lanes.
 */
export class FairScheduler {
  /** What waits, by caller and kind. Lanes that have had the same are served in this order. */
  readonly #lanes = new Map<string, (() => void)[]>();
  /** What each lane has had since the scheduler was last idle, in milliseconds. */
  readonly #had = new Map<string, number>();
  /** What the lane served last had had. A lane that comes now begins here: it does not make up for the time before. */
  #level = 0;
  #waiting = 0;
  /** Calls of `#next` that are still to come in this turn. */
  #planned = 0;
  #turnFrom = 0;
  #rest = 0;
  #restFrom = 0;
  #servedMs = 0;
  #serving: { readonly name: string; readonly from: number } | null = null;

  /** What the work of callers has taken since the start, in milliseconds. */
  get servedMs(): number {
    return this.#servedMs;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when the work of `caller` may begin. What then runs, up to its first wait, is measured. */
  waitForTurn(caller: string, kind: WorkKind): Promise<void> {
    const name = `${kind} ${caller}`;
    return new Promise((resolve) => {
      const lane = this.#lanes.get(name);
      if (lane) lane.push(resolve);
      else this.#lanes.set(name, [resolve]);
      this.#waiting++;
      if (this.#planned > 0) return;
      this.#planned = 1;
      // With all who come at the same moment, as followers of one request do.
      process.nextTick(() => this.#plan());
    });
  }

  /** One call for each piece of work: promises and ticks of one are run to the end before Node makes the next. */
  #plan(): void {
    this.#planned = (this.#rest > 0 ? 0 : Math.min(this.#waiting, PIECES_PER_TURN)) + 1;
    this.#turnFrom = 0;
    for (let call = 0; call < this.#planned; call++) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    const now = performance.now();
    this.#turnFrom ||= now;
    if (this.#serving) {
      const took = now - this.#serving.from;
      this.#servedMs += took;
      this.#had.set(this.#serving.name, this.#level + took);
    }
    this.#serving = null;
    this.#planned--;
    if (this.#planned > 0) {
      if (now - this.#turnFrom < TURN_MS) this.#serve(now);
      return;
    }
    if (now - this.#turnFrom >= TURN_MS) [this.#rest, this.#restFrom] = [REST_TURNS, now];
    else this.#rest = now - this.#restFrom < REST_MS ? Math.max(this.#rest - 1, 0) : 0;
    if (this.#waiting > 0 || this.#rest > 0) this.#plan();
    else {
      this.#had.clear();
      this.#level = 0;
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

  /** The first in line of the lanes that have had the least. */
  #findLeastServed(): string {
    let least = '';
    let level = Infinity;
    for (const name of this.#lanes.keys()) {
      const had = Math.max(this.#had.get(name) ?? 0, this.#level);
      if (had >= level) continue;
      [least, level] = [name, had];
      if (had === this.#level) break;
    }
    if (level < Infinity) this.#level = level;
    return least;
  }
}
