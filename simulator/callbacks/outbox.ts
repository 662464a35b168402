import type { Activity } from '../activity.ts';
import type { Clock, Timers } from '../clock.ts';

/** Sends a message when there is room. It calls `release` once, when its place is free for the next. */
export type OutboxJob = (release: () => void) => void;

/**
 * The queue in front of the network. It limits how many jobs are in flight and how many start in a second, and it can be closed.
 *
 * Paused, it keeps the jobs that come and counts them as under way. Held, it puts them aside and does not count them. So a test
 * can wait until the simulator is idle, and then release the held jobs in any order.
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

  /** Queues the held jobs as `arrange` puts them, and holds no longer. */
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

  /** A job may end before it returns. Its release then finds the pump running, which takes the next job itself. */
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

  /** Takes one start from the allowance. It holds at most 20 ms of the pace; when it is empty, the pump looks again in 5 ms. */
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
