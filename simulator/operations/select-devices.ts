import type { Device } from '../devices/device.ts';
import type { Inventory } from '../devices/inventory.ts';

/** The devices of an account, of one group if named, that have all the given custom field values. */
export function devicesOfAccount(
  inventory: Inventory,
  account: string,
  groupName: string | undefined,
  customFields: ReadonlyMap<string, string>,
): Device[] {
  return inventory
    .find({ account, ...(groupName === undefined ? {} : { groupName }) })
    .filter((device) => [...customFields].every(([name, value]) => device.customFields.get(name) === value));
}
