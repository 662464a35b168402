import { GatewayError } from '../../../src/errors.ts';

/** What a caller who is not let in is told; any other error goes on. */
export function refusalOf(error: unknown) {
  if (!(error instanceof GatewayError)) throw error;
  return { code: error.code, reason: error.details['reason'], message: error.message };
}
