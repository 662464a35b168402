import type { Activity } from '../activity.ts';
import type { Clock, Timers } from '../clock.ts';

/** Jobs due within the same 5 ms share a timer: ten thousand devices must not mean ten thousand timers. */
const bucketMs = 5;

/** Runs jobs after a delay. Each counts as under way until it has run. */
export class DelayQueue {
  readonly #activity: Activity;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #buckets = new Map<number, (() => void)[]>();

  constructor(options: { activity: Activity; clock: Clock; timers: Timers }) {
    this.#activity = options.activity;
    this.#clock = options.clock;
    this.#timers = options.timers;
  }

  /** Runs `job` after `delayMs`, or at once when that is 0. */
  add(delayMs: number, job: () => void): void {
    if (delayMs <= 0) {
      job();
      return;
    }
    this.#activity.begin();
    const now = this.#clock.now();
    const due = Math.ceil((now + delayMs) / bucketMs) * bucketMs;
    const bucket = this.#buckets.get(due);
    if (bucket !== undefined) {
      bucket.push(job);
      return;
    }
    const jobs = [job];
    this.#buckets.set(due, jobs);
    this.#timers.after(due - now, () => {
      this.#buckets.delete(due);
      for (const each of jobs) {
        each();
        this.#activity.end();
      }
    });
  }
}
