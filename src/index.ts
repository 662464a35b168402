/** What a program that runs the gateway by itself imports. Everything else of this package may change at any time. */
export { readConfig, type Config } from './config/config.ts';
export { GatewayError, type ErrorCode } from './errors.ts';
export { startGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export { startIntakeThread } from './gateway/intake/start-intake-thread.ts';
