import type { IncomingCallback } from './callback-intake.ts';
import type { RequestOrigin } from './stored-request.ts';

/** A carrier request, as the id at the carrier finds it. */
export interface Owner {
  readonly pk: number;
  readonly position: number;
  readonly service: string;
  readonly account: string;
  readonly origin: RequestOrigin;
}

/**
 * Whether a carrier request waits for a message. Each service has a path of its own, and who knows the path of one must not be able
 * to settle what another reports. The second message of an NB-IoT device comes from NiddService. Nobody knows what another tool's
 * request waits for.
 */
export function awaits({ service: own, origin }: Owner, { service, message }: Pick<IncomingCallback, 'service' | 'message'>): boolean {
  if (origin === 'EXTERNAL' || service === own) return true;
  return own === 'CarrierService' && service === 'NiddService' && message.bearing === 'NIDD_CONFIG';
}
