import { z } from 'zod';
import { defineOperation } from '../actions/define-operation.ts';
import { checkDevices, deviceList } from '../actions/requested-devices.ts';
import { faultResponse } from '../callbacks/fault-response.ts';
import { Refusal } from '../refusal.ts';

const maxDevices = 100;

const notDeactive = faultResponse('INPUT_INVALID.DeviceState.Invalid', 'The device is not in deactive state.');
const noAccess = faultResponse('INPUT_INVALID.Device.Account.Invalid', 'The user does not have access to the device.');

/**
 * Page "Delete Devices": forgets devices in DEACTIVE state with all their history. The request names no account, and each device by one
 * identifier. In the sample of the SDK, `deviceIds` of the answer is an object for some devices and a list for others.
 *
 * Inferred: the code for more than 100 devices, the refusal of a second identifier, the text about a device that is not known.
 */
export const deleteDevices = defineOperation({
  endpoint: 'delete',
  method: 'POST',
  path: '/api/m2m/v1/devices/actions/delete',
  dialect: 'business',
  body: z.looseObject({ devicesToDelete: deviceList }),
  receive: (body, { accounts, devices, inventory, settings }) => {
    if (body.devicesToDelete.length > maxDevices)
      throw new Refusal('INPUT_INVALID.NumberofDevices', `A request may name at most ${maxDevices} devices.`);
    const requested = checkDevices(body.devicesToDelete, settings.maxDevicesPerRequest);
    if (requested.some(({ identifiers }) => identifiers.length > 1))
      throw new Refusal('INPUT_INVALID.Device.Identifier.Invalid', 'A device must be identified by one identifier.');
    return {
      targets: devices.named(accounts.resolve(accounts.names[0]), requested, { state: 'deactive' }),
      refuse: ({ account, state }) => (!accounts.names.includes(account) ? noAccess : state === 'deactive' ? undefined : notDeactive),
      apply: (device) => inventory.remove(device),
      result: ({ requested: deviceIds }, fault) => ({
        deviceIds: fault ? deviceIds[0] : deviceIds,
        status: fault ? 'Failed' : 'Success',
        ...(fault && { message: fault.faultstring.replace(/^\w+\. /, '') }),
      }),
    };
  },
  example: {
    about: [
      'Deletes a deactivated device with all its history.',
      'The carrier answers at once.',
      '',
      'Put the ICCID of an active device here: it fails.',
      '  89148000054247635302',
      'An unknown ICCID counts as a deactivated device.',
    ],
    input: { devices: [{ deviceIds: [{ kind: 'ICCID', value: '89148000001399136825' }] }] },
  },
});
