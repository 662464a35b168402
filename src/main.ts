import '../require-node.js';
import { loadEnvFile } from 'node:process';
import { readConfig } from './config.ts';
import { GatewayError } from './errors.ts';
import { startGateway } from './gateway.ts';
import { createLogger } from './logger.ts';

async function main(): Promise<void> {
  readEnvFile();
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.logLevel });
  const gateway = await startGateway(config, {
    logger,
    onFatal: (error) => {
      logger.error('store_failed', { error });
      process.exit(1);
    },
  });
  for (const [listener, url] of Object.entries(gateway.urls)) logger.info('listening', { listener, url });

  const stopping = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // The second signal means now.
    process.once(signal, () => {
      process.once(signal, () => process.exit(1));
      stopping.resolve(signal);
    });
  }
  logger.info('stopping', { signal: await stopping.promise });
  await gateway[Symbol.asyncDispose]();
  logger.info('stopped');
}

/** `.env` of the working directory, when there is one; what the environment has already stands. */
function readEnvFile(): void {
  try {
    loadEnvFile();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof GatewayError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    process.exit(1);
  },
);
