/** A timer as returned by {@link Clock.setTimeout}; opaque to the simulator. */
export type TimerHandle = NodeJS.Timeout | number;

/** Where the simulator gets its time from. Replace it in a test to move through hours in an instant. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  setTimeout(run: () => void, ms: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

/** The machine's own time. */
export const realClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (handle) => clearTimeout(handle),
};
