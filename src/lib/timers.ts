/** The clock is looked at this often: the time may have moved meanwhile. It is less than the longest time that a timer of Node can wait. */
const LONGEST_MS = 60_000;

/**
 * Calls `ring` once when the clock `now` has reached `at` (in milliseconds, any time ahead). It does not keep the process alive.
 *
 * @returns a function that stops it.
 */
export function setAlarm(at: number, now: () => number, ring: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = () => {
    timer = setTimeout(() => (now() >= at ? ring() : wait()), Math.min(Math.max(at - now(), 1), LONGEST_MS)).unref();
  };
  wait();
  return () => clearTimeout(timer);
}

/** Runs `work` every `everyMs` until undone, never two runs at once. Undoing waits for the run under way. */
export function repeat(undo: AsyncDisposableStack, everyMs: number, work: () => Promise<void>, onFailure: (error: unknown) => void): void {
  let running: Promise<void> | null = null;
  const timer = setInterval(() => {
    running ??= work()
      .catch(onFailure)
      .finally(() => (running = null));
  }, everyMs);
  undo.defer(async () => {
    clearInterval(timer);
    await running;
  });
}
