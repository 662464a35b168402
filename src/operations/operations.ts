import { activateBody } from './activate-body.ts';
import { profileBody } from './profile-body.ts';
import type { CallbackService } from '../datasources/thingspace/wire/callback-service.ts';

export const OPERATION_NAMES = ['ACTIVATE_DEVICES', 'RENEW_ACTIVATION_CODE', 'RESUME_PROFILE'] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];

export interface Operation {
  readonly method: 'POST' | 'PUT';
  /** Below the API's base URL. */
  readonly path: string;
  /** The service whose callbacks report each device. */
  readonly callbackService: CallbackService;
  /** A further service that may send one more message for a device, which changes neither its status nor the Request's. */
  readonly secondService: CallbackService | null;
  /** Devices in one carrier request; more are split over several. */
  readonly maxDevices: number;
  /** Requests a minute that the carrier takes of this operation, over all callers; null where it names no limit. */
  readonly maxPerMinute: number | null;
  /** The documented body, from a parsed command's settings and the devices of one carrier request. */
  readonly body: (accountName: string, devices: readonly WireDevice[] | null, settings: never) => unknown;
}

export interface WireDevice {
  readonly deviceIds: readonly { readonly kind: string; readonly id: string }[];
  readonly ipAddress?: string | undefined;
}

/**
 * What the gateway knows of each carrier operation. One row each: paths and limits from the carrier's operation pages
 * (devices/actions/activate, devices/profile/actions/renew_activation_code and …/profile_resume).
 */
export const OPERATIONS: Readonly<Record<OperationName, Operation>> = {
  ACTIVATE_DEVICES: {
    method: 'POST',
    path: '/m2m/v1/devices/actions/activate',
    callbackService: 'CarrierService',
    secondService: 'NiddService',
    maxDevices: 10_000,
    maxPerMinute: 100,
    body: activateBody,
  },
  RENEW_ACTIVATION_CODE: {
    method: 'POST',
    path: '/m2m/v1/devices/profile/actions/renew_activation_code',
    callbackService: 'DeviceProfileService',
    secondService: null,
    maxDevices: 10_000,
    maxPerMinute: null,
    body: profileBody,
  },
  RESUME_PROFILE: {
    method: 'POST',
    path: '/m2m/v1/devices/profile/actions/profile_resume',
    callbackService: 'DeviceProfileService',
    secondService: null,
    maxDevices: 10_000,
    maxPerMinute: null,
    body: profileBody,
  },
};

export function isOperationName(name: string): name is OperationName {
  return name in OPERATIONS;
}
