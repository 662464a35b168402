import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** Objects of callbacks live shortly. With V8's own limit (48 MB) a callback costs a tenth more. */
const YOUNG_MB = 128;

/** Its module has the ending of this one: `.ts` in the repository, `.js` in the package. */
const MODULE = new URL(`./intake-thread${extname(import.meta.url)}`, import.meta.url);

/** Starts the thread of the intake. It loads its modules, and waits for `IntakeThreadData`. So it may be started ahead of the gateway. */
export function startIntakeThread(): Worker {
  return new Worker(MODULE, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
}
