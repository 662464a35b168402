import type { RequestedDevice } from '../datasources/request-log/stored-request.ts';
import type { DeviceFilter } from '../datasources/thingspace/carrier-reads.ts';

/** Bodies that several operations share. Their fields have the order of the pages' examples. An undefined field is left out. */

/** Writes the identifiers of devices. `kind` is in lower case, as the carrier spells it. */
function wireDevices(devices: readonly RequestedDevice[]): unknown[] {
  return devices.map(({ deviceIds }) => ({ deviceIds: deviceIds.map(({ kind, id }) => ({ kind: kind.toLowerCase(), id })) }));
}

/** `POST /devices/profile/actions/…` */
export function profileBody<Settings extends { readonly servicePlan?: string | undefined; readonly mdnZipCode?: string | undefined }>(
  accountName: string,
  devices: readonly RequestedDevice[] | null,
  { servicePlan, mdnZipCode, ...rest }: Settings,
): unknown {
  return { devices: wireDevices(devices ?? []), accountName, servicePlan, mdnZipCode, ...rest };
}

/** `POST /devices/actions/…` on existing lines: listed devices, or a filter by which the carrier chooses them. */
export function lineBody<Settings extends DeviceFilter>(
  accountName: string,
  devices: readonly RequestedDevice[] | null,
  { groupName, servicePlan, customFields, ...rest }: Settings,
): unknown {
  return { accountName, ...(devices ? { devices: wireDevices(devices) } : { groupName, servicePlan, customFields }), ...rest };
}
