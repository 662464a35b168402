import type * as z from 'zod';
import type { RequestedDevice } from '../datasources/request-log/stored-request.ts';
import type { DeviceIdentifierKind } from '../datasources/thingspace/wire/device-identifier.ts';
import type { ReportFault } from './input-fault.ts';
import { deviceList, reportListFaults, type NamedDevice, type Target } from './target.ts';

interface ListRules {
  /** See `reportListFaults`. */
  readonly areProfiles?: boolean;
  /** Kinds of identifiers that each device must have. */
  readonly needs?: readonly DeviceIdentifierKind[];
}

/** A target that is always a list. */
export function listedDevices<Device extends z.ZodType<RequestedDevice, NamedDevice>>(
  device: Device,
  description: string,
  { areProfiles = false, needs = [] }: ListRules = {},
) {
  const fields = { devices: deviceList(device).describe(description) };
  return {
    fields,
    filterNames: {},
    keepsConfirmation: false,
    reportFaults({ devices }, report) {
      reportListFaults(devices, report, { areProfiles });
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
