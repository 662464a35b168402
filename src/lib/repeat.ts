/** Runs `work` every `everyMs`, never twice at once, until undone; undoing waits for the run under way. */
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
