import type { IncomingCallback } from '../../../src/datasources/request-log/callback-intake.ts';
import type { SpeltIdentifier } from './fleet.ts';
import type { LogSource } from './log-source.ts';

export const SAYS = ['SUCCESS', 'FAILURE', 'PENDING', 'WARNING', 'NIDD', 'OTHER'] as const;
export type Says = (typeof SAYS)[number];

export interface CarrierMessage {
  readonly tag: string;
  readonly account: string;
  readonly service: string;
  readonly guid: string | null;
  readonly says: Says;
  readonly top: readonly SpeltIdentifier[];
  readonly nested: readonly SpeltIdentifier[];
  readonly receivedAt: number;
  readonly callbackCount: number;
}

/** A message as the carrier writes it, parsed like the door parses it. Its comment is its tag, which a resend repeats. */
export function incomingOf(source: LogSource, message: CarrierMessage): IncomingCallback {
  const { account, service, receivedAt, callbackCount } = message;
  const body = {
    ...bodyOf(message),
    comment: message.tag,
    callbackCount,
    ...(callbackCount % 2 === 0 && { username: 'u', password: 'p' }),
  };
  const read = source.readCallbackBody(Buffer.from(JSON.stringify(body)));
  if ('unreadable' in read) throw new Error(read.unreadable);
  const parsed = source.parseCallback(service, read.message);
  if (!parsed) throw new Error('not a callback');
  return { account, service, receivedAt, json: read.json, digest: read.digest, callbackCount: read.callbackCount, message: parsed };
}

function bodyOf({ service, guid, says, top, nested }: CarrierMessage): Record<string, unknown> {
  const requestId = guid ?? undefined;
  const deviceResponse =
    service === 'DeviceProfileService'
      ? { deviceProfileResponse: { deviceIdentifierCollection: nested, profileStatus: 'Enabled' } }
      : { activateResponse: { deviceIds: nested, state: 'Active' } };
  switch (says) {
    case 'SUCCESS':
      return { requestId, deviceIds: top, deviceResponse, status: 'Success' };
    case 'FAILURE':
      return {
        requestId,
        deviceIds: [...top, ...nested],
        faultResponse: { faultcode: 'REQUEST_FAILED', faultstring: 'no' },
        status: 'Failed',
      };
    case 'PENDING':
    case 'WARNING':
      return { requestId, deviceIds: top, deviceResponse, status: says === 'PENDING' ? 'Pending' : 'warning' };
    case 'NIDD':
      return { requestId, niddResponse: { niddConfigResponse: { deviceIds: [...top, ...nested] } }, status: 'ConfigFailed' };
    case 'OTHER':
      return { requestId, deviceIds: [...top, ...nested], status: 'Success' };
  }
}
