import * as z from 'zod';
import { identifierKey, isSameKey } from '../datasources/thingspace/wire/same-identifier.ts';
import { wireDevices } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { identifiers, INPUT_TYPES, optional, servicePlan } from './fields.ts';
import type { ReportFault } from './input-fault.ts';
import { listedDevices } from './listed-target.ts';
import { identifiersShow } from './proof.ts';
import type { NamedDevice } from './target.ts';

const device = z
  .object({
    deviceIds: identifiers(
      ['MDN', 'ICCID', 'IMEI', 'MEID', 'ESN', 'MSISDN'],
      'The line as it is now, each kind once. One identifier is enough. Name the phone number (MDN), or another identifier that stays: under it the change can be proven when no callback comes.',
    ),
    changeTo: identifiers(
      ['ICCID', 'IMEI'],
      'What the line is to have instead: a new ICCID (another SIM), a new IMEI (another device), or both. It must be inactive, in no billing account, and not in the carrier’s database: delete the hardware of a deactivated line first (`deleteDevices`).',
    ),
  })
  .register(INPUT_TYPES, { name: 'ChangeDeviceIdentifiersDeviceInput', description: 'One line, and the hardware that it moves to.' });

/**
 * Page "Change device identifier". `4g` is the type of service: 3G is off. ChangeMSISDN is not offered: a repeat takes another number.
 * The changes of an EID and from 3G are not, either: no page that could be read explains what they need.
 */
export const changeDeviceIdentifiers = defineOperation({
  name: 'CHANGE_DEVICE_IDENTIFIERS',
  method: 'PUT',
  path: '/m2m/v1/devices/4g/actions/deviceId',
  callbackService: 'CarrierService',
  secondService: null,
  maxDevices: 1,
  hasRateLimit: false,
  scope: 'write',
  namesNoAccount: true,
  states: { from: ['ACTIVE'], to: null },
  texts: {
    purpose: 'Move lines to another SIM or device',
    noun: 'The change of identifiers',
    mutation:
      'Moves active lines to another SIM (ICCID), to another device (IMEI), or to both. The line keeps its phone number, and its history under each identifier that does not change; the old identifiers find nothing any more. The old hardware loses its service at once. The phone number itself cannot be changed here: the carrier takes a repeated request for another change, so a lost answer could cost a second number. New hardware may need another plan (`servicePlan`). The carrier takes one line in a request, so a mutation may name 100. Each line reports in a callback, with the old and the new identifiers (`DeviceOutcome.deviceIds`). The carrier is not told the account: it finds lines in every account that its user may use. So this takes your right to every account of the gateway.',
    inputType: 'Which lines move to which hardware.',
  },
  target: listedDevices(device, '1 to 100 active lines.', { most: 100 }),
  fields: {
    servicePlan: optional(servicePlan).describe('The service plan for the new hardware, if it needs another one. It is for all lines.'),
  },
  shown: ['servicePlan'],
  reportFaults: ({ devices }, report) => reportChangeFaults(devices, report),
  body(_account, devices, { servicePlan: plan }) {
    const [line, ...others] = devices ?? [];
    if (!line?.changeTo || others.length > 0) throw new Error('A change of identifiers without exactly one line is not sent.');
    const [from, to] = [line.deviceIds, line.changeTo].map((deviceIds) => wireDevices([{ deviceIds }])[0]?.deviceIds);
    return { deviceIds: from, deviceIdsTo: to, change4gOption: optionOf(line.changeTo), servicePlan: plan };
  },
  // The history has no event of it.
  provenBy: { requestStatus: false, record: identifiersShow, history: () => false },
  retryKinds: [],
});

function optionOf(changeTo: readonly { readonly kind: string }[]): string {
  const has = (kind: string) => changeTo.some((identifier) => identifier.kind === kind);
  return has('IMEI') && has('ICCID') ? 'ChangeIMEIandICCID' : has('IMEI') ? 'ChangeIMEI' : 'ChangeICCID';
}

type Changed = NamedDevice & { readonly changeTo: NamedDevice['deviceIds'] };

/** A new identifier is new: no line of the list has it, and no other one gets it. */
function reportChangeFaults(devices: readonly Changed[], report: ReportFault): void {
  const keysOf = (identifiers: NamedDevice['deviceIds']) => identifiers.map(({ kind, value }) => identifierKey(kind, value, kind));
  const [now, next] = [devices.map(({ deviceIds }) => keysOf(deviceIds)), devices.map(({ changeTo }) => keysOf(changeTo))];
  for (const [at, { changeTo }] of devices.entries()) {
    for (const [place, { kind }] of changeTo.entries()) {
      const path = ['devices', at, 'changeTo', place];
      const key = next[at]?.[place] ?? '';
      const owner = (lists: readonly (readonly string[])[]) => lists.findIndex((keys) => keys.some((each) => isSameKey(each, key)));
      if (changeTo.findIndex((each) => each.kind === kind) !== place)
        report([...path, 'kind'], 'DUPLICATE_KIND', `A device has one ${kind}: name each kind once.`);
      const [has, gets] = [owner(now), owner(next)];
      if (has === at) report([...path, 'value'], 'NOT_CHANGED', `The line has this ${kind} already: name the new one.`);
      else if (has >= 0)
        report([...path, 'value'], 'DUPLICATE_DEVICE', `devices[${has}] has this ${kind} now: hardware can be on one line only.`);
      if (gets < at)
        report([...path, 'value'], 'DUPLICATE_DEVICE', `devices[${gets}] gets the same ${kind}: hardware can be on one line only.`);
    }
  }
}
