import * as z from 'zod';
import type { RequestedDevice } from '../datasources/request-log/stored-request.ts';
import type { DeviceIdentifierKind } from '../datasources/thingspace/wire/device-identifier.ts';
import { identifiers, INPUT_TYPES } from './fields.ts';
import type { ReportFault } from './input-fault.ts';
import { deviceList, reportListFaults, type NamedDevice, type Target } from './target.ts';

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
  .register(INPUT_TYPES, { name: 'EsimProfileInput', description: 'One profile of an eSIM device.' });

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
  const fields = { devices: deviceList(profile).describe(description) };
  return {
    fields,
    filterNames: {},
    keepsConfirmation: false,
    reportFaults({ devices }, report) {
      reportListFaults(devices, report, { areProfiles: true });
      reportMissingKinds(devices, needs, report);
    },
    choose: ({ devices }) => ({ devices, filter: {}, confirmation: {} }),
  } satisfies Target<typeof fields>;
}

/** A device without any identifier has a fault already. */
function reportMissingKinds(devices: readonly NamedDevice[], needs: readonly DeviceIdentifierKind[], report: ReportFault): void {
  for (const [at, { deviceIds }] of devices.entries()) {
    const missing = needs.filter((kind) => !deviceIds.some((identifier) => identifier.kind === kind));
    if (deviceIds.length > 0 && missing.length > 0)
      report(
        ['devices', at, 'deviceIds'],
        'NEEDS_IDENTIFIER',
        `This operation needs the ${needs.join(' and the ')} of each device. Missing here: ${missing.join(', ')}.`,
      );
  }
}
