import * as z from 'zod';
import { lineBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { optional } from './fields.ts';
import { LINE_CHANGES } from './line-limits.ts';
import { historyShows, stateShows } from './proof.ts';
import { chosenLines } from './line-target.ts';

/** Page "Suspend service for devices". */
export const suspendDevices = defineOperation({
  name: 'SUSPEND_DEVICES',
  method: 'POST',
  path: '/m2m/v1/devices/actions/suspend',
  callbackService: 'CarrierService',
  secondService: null,
  maxDevices: 10_000,
  hasRateLimit: false,
  lineLimit: LINE_CHANGES,
  scope: 'write',
  states: { from: ['ACTIVE'], to: 'SUSPENDED' },
  texts: {
    purpose: 'Suspend service for devices',
    noun: 'The suspension',
    mutation:
      'Suspends service for active devices. A suspended device cannot connect. It keeps its phone number, IP address and service plan. It may be suspended for 90 days in a row and 180 days in a year at most. Then the carrier restores it by itself. Each device reports in a callback, which tells when that will be (`DeviceOutcome.suspension`). Activations, suspensions, restorations and deactivations count together: most accounts allow 5 a day for each device.',
    inputType: "Which devices to suspend. No field may contain `'`, `<` or `\\`.",
  },
  target: chosenLines({ verb: 'suspend', consequence: 'every device of the account will be suspended' }),
  fields: {
    withBilling: optional(z.boolean()).describe(
      'Whether the devices are billed while they are suspended: `true` with billing, `false` without billing if the contract allows it. Default: the carrier decides.',
    ),
  },
  shown: ['groupName', 'servicePlan', 'withBilling'],
  body: lineBody,
  // The events of the history are `Suspension Confirmed` and `Suspend`.
  provenBy: {
    requestStatus: true,
    record: stateShows('SUSPENDED'),
    history: historyShows(/^suspen/i),
  },
  retryKinds: ['ICCID', 'IMEI', 'EID', 'MDN'],
});
