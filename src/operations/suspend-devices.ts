import * as z from 'zod';
import { lineBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { optional } from './fields.ts';
import { historyShows } from './proof.ts';
import { chosenLines } from './target.ts';

/** Page "Suspend service for devices". */
export const suspendDevices = defineOperation({
  name: 'SUSPEND_DEVICES',
  method: 'POST',
  path: '/m2m/v1/devices/actions/suspend',
  callbackService: 'CarrierService',
  secondService: null,
  maxDevices: 10_000,
  maxPerMinute: null,
  texts: {
    purpose: 'Suspend service for devices',
    noun: 'The suspension',
    mutation:
      'Suspends service for active devices. A suspended device keeps its phone number, IP address and service plan, and cannot connect. A device may be suspended for 90 days in a row and 180 days in a year at most; then the carrier restores it by itself. Each device reports in a callback, which tells when that will be (`DeviceOutcome.suspension`). Activations, suspensions, restorations and deactivations of a device count together: on most accounts it can have 5 a day.',
    inputType:
      "Which devices to suspend. Exactly one of `devices`, `group` and `wholeAccount` says which. No field may contain `'`, `<` or `\\`.",
    input: 'Which devices to suspend.',
  },
  target: chosenLines({ verb: 'suspend', consequence: 'every device of the account will be suspended' }),
  fields: {
    withBilling: optional(z.boolean()).describe(
      'Whether the devices go on being billed while they are suspended: `true` with billing, `false` without, as far as the contract allows it. The carrier decides when it is left out.',
    ),
  },
  body: lineBody,
  // | record of the device list | proof |
  // |---|---|
  // | suspend | DONE: there is no date, but it is the state asked for |
  // | no state | LOOK_CLOSER: list that device alone, then ask its history |
  // | any other state | NOT_YET |
  //
  // History: `Suspension Confirmed`, `Suspend`.
  provenBy: {
    requestStatus: true,
    record: ({ state }) => (state === null ? 'LOOK_CLOSER' : /^suspend(?:ed)?$/i.test(state) ? 'DONE' : 'NOT_YET'),
    history: historyShows(/^suspen/i),
  },
  retryKinds: ['ICCID', 'IMEI', 'EID', 'MDN'],
  example: {
    about: [
      'Suspends an active device. Follow it with the id of',
      'its request: the outcome tells how long it lasts.',
      '',
      'Run it twice: the device is not active any more, the',
      'request is taken on, and its device fails.',
      '',
      'Another active device: 89148000054247635302',
      'An unknown ICCID is taken on as an active device.',
    ],
    input: { devices: [{ deviceIds: [{ kind: 'ICCID', id: '89148000021368332915' }] }] },
  },
});
