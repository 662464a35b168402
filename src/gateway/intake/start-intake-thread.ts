import { Worker } from 'node:worker_threads';

/** Objects of callbacks live shortly. With V8's own limit (48 MB) a callback costs a tenth more, and the longest pauses are longer. */
const YOUNG_MB = 128;

/** Starts the thread of the intake. It loads its modules, and waits for `IntakeThreadData`. So it may be started ahead of the gateway. */
export function startIntakeThread(): Worker {
  return new Worker(new URL('./intake-thread.ts', import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
}
