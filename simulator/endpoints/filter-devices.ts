import { z } from 'zod';
import { wholeSecond } from '../devices/carrier-date.ts';
import { type Device, listedState } from '../devices/device.ts';
import type { Inventory } from '../devices/inventory.ts';
import { identifierKind } from '../devices/identifiers.ts';
import { checkIdentifier, identifierInput } from '../actions/requested-devices.ts';
import { customFieldList } from '../actions/custom-fields.ts';
import { optionalText as text } from '../http/request-body.ts';

/** Body of `POST devices/actions/list`: one device, or filters that must all hold, or nothing for everything. */
export const deviceListBody = z.looseObject({
  deviceId: identifierInput.nullish(),
  accountName: text,
  groupName: text,
  currentState: text,
  servicePlan: text,
  customFields: customFieldList.nullish(),
  earliest: text,
  latest: text,
  filter: z
    .looseObject({
      deviceIdentifierFilters: z.array(z.looseObject({ kind: z.string(), contains: text, startswith: text, endswith: text })).nullish(),
    })
    .nullish(),
  maxNumberOfDevices: z.coerce.number().nullish(),
  largestDeviceIdSeen: z.coerce.number().nullish(),
});

export type DeviceListQuery = z.infer<typeof deviceListBody>;

/** The devices that match. With a cursor: those after it, by rising DeviceId. Without one: by date of creation, the oldest first. */
export function filterDevices(inventory: Inventory, query: DeviceListQuery): Device[] {
  if (query.deviceId) {
    return inventory.allWith(checkIdentifier(query.deviceId)).filter(({ account }) => !query.accountName || account === query.accountName);
  }
  const found = inventory.devices.filter((device) => device.number > (query.largestDeviceIdSeen ?? 0) && matches(device, query));
  const byNumber = query.largestDeviceIdSeen !== null && query.largestDeviceIdSeen !== undefined;
  return byNumber ? found : found.toSorted((one, other) => one.createdAt - other.createdAt);
}

function matches(device: Device, query: DeviceListQuery): boolean {
  return (
    (!query.accountName || device.account === query.accountName) &&
    (!query.groupName || device.groupName === query.groupName) &&
    (!query.currentState || listedState(device) === query.currentState.toLowerCase()) &&
    (!query.servicePlan || device.servicePlan === query.servicePlan) &&
    (query.customFields ?? []).every(({ key, value }) => device.customFields.get(key) === value) &&
    (!query.earliest || wholeSecond(device.createdAt) >= Date.parse(query.earliest)) &&
    (!query.latest || wholeSecond(device.createdAt) <= Date.parse(query.latest)) &&
    (query.filter?.deviceIdentifierFilters ?? []).every((filter) => {
      const kind = identifierKind(filter.kind);
      const id = kind === undefined ? undefined : device.identifiers[kind];
      return (
        id !== undefined &&
        id.includes(filter.contains ?? '') &&
        id.startsWith(filter.startswith ?? '') &&
        id.endsWith(filter.endswith ?? '')
      );
    })
  );
}
