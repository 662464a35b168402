import '../require-node.js';
import { readConfig } from './config/config.ts';
import { GatewayError } from './errors.ts';
import { startGateway } from './gateway.ts';
import { createLogger } from './logger.ts';
import { readEnvFile } from './config/read-env-file.ts';

async function main(): Promise<void> {
  const stopping = Promise.withResolvers<NodeJS.Signals>();
  let signals = 0;
  // From the very first: as process 1 of a container there is no default that would end us.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // The second one, whichever it is, means now.
    process.on(signal, () => (++signals === 1 ? stopping.resolve(signal) : process.exit(1)));
  }
  readEnvFile();
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.logLevel });
  // Node itself would print everything that hangs on the error: a body, a cause, an answer of the carrier.
  process.on('uncaughtException', (error) => {
    logger.error('uncaught', { error });
    process.exit(1);
  });
  const onFatal = (error: GatewayError) => {
    logger.error('store_failed', { error });
    process.exit(1);
  };
  const gateway = await Promise.race([startGateway(config, { logger, onFatal }), stopping.promise]);
  // Nothing has been taken on yet, and what the store was doing survives a crash: a start is not waited for.
  if (typeof gateway === 'string') return logger.info('stopped_while_starting', { signal: gateway });
  for (const [listener, url] of Object.entries(gateway.urls)) logger.info('listening', { listener, url });

  logger.info('stopping', { signal: await stopping.promise });
  await gateway[Symbol.asyncDispose]();
  logger.info('stopped');
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof GatewayError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    process.exit(1);
  },
);
