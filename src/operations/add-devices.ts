import * as z from 'zod';
import { wireDevices } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { identifiers, INPUT_TYPES, optional, skuNumber, text } from './fields.ts';
import { listedDevices } from './listed-target.ts';
import { stateShows } from './proof.ts';
import { customFieldValues, reportRepeatedKeys } from './target.ts';

const device = z
  .object({
    deviceIds: identifiers(
      ['IMEI', 'ICCID', 'EID', 'MEID', 'ESN'],
      'All identifiers of the device, each kind once: the IMEI and the ICCID of a 4G device. The kinds IMEI, ICCID, EID, MEID and ESN are accepted.',
    ),
  })
  .register(INPUT_TYPES, { name: 'AddDeviceInput', description: 'One device to add.' });

/** Page "Add devices". `smsrOid` is not offered: no page explains it, and the SDK contradicts itself about its form. */
export const addDevices = defineOperation({
  name: 'ADD_DEVICES',
  method: 'POST',
  path: '/m2m/v1/devices/actions/add',
  callbackService: null,
  secondService: null,
  maxDevices: 200,
  hasRateLimit: false,
  scope: 'write',
  states: { from: [], to: 'PRE_ACTIVE', takesUnknown: true },
  texts: {
    purpose: 'Add devices to an account without activating them',
    noun: 'The addition',
    mutation:
      'Adds devices to the account in the state pre-active: without a phone number, a plan and service. Nothing is billed. `activateDevices` adds devices by itself, so this is needed only to know devices before they are activated. The carrier answers at once with the result of each device, and no callback comes: the request is usually complete when the mutation returns (`DeviceOutcome.source` is ANSWER). The carrier takes 200 devices in one request; more are split. It gives no reason for a device that failed (fault code `NOT_DONE`); perhaps the device is in an account already.',
    inputType: "Which devices to add. No field may contain `'`, `<` or `\\`.",
  },
  target: listedDevices(device, '1 to 10,000 devices that are not in the account yet.'),
  fields: {
    groupName: optional(text(100)).describe(
      'The device group to put the devices into, at most 100 characters. Default: the default group of the account.',
    ),
    customFields: optional(customFieldValues).describe('Custom fields to set on the devices, each key once.'),
    skuNumber: optional(skuNumber).describe(
      'The Stock Keeping Unit of a 4G device type, at most 20 characters. All devices must be of this type.',
    ),
  },
  shown: ['groupName', 'skuNumber'],
  reportFaults: ({ customFields }, report) => reportRepeatedKeys(customFields, ['customFields'], report),
  body: (accountName, devices, { groupName, customFields, skuNumber: sku }) => ({
    state: 'Pre-active',
    devicesToAdd: wireDevices(devices ?? []),
    accountName,
    groupName,
    customFields,
    skuNumber: sku,
  }),
  // The history has no event of it.
  provenBy: { requestStatus: false, record: stateShows('PRE_ACTIVE'), history: () => false },
  retryKinds: ['ICCID', 'IMEI', 'EID'],
});
