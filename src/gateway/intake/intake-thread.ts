import { parentPort, type MessagePort } from 'node:worker_threads';
import type { Config } from '../../config/config.ts';
import { GatewayError } from '../../errors.ts';
import { SharedTime } from '../../lib/shared-time.ts';
import { serveIntake, type IntakeParts } from './serve-intake.ts';

/** What the thread of the intake is told once, by the main thread. */
export interface IntakeThreadData extends Pick<IntakeParts, 'isStoreNew' | 'keys'> {
  readonly port: MessagePort;
  readonly config: Config;
  /** See `SharedTime`. */
  readonly time: SharedArrayBuffer;
}

/** So long the main thread has to end the process, which it cannot while it is busy. */
const END_MS = 1_000;

parentPort?.once('message', ({ port, config, time, ...parts }: IntakeThreadData) => {
  const { logger, fail } = serveIntake(port, config, { ...parts, now: new SharedTime(time).now, onEnd: endProcess });
  process.removeAllListeners('warning').on('warning', (error) => logger.warn('node_warning', { error }));
  process.on('uncaughtException', (error) => {
    logger.error('uncaught', { error });
    fail(new GatewayError('STORE_FAILED', 'The thread that takes callbacks has failed: the gateway ends. Restart it.'));
  });
});

/** Answers nobody any more. */
function endProcess(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, END_MS);
  process.kill(process.pid, 'SIGKILL');
}
