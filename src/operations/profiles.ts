import * as z from 'zod';
import type { RequestedDevice } from '../datasources/request-log/stored-request.ts';
import type { DeviceIdentifierKind } from '../datasources/thingspace/wire/device-identifier.ts';
import { profileBody } from './bodies.ts';
import { identifiers, INPUT_TYPES } from './fields.ts';
import { listedDevices } from './listed-target.ts';
import type { NamedDevice } from './target.ts';

/** What the operations on eSIM profiles have in common. */
export const PROFILE_OPERATION = {
  method: 'POST',
  callbackService: 'DeviceProfileService',
  secondService: null,
  // The pages allow 10,000 in one POST, the carrier's SDK 100. One message comes for each profile, so nothing is lost by more POSTs.
  maxDevices: 100,
  hasRateLimit: false,
  scope: 'write',
} as const;

/** The path of an action on profiles. */
export function profileAction(action: string): string {
  return `/m2m/v1/devices/profile/actions/${action}`;
}

/** A profile that is named by the EID of its device and by its own ICCID. */
export const eidAndIccid = z
  .object({
    deviceIds: identifiers(
      ['EID', 'ICCID'],
      'The EID of the device and the ICCID of the profile. Both are needed, and nothing else is taken.',
    ),
  })
  .register(INPUT_TYPES, { name: 'ESimProfileInput', description: 'One profile of an eSIM device.' });

/** An eSIM device that is named by its EID. */
export const eSimDevice = z
  .object({ deviceIds: identifiers(['EID'], 'The EID of the device, and nothing else.') })
  .register(INPUT_TYPES, { name: 'ESimDeviceInput', description: 'One eSIM device, with all its profiles.' });

/** What the operations on whole eSIM devices have in common. */
export const ESIM_DEVICE_OPERATION = {
  ...PROFILE_OPERATION,
  deviceDecides: true,
  fields: {},
  shown: [],
  body: profileBody,
  // The device list has a record for each profile and none for the device. One profile proves nothing of the others, nor of the device.
  provenBy: 'NOTHING',
  retryKinds: ['EID'],
} as const;

/**
 * A target of eSIM profiles. They are always listed.
 *
 * @param needs kinds of identifiers that each of them must have.
 */
export function listedProfiles<Profile extends z.ZodType<RequestedDevice, NamedDevice>>(
  profile: Profile,
  description: string,
  needs: readonly DeviceIdentifierKind[] = [],
) {
  return listedDevices(profile, description, { areProfiles: true, needs });
}
