import { z } from 'zod';
import { findGroup } from '../accounts/account.ts';
import { optionalText } from '../http/request-body.ts';
import type { Action } from './action.ts';
import { checkCustomFields, customFieldList } from './custom-fields.ts';
import type { Carrier } from './define-operation.ts';
import type { FreshDevice } from './device-finder.ts';
import { checkDevices, deviceList } from './requested-devices.ts';

/** The elements by which a change of the service says which devices it means (pages "Suspend", "Restore", "Deactivate Service"). */
export const selectionFields = {
  accountName: optionalText,
  devices: deviceList.nullish(),
  groupName: optionalText,
  servicePlan: optionalText,
  customFields: customFieldList.nullish(),
};

const selectionBody = z.looseObject(selectionFields);

/**
 * The account and the devices of such a request: those it names, else all of the account that have everything it gives. Without
 * `devices` and filters that is the whole account. Beside `devices` the filters are not looked at (inferred).
 */
export function receiveSelection(
  body: z.infer<typeof selectionBody>,
  carrier: Carrier,
  fresh: FreshDevice,
): Pick<Action, 'account' | 'targets'> {
  const { accounts, devices, settings } = carrier;
  const account = accounts.resolve(body.accountName);
  const requested = body.devices ? checkDevices(body.devices, settings.maxDevicesPerRequest) : undefined;
  if (body.groupName) findGroup(account, body.groupName);
  const customFields = checkCustomFields(body.customFields);
  const groupName = body.groupName || undefined;
  const servicePlan = body.servicePlan || undefined;
  return {
    account: account.name,
    targets: requested ? devices.named(account, requested, fresh) : devices.selected(account, { groupName, servicePlan, customFields }),
  };
}
