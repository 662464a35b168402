import { z } from 'zod';
import { reportByCarrierService } from '../actions/carrier-service.ts';
import { defineOperation } from '../actions/define-operation.ts';
import { receiveSelection, selectionFields } from '../actions/selection.ts';
import { faultResponse } from '../callbacks/fault-response.ts';
import { addEvent, startService } from '../devices/device.ts';

/** The code is documented for suspend and others; that restore has it too is inferred. */
const notSuspended = faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is not in the Suspend state');

/**
 * Page "Restore Service for Devices": SUSPEND becomes ACTIVE. The line keeps its number and the date of its last activation. An
 * NB-IoT device is reported a second time, by NiddService.
 *
 * Inferred: the word of the history event, which the page's list has as "Restore" and no sample shows.
 */
export const restoreDevices = defineOperation({
  endpoint: 'restore',
  method: 'POST',
  path: '/api/m2m/v1/devices/actions/restore',
  dialect: 'business',
  body: z.looseObject(selectionFields),
  receive: (body, carrier) => {
    const selected = receiveSelection(body, carrier, { state: 'suspend' });
    return {
      ...selected,
      hasRequestStatus: true,
      refuse: (device) => (device.state === 'suspend' ? undefined : notSuspended),
      apply: (device, { unkind }) => {
        if (unkind.has('not-restored')) return;
        startService(device);
        addEvent(device, 'Restore', carrier.settings.clock.now());
      },
      reports: reportByCarrierService(carrier, {
        account: selected.account,
        legacyPath: ['ChangeDeviceState', 'Restore'],
        hasNidd: true,
        // Text, as seen in the field.
        result: (_device, { unkind }) => ({ restoreResponse: { restored: String(!unkind.has('not-restored')) } }),
      }),
    };
  },
  example: {
    about: [
      'Restores a suspended device. Follow it with the id of',
      'its request.',
      '',
      'Run it again: the carrier accepts the request, but',
      'the device fails, because it is active now.',
      '',
      'Another suspended device: 89148000071662737691',
      'An unknown ICCID counts as a suspended device.',
    ],
    input: { target: { devices: [{ deviceIds: [{ kind: 'ICCID', value: '89148000093318779147' }] }] } },
  },
});
