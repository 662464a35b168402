import '../require-node.js';
import { readConfig } from './config/config.ts';
import { GatewayError } from './errors.ts';
import { startIntakeThread } from './gateway/intake/start-intake-thread.ts';
import { LineWriter } from './lib/line-writer.ts';
import { flushSpans } from './lib/trace.ts';
import { createLogger } from './logger.ts';
import { readEnvFile } from './config/read-env-file.ts';

/** How long the end of the process waits for whoever reads the log. */
const LAST_LINES_MS = 500;

async function main(): Promise<void> {
  const stopping = Promise.withResolvers<NodeJS.Signals>();
  const stop = new AbortController();
  let signals = 0;
  // Signals are handled from the first moment on: without a handler, process 1 of a container ignores them.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // The second signal ends the process at once, whatever its threads do.
      if (++signals > 1) process.kill(process.pid, 'SIGKILL');
      stopping.resolve(signal);
      stop.abort();
    });
  }
  const intakeThread = startIntakeThread();
  const config = readConfig(process.env, readEnvFile(process.env));
  const lines = new LineWriter(1);
  const logger = createLogger({ level: config.logLevel, destination: lines });
  process.on('exit', () => lines.finish(LAST_LINES_MS));
  // Node itself would print them, and wait for whoever reads standard error.
  process.removeAllListeners('warning').on('warning', (error) => logger.warn('node_warning', { error }));
  // Node itself would print all properties of the error: a body, a cause, an answer of the carrier.
  process.on('uncaughtException', (error) => {
    logger.error('uncaught', { error });
    process.exit(1);
  });
  const onFatal = (error: GatewayError) => {
    logger.error('store_failed', { error });
    process.exit(1);
  };
  const opened = Promise.withResolvers<void>();
  const start = async () => {
    // It is loaded beside the intake.
    const { startGateway } = await import('./gateway.ts');
    return startGateway(config, {
      logger,
      onFatal,
      onStoreOpen: opened.resolve,
      stop: stop.signal,
      onListening: (listener, url) => logger.info('listening', { listener, url }),
      intakeThread,
      linesDropped: () => lines.dropped,
    });
  };
  // A signal during the start ends it. While it waits for the store, it undoes what is open: callbacks may have been taken. From then on
  // every file survives any end. But where the only connection to the store ends in the middle of a step, SQLite removes a log that the
  // store still names.
  const starting = start().catch((error: unknown) => {
    if (error instanceof GatewayError && error.code === 'SHUTTING_DOWN') return stopping.promise;
    throw error;
  });
  const gateway = await Promise.race([starting, opened.promise.then(() => stopping.promise)]);
  if (typeof gateway === 'string') return logger.info('stopped_while_starting', { signal: gateway });

  logger.info('stopping', { signal: await stopping.promise });
  await gateway[Symbol.asyncDispose]();
  await flushSpans();
  logger.info('stopped');
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof GatewayError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    process.exit(1);
  },
);
