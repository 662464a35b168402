import * as z from 'zod';
import type { RequestedDevice } from '../datasources/request-log/stored-request.ts';
import { wireDevices } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { identifiers, INPUT_TYPES } from './fields.ts';
import { listedDevices } from './listed-target.ts';

/** The strongest first. A deactivated line has no number any more, and its old one may be another's. */
const KINDS = ['ICCID', 'IMEI', 'MEID', 'ESN', 'EID'] as const;

const device = z
  .object({
    deviceIds: identifiers(
      KINDS,
      'The identifiers of the device, each kind once. One is enough. The carrier takes one, so the first of these kinds is sent: ICCID, IMEI, MEID, ESN, EID.',
    ),
  })
  .register(INPUT_TYPES, { name: 'DeleteDeviceInput', description: 'One deactivated device.' });

/** Page "Delete devices". The carrier is not told the account. */
export const deleteDevices = defineOperation({
  name: 'DELETE_DEVICES',
  method: 'POST',
  path: '/m2m/v1/devices/actions/delete',
  callbackService: null,
  secondService: null,
  maxDevices: 100,
  hasRateLimit: false,
  scope: 'terminate',
  namesNoAccount: true,
  states: { from: ['DEACTIVE'], to: null },
  texts: {
    purpose: 'Delete deactivated devices with all their history',
    noun: 'The deletion',
    mutation:
      'Deletes deactivated devices from the carrier’s database. It cannot be undone: the carrier forgets the device and all its history of usage, connections and provisioning. Save what you need first. The hardware is not lost. The SIM or IMEI of a deactivated line must be deleted before it can be used in another pairing (`changeDeviceIdentifiers`). Nothing is billed. A device that is not deactivated fails; `deactivateDevices` ends its line. The mutation needs the scope `terminate`. The carrier answers at once with the result of each device, and no callback comes: the request is usually complete when the mutation returns (`DeviceOutcome.source` is ANSWER). The carrier takes 100 devices in one request; more are split. If the answer is lost, no read tells a deleted device from one that was never there. The carrier is not told the account: it deletes devices of every account that its user may use. So this takes your right to every account of the gateway.',
    inputType: 'Which devices to delete.',
  },
  target: listedDevices(device, '1 to 10,000 deactivated devices.'),
  fields: {},
  shown: [],
  body: (_account, devices) => ({ devicesToDelete: wireDevices((devices ?? []).map(byStrongest)) }),
  provenBy: 'NOTHING',
  // What nobody named must not be deleted.
  retryKinds: [],
});

function byStrongest(named: RequestedDevice): RequestedDevice {
  const strongest = KINDS.flatMap((kind) => named.deviceIds.find((identifier) => identifier.kind === kind) ?? []);
  return { deviceIds: strongest.slice(0, 1) };
}
