export interface WatchedTimers extends Disposable {
  /** Delays of the timers that the file has set so far, in milliseconds. */
  readonly delays: readonly number[];
}

/**
 * Watches the timers that a source file sets (`/socket-sender.ts`), so that a test can check a delay of the running
 * gateway without waiting for it. Timers of exactly `skipped` milliseconds fire at once.
 */
export function watchTimers(file: string, { skipped = null as number | null } = {}): WatchedTimers {
  const { setTimeout: timeout, setInterval: interval } = globalThis;
  const delays: number[] = [];
  const watched =
    (set: typeof timeout | typeof interval) =>
    (work: () => void, delay = 0, ...rest: []) => {
      // The second line of the stack is this function, the third its caller.
      if (!new Error('where').stack?.split('\n')[2]?.includes(file)) return set(work, delay, ...rest);
      delays.push(delay);
      return set(work, delay === skipped ? 1 : delay, ...rest);
    };
  globalThis.setTimeout = watched(timeout) as typeof timeout;
  globalThis.setInterval = watched(interval) as typeof interval;
  return {
    delays,
    [Symbol.dispose]() {
      globalThis.setTimeout = timeout;
      globalThis.setInterval = interval;
    },
  };
}
