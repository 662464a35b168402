import { z } from 'zod';
import { findServicePlan } from '../accounts/account.ts';
import { reportByCarrierService } from '../actions/carrier-service.ts';
import { defineOperation } from '../actions/define-operation.ts';
import { checkDevices, checkIdentifier, identifierInput } from '../actions/requested-devices.ts';
import { faultResponse } from '../callbacks/fault-response.ts';
import { spell, spellings } from '../callbacks/spelling.ts';
import { optionalText } from '../http/request-body.ts';
import { Refusal } from '../refusal.ts';

/** Which kinds each option changes. The page has more options, which change numbers, EIDs and generations. */
const options: Readonly<Record<string, readonly string[]>> = {
  ChangeICCID: ['iccid'],
  ChangeIMEI: ['imei'],
  ChangeIMEIandICCID: ['iccid', 'imei'],
};

const notActive = faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is not in the Active state');
const inUse = faultResponse('INPUT_INVALID.Device.Identifier.Invalid', 'The new device is in the database already');

/**
 * Page "Change Device Identifier": an ACTIVE line with a number moves to hardware that is not in the database. The request names one
 * line and no account. The message has the old identifiers at its top and the new ones inside.
 *
 * Inferred: the code of hardware that is in the database already.
 */
export const changeDeviceIdentifiers = defineOperation({
  endpoint: 'deviceId',
  method: 'PUT',
  path: '/api/m2m/v1/devices/4g/actions/deviceId',
  dialect: 'business',
  body: z.looseObject({
    deviceIds: z.array(identifierInput),
    deviceIdsTo: z.array(identifierInput),
    change4gOption: optionalText,
    servicePlan: optionalText,
  }),
  receive: (body, carrier) => {
    const { accounts, devices, inventory, settings } = carrier;
    const requested = checkDevices([{ deviceIds: body.deviceIds }], settings.maxDevicesPerRequest);
    const changes = body.deviceIdsTo.map(checkIdentifier);
    const kinds = options[body.change4gOption ?? ''];
    if (kinds === undefined) throw new Refusal('DeserializationFailed', `change4gOption is one of ${Object.keys(options).join(', ')}.`);
    if (String(changes.map(({ kind }) => kind).toSorted()) !== String(kinds))
      throw new Refusal('INPUT_INVALID.Device.Kind.Invalid', `${body.change4gOption} takes ${kinds.join(' and ')}.`);
    const known = inventory.byIdentifiers(requested.flatMap(({ identifiers }) => identifiers));
    const account = accounts.resolve(accounts.names.find((name) => name === known?.account) ?? accounts.names[0]);
    const servicePlan = body.servicePlan || undefined;
    if (servicePlan) findServicePlan(account, servicePlan);
    return {
      account: account.name,
      targets: devices.named(account, requested, { state: 'active' }),
      refuse: ({ state, identifiers }) => {
        if (state !== 'active' || identifiers.mdn === undefined) return notActive;
        return changes.some((identifier) => inventory.byIdentifiers([identifier])) ? inUse : undefined;
      },
      apply(device) {
        inventory.changeIdentifiers(device, changes);
        if (servicePlan) device.servicePlan = servicePlan;
      },
      reports: reportByCarrierService(carrier, {
        account: account.name,
        legacyPath: ['ChangeDeviceIdentifier'],
        result: () => ({ changeIdentifierResponse: { deviceIds: spell(changes, spellings.lower), ...(servicePlan && { servicePlan }) } }),
      }),
    };
  },
  example: {
    about: [
      'Moves an active line to another SIM. The outcome',
      'shows the old and the new ICCID.',
      '',
      'Run it again: it fails, because the old ICCID finds',
      'the line no more, and the new one is in use.',
      'An unknown ICCID counts as an active line.',
    ],
    input: {
      devices: [
        {
          deviceIds: [{ kind: 'ICCID', value: '89148000083506675705' }],
          changeTo: [{ kind: 'ICCID', value: '89148000000000000107' }],
        },
      ],
    },
  },
});
