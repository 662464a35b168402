import type { Operation } from '../../operations/define-operation.ts';

interface SendQueueOptions {
  /** The most requests of a limited operation in any 60 seconds. The carrier's own limit of an operation may be lower. */
  readonly perMinute: number;
  /** A clock that never jumps, in milliseconds: a wall clock that is set forward would open a second window. */
  readonly monotonicNow: () => number;
}

type LimitedOperation = Pick<Operation, 'name' | 'hasRateLimit'>;

/** A Request that waits to be sent. */
export interface Ticket {
  readonly operation: LimitedOperation;
  readonly account: string;
  readonly requestId: string;
  /** It had its turn before, so it goes before the others of its account. */
  readonly again: boolean;
}

/** The right to send one request. It counts in the window from now until 60 seconds after it is over. */
export interface Place {
  /** The request was answered or given up. By now the carrier has counted it. */
  over(): void;
  /** Certainly nothing was sent. The place is free at once. */
  giveBack(): void;
}

export interface QueuePlace {
  /** 1 for the Request that is sent next. */
  readonly position: number;
  /** An estimate: how long until it is sent, if the carrier answers. */
  readonly waitMs: number;
}

const WINDOW_MS = 60_000;

/** The queue, as a sender uses it. */
export type SendingTurns = Pick<SendQueue, 'take' | 'hold' | 'placeOf' | 'remember'>;

/** The window of one operation and the Requests that wait for it. */
interface Gate {
  readonly limit: number;
  /** Taken places: when each was over, null while it is under way. A place is removed one minute after it was over. */
  places: { overAt: number | null }[];
  /** Who waits, by account. The accounts stand in the order of their next turns. */
  readonly lanes: Map<string, Waiter[]>;
  /** Until then the carrier wants a pause. */
  heldUntil: number;
  timer: NodeJS.Timeout | null;
}

interface Waiter {
  readonly ticket: Ticket;
  readonly serve: (place: Place) => void;
}

/**
 * Decides who may send next. A sliding log keeps the carrier's limit per minute: a token bucket of 100 would let 200 through in
 * 61 seconds. A place is free again 60 seconds after its request was *answered*, so no latency on the way can bring two windows
 * together at the carrier. Accounts take turns; within an account, first come is first served.
 *
 * The queue is only memory. What waits here is QUEUED in the log, and joins again after a restart.
 */
export class SendQueue implements Disposable {
  readonly #options: SendQueueOptions;
  readonly #gates = new Map<string, Gate>();
  readonly #waiting = new Map<string, Ticket>();

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  /** Counts what was sent before this process started, so many milliseconds ago: a restart must not open a second window. */
  remember(operation: LimitedOperation, agesMs: readonly number[]): void {
    const now = this.#options.monotonicNow();
    // An age below zero means that the clock was set back meanwhile. It counts as just now.
    const gate = this.#gate(operation);
    gate.places = gate.places.filter(({ overAt }) => overAt === null).concat(agesMs.map((age) => ({ overAt: now - Math.max(age, 0) })));
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

  /** After the carrier refused for its rate: no request of this operation leaves for `ms`. */
  hold(operation: LimitedOperation, ms: number): void {
    const gate = this.#gate(operation);
    gate.heldUntil = Math.max(gate.heldUntil, this.#options.monotonicNow() + ms);
    this.#serve(gate);
  }

  /** Null when the Request does not wait here. */
  placeOf(requestId: string): QueuePlace | null {
    const ticket = this.#waiting.get(requestId);
    if (!ticket) return null;
    const gate = this.#gate(ticket.operation);
    const lanes = [...gate.lanes];
    const own = lanes.findIndex(([account]) => account === ticket.account);
    const at = lanes[own]?.[1].findIndex((waiter) => waiter.ticket.requestId === requestId) ?? 0;
    // Each round serves one Request of each account. Accounts before ours in the round are one Request ahead.
    const ahead = lanes.reduce((sum, [, lane], lap) => sum + (lap === own ? at : Math.min(lane.length, lap < own ? at + 1 : at)), 0);
    return { position: ahead + 1, waitMs: this.#waitMs(gate, ahead) };
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#gates.values()) if (timer) clearTimeout(timer);
  }

  #gate({ name, hasRateLimit }: LimitedOperation): Gate {
    let gate = this.#gates.get(name);
    if (!gate) {
      const limit = hasRateLimit ? this.#options.perMinute : Number.POSITIVE_INFINITY;
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
      // The account goes to the end of the round, or out of it.
      gate.lanes.delete(account);
      if (lane.length > 0) gate.lanes.set(account, lane);
      waiter.serve(this.#place(gate));
    }
    if (gate.lanes.size === 0) return;
    const freeAt = gate.places.map(({ overAt }) => (overAt === null ? Infinity : overAt + WINDOW_MS));
    const next = Math.max(gate.heldUntil, gate.places.length < gate.limit ? now : Math.min(...freeAt));
    // While every place is under way no timer is needed: the next `over` serves again.
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

  /** How long until `ahead` others and then this one are served. Places come free in the order they were taken; each serves one. */
  #waitMs(gate: Gate, ahead: number): number {
    const now = this.#options.monotonicNow();
    const start = Math.max(now, gate.heldUntil);
    const free = gate.places.map(({ overAt }) => Math.max(start, (overAt ?? now) + WINDOW_MS)).sort((left, right) => left - right);
    const open = Math.max(gate.limit - free.length, 0);
    if (ahead < open) return start - now;
    const place = ahead - open;
    // After the places of now, each minute frees as many again.
    const laps = Math.floor(place / gate.limit);
    const surplus = Math.max(free.length - gate.limit, 0);
    const base = free[surplus + (place % gate.limit)] ?? start + WINDOW_MS;
    return base + laps * WINDOW_MS - now;
  }
}
