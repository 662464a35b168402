import type { Operation } from '../../operations/define-operation.ts';

export interface SendQueueOptions {
  /** Requests of a limited operation in any 60 seconds; fewer where the carrier's own limit of it is lower. */
  readonly perMinute: number;
  /** Milliseconds of a clock that never jumps: a wall clock set forward would open a second window. */
  readonly monotonicNow: () => number;
}

type LimitedOperation = Pick<Operation, 'name' | 'maxPerMinute'>;

/** Who waits to send. */
export interface Ticket {
  readonly operation: LimitedOperation;
  readonly account: string;
  readonly requestId: string;
  /** Had its turn before, and goes before its account's others. */
  readonly again: boolean;
}

/** The right to send one request. It counts in the window from here until 60 seconds after it is over. */
export interface Place {
  /** The request has been answered or given up: the carrier has counted it by now at the latest. */
  over(): void;
  /** Certainly nothing left: the place is free for somebody else. */
  giveBack(): void;
}

export interface QueuePlace {
  /** 1 for the next to be sent. */
  readonly position: number;
  /** How long until it is sent, if the carrier answers; an estimate. */
  readonly waitMs: number;
}

const WINDOW_MS = 60_000;

/** What one operation's requests wait for. */
interface Gate {
  readonly limit: number;
  /** Places taken: when they were over, or null while they are under way. Those over for a minute are gone. */
  places: { overAt: number | null }[];
  /** The waiting by account, in the order in which accounts have their next turn. */
  readonly lanes: Map<string, Waiter[]>;
  /** The carrier asked for a pause until then. */
  heldUntil: number;
  timer: NodeJS.Timeout | null;
}

interface Waiter {
  readonly ticket: Ticket;
  readonly serve: (place: Place) => void;
}

/**
 * Who may send next. The carrier's per-minute limit is kept by a sliding log (a token bucket of 100 would let 200 through in
 * 61 seconds); a place is freed 60 seconds after its request was *answered*, so that no latency on the way can bring two
 * windows together at the carrier. Accounts take turns; within an account the order is that of coming.
 *
 * The queue itself is memory: what waits here is QUEUED in the log, and joins again after a restart.
 */
export class SendQueue implements Disposable {
  readonly #options: SendQueueOptions;
  readonly #gates = new Map<string, Gate>();
  readonly #waiting = new Map<string, Ticket>();

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  /** What was sent before this process started, as milliseconds ago: a restart must not open a second window. */
  remember(operation: LimitedOperation, agesMs: readonly number[]): void {
    const now = this.#options.monotonicNow();
    // An age below zero is a clock that was set back meanwhile: taken for just now.
    this.#gate(operation).places.push(...agesMs.map((age) => ({ overAt: now - Math.max(age, 0) })));
  }

  /** Resolves when this request may leave. Rejects when `signal` aborts. */
  take(ticket: Ticket, signal: AbortSignal): Promise<Place> {
    signal.throwIfAborted();
    const gate = this.#gate(ticket.operation);
    return new Promise((resolve, reject) => {
      const leave = () => {
        const lane = gate.lanes.get(ticket.account);
        lane?.splice(lane.indexOf(waiter), 1);
        if (lane?.length === 0) gate.lanes.delete(ticket.account);
        this.#waiting.delete(ticket.requestId);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        ticket,
        serve: (place) => {
          signal.removeEventListener('abort', leave);
          this.#waiting.delete(ticket.requestId);
          resolve(place);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      const lane = gate.lanes.get(ticket.account) ?? [];
      gate.lanes.set(ticket.account, lane);
      if (ticket.again) lane.unshift(waiter);
      else lane.push(waiter);
      this.#waiting.set(ticket.requestId, ticket);
      this.#serve(gate);
    });
  }

  /** The carrier limits an operation: none of its requests leaves for `ms`. */
  hold(operation: LimitedOperation, ms: number): void {
    const gate = this.#gate(operation);
    gate.heldUntil = Math.max(gate.heldUntil, this.#options.monotonicNow() + ms);
    this.#serve(gate);
  }

  /** Where a Request stands in the queue; null when it does not wait here. */
  placeOf(requestId: string): QueuePlace | null {
    const ticket = this.#waiting.get(requestId);
    if (!ticket) return null;
    const gate = this.#gate(ticket.operation);
    const lanes = [...gate.lanes];
    const own = lanes.findIndex(([account]) => account === ticket.account);
    const at = lanes[own]?.[1].findIndex((waiter) => waiter.ticket.requestId === requestId) ?? 0;
    // Each turn of the accounts serves one of each: those before us in a turn are one round ahead.
    const ahead = lanes.reduce((sum, [, lane], lap) => sum + (lap === own ? at : Math.min(lane.length, lap < own ? at + 1 : at)), 0);
    return { position: ahead + 1, waitMs: this.#waitMs(gate, ahead) };
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#gates.values()) if (timer) clearTimeout(timer);
  }

  #gate({ name, maxPerMinute }: LimitedOperation): Gate {
    let gate = this.#gates.get(name);
    if (!gate) {
      const limit = maxPerMinute === null ? Number.POSITIVE_INFINITY : Math.min(maxPerMinute, this.#options.perMinute);
      this.#gates.set(name, (gate = { limit, places: [], lanes: new Map(), heldUntil: -Infinity, timer: null }));
    }
    return gate;
  }

  #serve(gate: Gate): void {
    if (gate.timer) clearTimeout(gate.timer);
    gate.timer = null;
    const now = this.#options.monotonicNow();
    gate.places = gate.places.filter(({ overAt }) => overAt === null || overAt > now - WINDOW_MS);
    while (now >= gate.heldUntil && gate.places.length < gate.limit) {
      const [turn] = gate.lanes;
      const waiter = turn?.[1].shift();
      if (!turn || !waiter) return;
      const [account, lane] = turn;
      // To the end of the turns, or out of them.
      gate.lanes.delete(account);
      if (lane.length > 0) gate.lanes.set(account, lane);
      waiter.serve(this.#place(gate));
    }
    if (gate.lanes.size === 0) return;
    const next = Math.max(gate.heldUntil, gate.places.length < gate.limit ? now : this.#nextFree(gate));
    // While every place is under way, the next to be over serves again.
    if (next < Infinity) gate.timer = setTimeout(() => this.#serve(gate), Math.max(next - now, 0) + 1);
  }

  #place(gate: Gate): Place {
    const place: Gate['places'][number] = { overAt: null };
    if (gate.limit < Infinity) gate.places.push(place);
    return {
      over: () => {
        place.overAt ??= this.#options.monotonicNow();
        this.#serve(gate);
      },
      giveBack: () => {
        gate.places = gate.places.filter((other) => other !== place);
        this.#serve(gate);
      },
    };
  }

  #nextFree(gate: Gate): number {
    return Math.min(...gate.places.map(({ overAt }) => (overAt === null ? Infinity : overAt + WINDOW_MS)));
  }

  /** Until the one with `ahead` before it is served: places come free in the order they were taken, each serves one. */
  #waitMs(gate: Gate, ahead: number): number {
    const now = this.#options.monotonicNow();
    const start = Math.max(now, gate.heldUntil);
    const free = gate.places.map(({ overAt }) => Math.max(start, (overAt ?? now) + WINDOW_MS)).sort((left, right) => left - right);
    const open = Math.max(gate.limit - free.length, 0);
    if (ahead < open) return start - now;
    const place = ahead - open;
    // Beyond the places of now, each minute brings the same again.
    const laps = Math.floor(place / gate.limit);
    const surplus = Math.max(free.length - gate.limit, 0);
    const base = free[surplus + (place % gate.limit)] ?? start + WINDOW_MS;
    return base + laps * WINDOW_MS - now;
  }
}
