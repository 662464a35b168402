import { createHash } from 'node:crypto';
import { ulid } from 'ulid';
import type { NewRequest } from '../../src/datasources/request-log/request-sending.ts';
import type { RequestedDevice } from '../../src/datasources/request-log/stored-request.ts';

/** A Request to be created: one carrier request over `deviceIds` (one identifier list a device), or over an unknown number. */
export function newRequest(
  deviceIds: readonly (readonly (readonly [kind: string, id: string])[])[] | null,
  more: Partial<NewRequest> = {},
): NewRequest {
  const devices: RequestedDevice[] | null = deviceIds && deviceIds.map((ids) => ({ deviceIds: ids.map(([kind, id]) => ({ kind, id })) }));
  return {
    id: `req_${ulid()}`,
    account: 'account-1',
    operation: 'ACTIVATE_DEVICES',
    createdBy: 'tester',
    clientReference: null,
    idempotencyKey: null,
    retryOf: null,
    inputHash: createHash('sha256').update(JSON.stringify(deviceIds)).digest(),
    devicesJson: devices && JSON.stringify(devices),
    settings: '{}',
    carrierRequests: [{ service: 'CarrierService', firstIndex: 0, deviceCount: devices?.length ?? null }],
    createdAt: 1_000,
    ...more,
  };
}
