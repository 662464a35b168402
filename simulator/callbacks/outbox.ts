import type { Activity } from '../activity.ts';
import type { Clock, Timers } from '../clock.ts';

/** Something to send when there is room; calls `release` once, when its place is free for the next. */
export type OutboxJob = (release: () => void) => void;

/**
 * The queue in front of the network: so many in flight, so many a second, and a tap.
 *
 * Paused, it keeps what comes and counts it as under way. Held, it puts what comes aside: that does not count, so that
 * a test can wait for idleness and then release what was held in any order.
 */
export class Outbox {
  readonly #activity: Activity;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #concurrency: number;
  readonly #perSecond: number;
  #queue: OutboxJob[] = [];
  #head = 0;
  #held: OutboxJob[] = [];
  #holding = false;
  #paused = false;
  #pumping = false;
  #inFlight = 0;
  #allowance = 1;
  #refilledAt = 0;
  #refilling = false;

  constructor(options: { activity: Activity; clock: Clock; timers: Timers; concurrency: number; perSecond: number }) {
    this.#activity = options.activity;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#concurrency = options.concurrency;
    this.#perSecond = options.perSecond;
    this.#refilledAt = options.clock.now();
  }

  /** False while jobs are held or paused. */
  get flowing(): boolean {
    return !this.#holding && !this.#paused;
  }

  get heldCount(): number {
    return this.#held.length;
  }

  /** Queues a job, counted as under way until it ends; the job itself takes over that count. */
  add(job: OutboxJob): void {
    if (this.#holding) {
      this.#held.push(job);
      return;
    }
    this.#activity.begin();
    this.#queue.push(job);
    this.#pump();
  }

  hold(): void {
    this.#holding = true;
  }

  /** Lets go what was held, in order or as `arrange` puts it, and holds no longer. */
  release(arrange: (jobs: OutboxJob[]) => OutboxJob[]): void {
    this.#holding = false;
    const held = this.#held;
    this.#held = [];
    for (const job of arrange(held)) this.add(job);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#pump();
  }

  /** A job may end before it returns: its release then finds the pump running and leaves the next job to it. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#paused && this.#inFlight < this.#concurrency && this.#head < this.#queue.length && this.#mayStart()) {
      const job = this.#queue[this.#head];
      this.#head += 1;
      if (job === undefined) continue;
      this.#inFlight += 1;
      job(() => {
        this.#inFlight -= 1;
        this.#pump();
      });
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    this.#pumping = false;
  }

  /** Takes one from the allowance of the pace, which is at most 20 ms worth; without any, comes back in 5 ms. */
  #mayStart(): boolean {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return true;
    const now = this.#clock.now();
    const most = Math.max(1, this.#perSecond / 50);
    this.#allowance = Math.min(most, this.#allowance + ((now - this.#refilledAt) * this.#perSecond) / 1000);
    this.#refilledAt = now;
    if (this.#allowance >= 1) {
      this.#allowance -= 1;
      return true;
    }
    if (!this.#refilling) {
      this.#refilling = true;
      this.#timers.after(5, () => {
        this.#refilling = false;
        this.#pump();
      });
    }
    return false;
  }
}
