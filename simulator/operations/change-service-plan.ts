import { z } from 'zod';
import { findServicePlan } from '../accounts/account.ts';
import { emptyResponse, reportByCarrierService } from '../actions/carrier-service.ts';
import { defineOperation } from '../actions/define-operation.ts';
import { receiveSelection, selectionFields } from '../actions/selection.ts';
import { faultResponse } from '../callbacks/fault-response.ts';
import { addEvent, isChanging } from '../devices/device.ts';
import { optionalText } from '../http/request-body.ts';
import { Refusal } from '../refusal.ts';

const notActive = faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is not in the Active state');

/**
 * Page "Change Device Service Plan": an active line gets another plan. `servicePlan` is the new one, `currentServicePlan` chooses
 * devices. When the new plan adds NIDD, an NB-IoT device is reported a second time, by NiddService.
 *
 * Inferred: that the result is empty, as in the older SOAP messages; the word of the history event; the code for an unknown pool;
 * which plan adds NIDD (the one for NB-IoT). Not simulated: the limit of 4 changes a month, `takeEffect`, and 3G devices.
 */
export const changeServicePlan = defineOperation({
  endpoint: 'plan',
  method: 'PUT',
  path: '/api/m2m/v1/devices/actions/plan',
  dialect: 'business',
  body: z.looseObject({ ...selectionFields, currentServicePlan: optionalText, carrierIpPoolName: optionalText }),
  receive: (body, carrier) => {
    const { accounts, settings } = carrier;
    const { servicePlan, carrierIpPoolName } = body;
    const account = accounts.resolve(body.accountName);
    if (!servicePlan) throw new Refusal('DeserializationFailed', 'Bad or missing element servicePlan.');
    findServicePlan(account, servicePlan);
    if (carrierIpPoolName && !account.ipPools.some(({ poolName }) => poolName === carrierIpPoolName)) {
      throw new Refusal('INPUT_INVALID.CarrierIpPoolName.NotDefined', 'The IP pool was not found.');
    }
    const selected = receiveSelection({ ...body, servicePlan: body.currentServicePlan }, carrier, { state: 'active' });
    return {
      ...selected,
      refuse: (device) => (device.state === 'active' && !isChanging(device) ? undefined : notActive),
      apply: (device) => {
        device.servicePlan = servicePlan;
        addEvent(device, 'Service Plan Change', settings.clock.now());
      },
      reports: reportByCarrierService(carrier, {
        account: selected.account,
        legacyPath: ['ChangeDeviceServicePlan'],
        hasNidd: servicePlan.startsWith('NBIoT'),
        result: emptyResponse(carrier),
      }),
    };
  },
  example: {
    about: [
      'Puts an active device on another service plan.',
      'Follow it with the id of its request.',
      '',
      'The plans of this carrier: m2m4G2GB, m2m4G500MB,',
      'NBIoT50KB and HybridESim.',
      '',
      'A suspended device, which fails:',
      '  89148000076297490348',
      'An unknown ICCID counts as an active device.',
    ],
    input: { servicePlan: 'm2m4G500MB', target: { devices: [{ deviceIds: [{ kind: 'ICCID', value: '89148000089214755730' }] }] } },
  },
});
