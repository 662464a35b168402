import { confirmedLineBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { etfWaiver, text, withDefault } from './fields.ts';
import { LINE_CHANGES } from './line-limits.ts';
import { countedLines } from './line-target.ts';
import { historyShows, stateShows } from './proof.ts';

/**
 * Page "Deactivate service for devices". `deleteAfterDeactivation` is not offered: no page explains it, and it presumably deletes the
 * history of a line with the line.
 */
export const deactivateDevices = defineOperation({
  name: 'DEACTIVATE_DEVICES',
  method: 'POST',
  path: '/m2m/v1/devices/actions/deactivate',
  callbackService: 'CarrierService',
  secondService: null,
  maxDevices: 10_000,
  hasRateLimit: false,
  lineLimit: LINE_CHANGES,
  scope: 'terminate',
  states: { from: ['ACTIVE'], to: 'DEACTIVE' },
  texts: {
    purpose: 'End service for devices for good',
    noun: 'The deactivation',
    mutation:
      'Ends service for active devices for good. It cannot be undone. A deactivated device gives up its phone number, IP address and service plan. It can be activated again, but then it has a new number. The carrier keeps the old number for 50 days, and only its support can give it back. The carrier bills an early termination fee for each line whose contract has one, unless `etfWaiver` is `true`. The mutation needs the scope `terminate`. For a group or the whole account the caller also says how many devices are meant, and nothing is sent when the carrier lists another number. Each device reports in a callback. A device that is not active fails; restore a suspended device first. Activations, suspensions, restorations and deactivations count together: most accounts allow 5 a day for each device.',
    inputType: "Which devices to deactivate. No field may contain `'`, `<` or `\\`.",
  },
  target: countedLines({ verb: 'deactivate', consequence: 'every device of the account will lose its service and its number for good' }),
  fields: {
    reasonCode: withDefault(text(50), 'FF').describe(
      'The carrier’s code for the reason, at most 50 characters. The only one that the carrier documents is `FF` (general administration or maintenance). Default: `FF`.',
    ),
    etfWaiver,
  },
  shown: ['groupName', 'servicePlan', 'confirmDeviceCount', 'reasonCode', 'etfWaiver'],
  body(accountName, devices, settings, selection) {
    if (devices === null && selection.confirmDeviceCount === undefined)
      throw new Error('A deactivation of devices that nobody has listed or counted is not sent.');
    return confirmedLineBody(accountName, devices, settings, selection);
  },
  // `pending deactivation` is not done yet. The page lists the event `Deactivate`, and no sample has it.
  provenBy: {
    requestStatus: true,
    record: stateShows('DEACTIVE'),
    history: historyShows(/^deactivat/i),
  },
  // An MDN is given up with the line. A retry must not name the line that has it next.
  retryKinds: ['ICCID', 'IMEI', 'EID'],
});
