import { workerData, type MessagePort } from 'node:worker_threads';
import type { Config } from '../../config/config.ts';
import { SharedTime } from '../../lib/shared-time.ts';
import { serveIntake } from './serve-intake.ts';

/** What the thread of the intake is started with. */
export interface IntakeThreadData {
  readonly port: MessagePort;
  readonly config: Config;
  /** See `SharedTime`. */
  readonly time: SharedArrayBuffer;
  readonly isStoreNew: boolean;
}

const { port, config, time, isStoreNew } = workerData as IntakeThreadData;
const { logger } = serveIntake(port, config, { now: new SharedTime(time).now, isStoreNew });
process.removeAllListeners('warning').on('warning', (error) => logger.warn('node_warning', { error }));
