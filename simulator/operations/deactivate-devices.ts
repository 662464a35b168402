import { z } from 'zod';
import { reportByCarrierService } from '../actions/carrier-service.ts';
import { defineOperation } from '../actions/define-operation.ts';
import { receiveSelection, selectionFields } from '../actions/selection.ts';
import { faultResponse } from '../callbacks/fault-response.ts';
import { addEvent, endService, isChanging } from '../devices/device.ts';
import { optionalText } from '../http/request-body.ts';
import { Refusal } from '../refusal.ts';

const notActive = faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is not in the Active state');
const pendingState = 'pending deactivation';

/**
 * Page "Deactivate Service for Devices": ACTIVE becomes DEACTIVE, and the line loses its number, address and plan. A suspended line
 * gets a fault: the REST page names ACTIVE only. The older SOAP page takes it too, and so does `lenient`.
 *
 * Inferred: the code for a wrong reasonCode, and the word of the history event, which the page's list has as "Deactivate" and no
 * sample shows. `etfWaiver` is accepted and has no effect. Not simulated: `deleteAfterDeactivation`, and the 50 days for which the
 * number is kept.
 */
export const deactivateDevices = defineOperation({
  endpoint: 'deactivate',
  method: 'POST',
  path: '/api/m2m/v1/devices/actions/deactivate',
  dialect: 'business',
  body: z.looseObject({ ...selectionFields, reasonCode: optionalText, etfWaiver: z.boolean().nullish() }),
  receive: (body, carrier) => {
    const { settings, inventory } = carrier;
    const selected = receiveSelection(body, carrier, { state: 'active' });
    if (!body.reasonCode) throw new Refusal('DeserializationFailed', 'Bad or missing element reasonCode.');
    if (!settings.lenient && body.reasonCode !== 'FF') {
      throw new Refusal('INPUT_INVALID.ReasonCode.Invalid', `The reason code ${body.reasonCode} is not valid.`);
    }
    return {
      ...selected,
      hasRequestStatus: true,
      pendingState,
      refuse: (device) => {
        const isFit = device.state === 'active' || (settings.lenient && device.state === 'suspend');
        return isFit && !isChanging(device, pendingState) ? undefined : notActive;
      },
      apply: (device) => {
        endService(device);
        inventory.giveUpNumber(device);
        addEvent(device, 'Deactivate', settings.clock.now());
      },
      reports: reportByCarrierService(carrier, {
        account: selected.account,
        legacyPath: ['ChangeDeviceState', 'Deactivate'],
        // Text, as seen in the field.
        result: () => ({ deactivateResponse: { deactivated: 'true' } }),
      }),
    };
  },
  example: {
    about: [
      'Ends service for an active device. It cannot be',
      'undone: the device loses its phone number. Follow it',
      'with the id of its request.',
      '',
      'Run it again: the carrier accepts the request, but',
      'the device fails, because it is deactivated now.',
      '',
      'Another active device: 89148000052144999976',
      'A whole account is counted first. In place of the',
      'devices: wholeAccount: { confirmAccountName: "…",',
      'confirmDeviceCount: 5 } sends nothing, and tells',
      'how many devices there are.',
    ],
    input: { target: { devices: [{ deviceIds: [{ kind: 'ICCID', value: '89148000058440147438' }] }] } },
  },
});
