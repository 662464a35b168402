import type { RequestedDevice } from '../datasources/request-log/stored-request.ts';
import type { Confirmation } from './target.ts';

/** Bodies that several operations share. Their fields have the order of the pages' examples. An undefined field is left out. */

/** What chooses the devices of a request that lists none. */
export interface Selection extends Confirmation {
  /** By the names on the wire. Empty for a whole account. */
  readonly filter: Readonly<Record<string, unknown>>;
}

/**
 * Writes the identifiers of devices. `kind` is in lower case, as the carrier spells it.
 *
 * @throws Error when there is nothing to name: the carrier may take an empty list for the whole account.
 */
export function wireDevices(
  devices: readonly RequestedDevice[],
): { readonly deviceIds: readonly { readonly kind: string; readonly id: string }[] }[] {
  if (devices.length === 0 || devices.some(({ deviceIds }) => deviceIds.length === 0))
    throw new Error('A device list without a device, or with one that has no identifier, is not sent.');
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

/** `/devices/actions/…` on existing lines: listed devices, or a filter by which the carrier chooses them. */
export function lineBody(
  accountName: string,
  devices: readonly RequestedDevice[] | null,
  settings: Readonly<Record<string, unknown>>,
  { filter }: Selection,
): unknown {
  return { accountName, ...(devices ? { devices: wireDevices(devices) } : filter), ...settings };
}

/**
 * The same. A body without devices and group means every line of the account, and the carrier does not ask back. So it is made only
 * for a caller that has repeated the name of this very account.
 *
 * @throws Error otherwise. Then nothing leaves.
 */
export function confirmedLineBody(
  accountName: string,
  devices: readonly RequestedDevice[] | null,
  settings: Readonly<Record<string, unknown>>,
  selection: Selection,
): unknown {
  checkConfirmed(accountName, devices, selection);
  return lineBody(accountName, devices, settings, selection);
}

export function checkConfirmed(accountName: string, devices: readonly RequestedDevice[] | null, selection: Selection): void {
  if (devices === null && !selection.filter['groupName'] && selection.confirmAccountName !== accountName)
    throw new Error('A request without devices and group would mean the whole account, which nobody has confirmed. It is not sent.');
}
