import { Worker } from 'node:worker_threads';

/** Starts the thread of the intake. It loads its modules, and waits for `IntakeThreadData`. So it may be started ahead of the gateway. */
export function startIntakeThread(): Worker {
  return new Worker(new URL('./intake-thread.ts', import.meta.url));
}
