import type { RequestedDevice } from '../datasources/request-log/stored-request.ts';
import type { DeviceFilter } from './target.ts';

/** Bodies that several operations share, in the order of the pages' examples. A field that is undefined is left out. */

/** The identifiers of devices; `kind` in the carrier's lower-case spelling. */
function wireDevices(devices: readonly RequestedDevice[]): unknown[] {
  return devices.map(({ deviceIds }) => ({ deviceIds: deviceIds.map(({ kind, id }) => ({ kind: kind.toLowerCase(), id })) }));
}

/** `POST /devices/profile/actions/…` */
export function profileBody(
  accountName: string,
  devices: readonly RequestedDevice[] | null,
  { servicePlan, mdnZipCode }: { readonly servicePlan?: string | undefined; readonly mdnZipCode?: string | undefined },
): unknown {
  return { devices: wireDevices(devices ?? []), accountName, servicePlan, mdnZipCode };
}

/** `POST /devices/actions/…` on lines that exist: listed devices, or a filter by which the carrier chooses them. */
export function lineBody<Settings extends DeviceFilter>(
  accountName: string,
  devices: readonly RequestedDevice[] | null,
  { groupName, servicePlan, customFields, ...rest }: Settings,
): unknown {
  return { accountName, ...(devices ? { devices: wireDevices(devices) } : { groupName, servicePlan, customFields }), ...rest };
}
