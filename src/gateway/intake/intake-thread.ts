import { parentPort, type MessagePort } from 'node:worker_threads';
import type { Config } from '../../config/config.ts';
import { SharedTime } from '../../lib/shared-time.ts';
import { serveIntake } from './serve-intake.ts';

/** What the thread of the intake is told once, by the main thread. */
export interface IntakeThreadData {
  readonly port: MessagePort;
  readonly config: Config;
  /** See `SharedTime`. */
  readonly time: SharedArrayBuffer;
  readonly isStoreNew: boolean;
}

parentPort?.once('message', ({ port, config, time, isStoreNew }: IntakeThreadData) => {
  const { logger } = serveIntake(port, config, { now: new SharedTime(time).now, isStoreNew });
  process.removeAllListeners('warning').on('warning', (error) => logger.warn('node_warning', { error }));
});
