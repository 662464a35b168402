import { createHash } from 'node:crypto';
import type { NewRequest } from '../../../src/datasources/request-log/request-sending.ts';
import type { RequestedDevice } from '../../../src/datasources/request-log/stored-request.ts';
import type { SendingStep } from '../../../src/datasources/request-log/sending-steps.ts';
import type { CarrierMessage } from './carrier-message.ts';
import { strangeGuid, type SpeltIdentifier } from './fleet.ts';
import type { FreeOperation } from './free-operations.ts';
import type { StepType } from './plain-steps.ts';
import { ACCOUNTS, ERROR } from './planned-call.ts';

type Of<Type extends FreeOperation['type']> = Extract<FreeOperation, { type: Type }>;

export function freeMessage({ guid, says, number, top, nested, account, service }: Of<'callback'>, receivedAt: number): CarrierMessage {
  return {
    tag: `n${number}`,
    account: ACCOUNTS[account === 0 ? 0 : 1],
    service: says === 'NIDD' ? 'NiddService' : says === 'OTHER' ? 'DeviceUsage' : service === 0 ? 'CarrierService' : 'DeviceProfileService',
    guid: guid === null ? null : strangeGuid(guid),
    says,
    top,
    nested,
    receivedAt,
    callbackCount: 1,
  };
}

export function freeStep(step: StepType, guid: number): SendingStep {
  if (step === 'ACCEPTED') return { type: step, carrierRequestId: strangeGuid(guid), ...(guid % 2 === 1 && { answered: true as const }) };
  return step === 'SENDING' || step === 'PROVEN' ? { type: step } : { type: step, error: ERROR };
}

/** One carrier request, or the first device in one and the others in another. */
export function freeRequest(number: number, { account, devices: named, isSplit }: Of<'submit'>, createdAt: number): NewRequest {
  const devices = named?.map(requested) ?? null;
  const service = 'CarrierService';
  const whole = [{ service, firstIndex: 0, deviceCount: devices?.length ?? null }];
  const split = [
    { service, firstIndex: 0, deviceCount: 1 },
    { service, firstIndex: 1, deviceCount: (devices?.length ?? 0) - 1 },
  ];
  return {
    id: `req_${String(number).padStart(26, '0')}`,
    operation: 'ACTIVATE_DEVICES',
    createdBy: 'tester',
    clientReference: null,
    idempotencyKey: null,
    retryOf: null,
    inputHash: createHash('sha256').digest(),
    settings: '{}',
    createdAt,
    account: ACCOUNTS[account === 0 ? 0 : 1],
    devicesJson: devices && JSON.stringify(devices),
    carrierRequests: isSplit && devices && devices.length > 1 ? split : whole,
  };
}

export function requested(deviceIds: readonly SpeltIdentifier[]): RequestedDevice {
  return { deviceIds };
}
