import * as z from 'zod';
import { checkConfirmed, wireDevices } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { optional, plainText } from './fields.ts';
import { confirmedLines } from './line-target.ts';
import { primaryPlaceOfUse } from './place-of-use.ts';

/** Page "Change cost center". Its path has no `actions`. */
export const updateCostCenter = defineOperation({
  name: 'UPDATE_COST_CENTER',
  method: 'PUT',
  path: '/m2m/v1/devices/costCenter',
  callbackService: 'CarrierService',
  secondService: null,
  maxDevices: 10_000,
  hasRateLimit: false,
  scope: 'write',
  // Beside listed devices the SDK takes no account.
  namesNoAccount: true,
  texts: {
    purpose: 'Set or remove the cost center of devices',
    noun: 'The update of the cost center',
    mutation:
      'Sets the cost center of devices, or removes it: give exactly one of `costCenter` and `removeCostCenter`. It costs nothing, and the same update again changes nothing. Each device reports in a callback. For listed devices the carrier is not told the account, so this takes your right to every account of the gateway.',
    inputType: "Which devices get which cost center. No field may contain `'`, `<` or `\\`.",
  },
  target: confirmedLines({ verb: 'update', consequence: 'the cost center of every device of the account will change' }),
  fields: {
    costCenter: optional(plainText(36)).describe(
      'The new cost center: at most 36 letters, digits, spaces, dashes, exclamation points and pound signs.',
    ),
    removeCostCenter: optional(z.boolean()).describe('`true`: remove the cost center. Default: `false`.'),
    primaryPlaceOfUse: optional(primaryPlaceOfUse).describe(
      'The customer and the address of use to set beside it, for all devices of the request. It may move the taxes of the lines.',
    ),
  },
  shown: ['groupName', 'servicePlan', 'removeCostCenter'],
  reportFaults({ costCenter, removeCostCenter }, report) {
    if ((typeof costCenter === 'string') === (removeCostCenter === true))
      report(['costCenter'], 'EXACTLY_ONE', 'Give either costCenter or removeCostCenter: true.');
  },
  // The SDK: beside a list of devices there is no accountName and no filter.
  body(accountName, devices, { costCenter, removeCostCenter, primaryPlaceOfUse: place }, selection) {
    checkConfirmed(accountName, devices, selection);
    return {
      ...(devices ? { devices: wireDevices(devices) } : { accountName, ...selection.filter }),
      ...(removeCostCenter ? { removeCostCenter } : { costCenter }),
      primaryPlaceOfUse: place,
    };
  },
  // | record of the device list | proof |
  // |---|---|
  // | the cost center that was asked for, or none after a removal | DONE |
  // | no such attribute, as in lists of several devices | LOOK_CLOSER: list that device alone |
  // | any other | NOT_YET |
  //
  // The history has no event of it. A place of use is not compared: it went with the same request.
  provenBy: ({ costCenter }) => ({
    requestStatus: false,
    record: ({ costCenterCode }) => {
      if (costCenterCode === null) return 'LOOK_CLOSER';
      return costCenterCode === (costCenter ?? '') ? 'DONE' : 'NOT_YET';
    },
    history: () => false,
  }),
  retryKinds: ['ICCID', 'IMEI', 'EID', 'MDN'],
});
