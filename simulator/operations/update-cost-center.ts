import { z } from 'zod';
import { emptyResponse, reportByCarrierService } from '../actions/carrier-service.ts';
import { type Carrier, defineOperation } from '../actions/define-operation.ts';
import { checkPlaceOfUse, placeOfUseInput } from '../actions/place-of-use.ts';
import { checkDevices, type deviceList } from '../actions/requested-devices.ts';
import { receiveSelection, selectionFields } from '../actions/selection.ts';
import { optionalText } from '../http/request-body.ts';
import { Refusal } from '../refusal.ts';

const form = /^[A-Za-z0-9 \-!#]{1,36}$/;

/**
 * Page "Change Cost Center": sets the cost center of devices, or removes it (`removeCostCenter` wins), and their place of use. It
 * works in every state. Beside `devices` the SDK wants no other element that chooses devices, not even accountName: that is refused.
 * `lenient` takes it.
 *
 * Inferred: the codes of these refusals, that it works in every state, and that the message has no `deviceResponse` or an empty one.
 */
export const updateCostCenter = defineOperation({
  endpoint: 'costCenter',
  method: 'PUT',
  path: '/api/m2m/v1/devices/costCenter',
  dialect: 'business',
  body: z.looseObject({
    ...selectionFields,
    costCenter: optionalText,
    removeCostCenter: z.boolean().nullish(),
    primaryPlaceOfUse: placeOfUseInput.nullish(),
  }),
  receive: (body, carrier) => {
    const { devices, costCenter, removeCostCenter, primaryPlaceOfUse } = body;
    if (!costCenter && !removeCostCenter) throw new Refusal('DeserializationFailed', 'Bad or missing element costCenter.');
    if (costCenter && !form.test(costCenter)) {
      throw new Refusal('INPUT_INVALID.CostCenterCode.Invalid', 'costCenter takes up to 36 letters, digits, spaces, - ! and #.');
    }
    const placeOfUse = primaryPlaceOfUse ? checkPlaceOfUse(primaryPlaceOfUse) : undefined;
    const isNarrowed = !!body.accountName || !!body.groupName || !!body.servicePlan || !!body.customFields;
    if (devices && isNarrowed && !carrier.settings.lenient) {
      throw new Refusal('INPUT_INVALID.AccountName.NotAllowed', 'Do not give other parameters that choose devices beside devices.');
    }
    const accountName = body.accountName || (devices ? accountOf(devices, carrier) : undefined);
    const selected = receiveSelection({ ...body, accountName }, carrier, { state: 'active' });
    return {
      ...selected,
      refuse: () => undefined,
      apply: (device) => {
        device.costCenterCode = removeCostCenter ? undefined : (costCenter ?? undefined);
        for (const [name, value] of placeOfUse ?? []) device.placeOfUse.set(name, value);
      },
      reports: reportByCarrierService(carrier, {
        account: selected.account,
        legacyPath: ['ChangeDeviceCostCenter'],
        result: emptyResponse(carrier),
      }),
    };
  },
  example: {
    about: [
      'Sets the cost center of a device. Follow it with the',
      'id of its request.',
      '',
      'To remove it, give removeCostCenter: true in place',
      'of costCenter.',
    ],
    input: { costCenter: 'Depot 12', target: { devices: [{ deviceIds: [{ kind: 'ICCID', value: '89148000089214755730' }] }] } },
  },
});

/** The account of the devices. Unknown ones come to the user's first account. */
function accountOf(devices: z.infer<typeof deviceList>, { accounts, inventory, settings }: Carrier): string | undefined {
  const known = checkDevices(devices, settings.maxDevicesPerRequest).map(({ identifiers }) => inventory.byIdentifiers(identifiers));
  return known.find((device) => device !== undefined)?.account ?? accounts.names[0];
}
