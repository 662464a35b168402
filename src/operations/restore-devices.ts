import { isActive } from '../datasources/thingspace/wire/device-list.ts';
import { lineBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { historyShows } from './proof.ts';
import { chosenLines } from './target.ts';

/** Page "Restore service for devices". */
export const restoreDevices = defineOperation({
  name: 'RESTORE_DEVICES',
  method: 'POST',
  path: '/m2m/v1/devices/actions/restore',
  callbackService: 'CarrierService',
  secondService: 'NiddService',
  maxDevices: 10_000,
  maxPerMinute: null,
  texts: {
    purpose: 'Restore service for suspended devices',
    noun: 'The restoration',
    mutation:
      'Restores service for suspended devices: they can connect again, with the phone number, IP address and service plan they had. Each device reports in a callback; NB-IoT devices report a second time when NIDD is configured (`DeviceOutcome.nidd`). Activations, suspensions, restorations and deactivations of a device count together: on most accounts it can have 5 a day.',
    inputType:
      "Which devices to restore. Exactly one of `devices`, `group` and `wholeAccount` says which. No field may contain `'`, `<` or `\\`.",
    input: 'Which devices to restore.',
  },
  target: chosenLines({ verb: 'restore', consequence: 'every suspended device of the account will be restored, and billed again' }),
  fields: {},
  body: lineBody,
  // | record of the device list | proof |
  // |---|---|
  // | active | DONE: there is no date of it, but it is the state asked for |
  // | no state | LOOK_CLOSER: list that device alone, then ask its history |
  // | any other state | NOT_YET |
  //
  // History: `Restore …`; the carrier's SDK calls the same operation resume.
  provenBy: {
    requestStatus: true,
    record: ({ state }) => (state === null ? 'LOOK_CLOSER' : isActive(state) ? 'DONE' : 'NOT_YET'),
    history: historyShows(/^(?:restor|resum)/i),
  },
  retryKinds: ['ICCID', 'IMEI', 'EID', 'MDN'],
  example: {
    about: [
      'Restores a suspended device. Follow it with the id of',
      'its request.',
      '',
      'Run it twice: the device is not suspended any more,',
      'the request is taken on, and its device fails.',
      '',
      'Another suspended device: 89148000071662737691',
      'An unknown ICCID is taken on as a suspended device.',
    ],
    input: { devices: [{ deviceIds: [{ kind: 'ICCID', id: '89148000093318779147' }] }] },
  },
});
