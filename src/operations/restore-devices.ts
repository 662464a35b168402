import { lineBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { LINE_CHANGES } from './line-limits.ts';
import { historyShows, stateShows } from './proof.ts';
import { chosenLines } from './line-target.ts';

/** Page "Restore service for devices". */
export const restoreDevices = defineOperation({
  name: 'RESTORE_DEVICES',
  method: 'POST',
  path: '/m2m/v1/devices/actions/restore',
  callbackService: 'CarrierService',
  secondService: 'NiddService',
  maxDevices: 10_000,
  hasRateLimit: false,
  lineLimit: LINE_CHANGES,
  scope: 'write',
  states: { from: ['SUSPENDED'], to: 'ACTIVE' },
  texts: {
    purpose: 'Restore service for suspended devices',
    noun: 'The restoration',
    mutation:
      'Restores service for suspended devices. They can connect again, with the phone number, IP address and service plan that they had. Each device reports in a callback. NB-IoT devices report a second time when NIDD is configured (`DeviceOutcome.nidd`). Activations, suspensions, restorations and deactivations count together: most accounts allow 5 a day for each device.',
    inputType: "Which devices to restore. No field may contain `'`, `<` or `\\`.",
  },
  target: chosenLines({ verb: 'restore', consequence: 'every suspended device of the account will be restored, and billed again' }),
  fields: {},
  shown: ['groupName', 'servicePlan'],
  body: lineBody,
  // The events of the history are `Restore …`. The carrier's SDK calls the same operation resume.
  provenBy: {
    requestStatus: true,
    record: stateShows('ACTIVE'),
    history: historyShows(/^(?:restor|resum)/i),
  },
  retryKinds: ['ICCID', 'IMEI', 'EID', 'MDN'],
});
