import { z } from 'zod';
import { findGroup } from '../accounts/account.ts';
import { checkCustomFields, customFieldList } from '../actions/custom-fields.ts';
import { defineOperation } from '../actions/define-operation.ts';
import { checkDevices, deviceList } from '../actions/requested-devices.ts';
import { faultResponse } from '../callbacks/fault-response.ts';
import { optionalText } from '../http/request-body.ts';
import { Refusal } from '../refusal.ts';

const maxDevices = 200;

/** The answer does not tell it. */
const known = faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is in the database already');

/**
 * Page "Add Devices": devices that the carrier does not know become PRE-ACTIVE. The answer has a result for each device and no reason
 * for a failure.
 *
 * Inferred: a device of which any identifier is known fails.
 */
export const addDevices = defineOperation({
  endpoint: 'add',
  method: 'POST',
  path: '/api/m2m/v1/devices/actions/add',
  dialect: 'business',
  body: z.looseObject({
    state: optionalText,
    devicesToAdd: deviceList,
    accountName: optionalText,
    groupName: optionalText,
    customFields: customFieldList.nullish(),
    skuNumber: optionalText,
  }),
  receive: (body, { accounts, devices, inventory, settings }) => {
    const account = accounts.resolve(body.accountName);
    // The pages write "Pre-active"; a reseller's tool sends "preactive".
    if (!/^pre-?active$/i.test(body.state ?? '')) throw new Refusal('INPUT_INVALID.DeviceState.Invalid', 'state must be Pre-active.');
    if (body.devicesToAdd.length > maxDevices)
      throw new Refusal('INPUT_INVALID.NumberofDevices', `A request may name at most ${maxDevices} devices.`);
    const requested = checkDevices(body.devicesToAdd, settings.maxDevicesPerRequest);
    if (body.groupName) findGroup(account, body.groupName);
    const customFields = checkCustomFields(body.customFields);
    const before = new Set(inventory.devices);
    return {
      account: account.name,
      targets: devices.named(account, requested, { state: 'pre-active', isBroughtIn: true }),
      refuse: (device) => (before.has(device) ? known : undefined),
      apply: (device) => {
        if (body.groupName) device.groupName = body.groupName;
        for (const [name, value] of customFields) device.customFields.set(name, value);
        if (body.skuNumber) device.skuNumber = body.skuNumber;
      },
      result: ({ requested: deviceIds }, fault) => ({ deviceIds, response: fault ? 'Failed' : 'Success' }),
    };
  },
  example: {
    about: [
      'Adds a device without activating it. The carrier',
      'answers at once: the request is complete.',
      '',
      'Run it again: the device fails, because it is in the',
      'account now. activateDevices gives it service.',
    ],
    input: {
      devices: [
        {
          deviceIds: [
            { kind: 'IMEI', value: '990010000000106' },
            { kind: 'ICCID', value: '89148000000000000106' },
          ],
        },
      ],
    },
  },
});
