import { readCallbackBody } from '../../src/datasources/thingspace/wire/callback-body.ts';
import { parseCallback } from '../../src/datasources/thingspace/wire/callback.ts';
import type { IncomingCallback } from '../../src/datasources/request-log/callback-intake.ts';

export interface SampleOptions {
  readonly requestId: string;
  readonly ids: readonly (readonly [kind: string, id: string])[];
  /** Identifiers that only the nested part of the message has. */
  readonly learnt?: readonly (readonly [kind: string, id: string])[];
  readonly account?: string;
  readonly callbackCount?: number;
  readonly receivedAt?: number;
}

const list = (ids: readonly (readonly [string, string])[]) => ids.map(([kind, id]) => ({ id, kind }));

/** A CarrierService success as the activation page shows it. */
export function successCallback({ requestId, ids, learnt = [], ...rest }: SampleOptions): IncomingCallback {
  const body = {
    username: '',
    password: '',
    requestId,
    deviceIds: list(ids),
    deviceResponse: {
      activateResponse: { deviceIds: list(learnt), ipAddress: '10.224.48.88', state: 'Active', servicePlan: 'plan', featureCodes: [] },
    },
    status: 'Success',
    callbackCount: rest.callbackCount ?? 1,
    maxCallbackThreshold: 4,
  };
  return incoming('CarrierService', body, rest);
}

/** A failure as the carrier's Callback Error Messages page shows it. */
export function failureCallback({ requestId, ids, ...rest }: SampleOptions): IncomingCallback {
  const body = {
    requestId,
    deviceIds: list(ids),
    faultResponse: { faultcode: 'UnifiedWebService.REQUEST_FAILED.DeviceNotFound', faultstring: 'REQUEST_FAILED. Device not found' },
    status: 'Failed',
    callbackCount: rest.callbackCount ?? 1,
    maxCallbackThreshold: 4,
  };
  return incoming('CarrierService', body, rest);
}

/** The second message of an NB-IoT device: no top-level deviceIds. */
export function niddCallback({ requestId, ids, ...rest }: SampleOptions, status = 'ConfigCreated'): IncomingCallback {
  const body = {
    requestId,
    niddResponse: { niddConfigResponse: { accountName: 'a', deviceIds: list(ids) } },
    status,
    callbackCount: 1,
    maxCallbackThreshold: 4,
  };
  return incoming('NiddService', body, rest);
}

/** The carrier's Pending: still being processed. */
export function pendingCallback({ requestId, ids, ...rest }: SampleOptions): IncomingCallback {
  return incoming(
    'CarrierService',
    { requestId, deviceIds: list(ids), status: 'Pending', callbackCount: 1, maxCallbackThreshold: 4 },
    rest,
  );
}

/** Any body, read as the door reads it. */
export function incoming(
  service: string,
  body: unknown,
  options: { readonly account?: string; readonly receivedAt?: number } = {},
): IncomingCallback {
  const read = readCallbackBody(Buffer.from(JSON.stringify(body)));
  if ('unreadable' in read) throw new Error(read.unreadable);
  const message = parseCallback(service, read.message);
  if (!message) throw new Error('not a callback');
  const { json, digest, callbackCount } = read;
  return {
    account: options.account ?? 'account-1',
    service,
    receivedAt: options.receivedAt ?? 1_000,
    json,
    digest,
    callbackCount,
    message,
  };
}
