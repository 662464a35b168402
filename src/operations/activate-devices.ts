import * as z from 'zod';
import type { RequestedDevice } from '../datasources/request-log/stored-request.ts';
import { defineOperation } from './define-operation.ts';
import { about, carrierName, identifiers, INPUT_TYPES, optional, plainText, servicePlan, skuNumber, text, zipCode } from './fields.ts';
import { primaryPlaceOfUse } from './place-of-use.ts';
import { LINE_CHANGES } from './line-limits.ts';
import { activationShows, historyShows } from './proof.ts';
import { chosenBy, customFieldFilter, customFieldValues, deviceList, ONE_OF_THREE, reportRepeatedKeys } from './target.ts';

const device = z
  .object({
    deviceIds: identifiers(
      ['IMEI', 'ICCID', 'EID', 'MDN', 'MEID', 'MSISDN', 'ESN'],
      'The identifiers of the device, each kind once. A 4G device needs its IMEI and ICCID, or the ICCID alone with `skuNumber`. The kinds IMEI, ICCID, EID, MDN, MEID, MSISDN and ESN are accepted.',
    ),
    ipAddress: optional(
      z
        .string()
        .regex(
          /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]\d?)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/,
          about('must be an IPv4 address: 1-255.0-255.0-255.0-255, for example "100.127.22.33".'),
        ),
    ).describe('The IP address to assign, in the format 1-255.0-255.0-255.0-255: `100.127.22.33`. It needs `carrierIpPoolName`.'),
  })
  .register(INPUT_TYPES, { name: 'ActivateDeviceInput', description: 'One device to activate.' });

const narrowing = {
  customFieldFilter: optional(customFieldFilter).describe(
    'Activate only devices with all of these custom field values. They must have been added to the account with them before.',
  ),
};

const activateGroup = z
  .object({ groupName: text(100).describe('The name of the device group, at most 100 characters.'), ...narrowing })
  .register(INPUT_TYPES, { name: 'ActivateGroupInput', description: 'Activates the devices of a group.' });

const activateWholeAccount = z
  .object({
    confirmAccountName: z.string().describe('Repeat `accountName` here, to confirm that every line of the account will be billed.'),
    ...narrowing,
  })
  .register(INPUT_TYPES, {
    name: 'ActivateWholeAccountInput',
    description: 'Activates every 4G device of the account. With a filter, only those with specific custom field values.',
  });

const target = z
  .object(
    {
      devices: optional(deviceList(device)).describe('1 to 10,000 devices.'),
      group: optional(activateGroup).describe('The devices of a group.'),
      wholeAccount: optional(activateWholeAccount).describe('Every device of the account.'),
    },
    ONE_OF_THREE,
  )
  .register(INPUT_TYPES, { name: 'ActivateTargetInput', isOneOf: true, description: 'The devices to activate.' });

/** Page "Activate service for devices", with its notes. */
export const activateDevices = defineOperation({
  name: 'ACTIVATE_DEVICES',
  method: 'POST',
  path: '/m2m/v1/devices/actions/activate',
  callbackService: 'CarrierService',
  secondService: 'NiddService',
  maxDevices: 10_000,
  hasRateLimit: true,
  lineLimit: LINE_CHANGES,
  scope: 'write',
  states: { from: ['PRE_ACTIVE', 'DEACTIVE'], to: 'ACTIVE', takesUnknown: true },
  texts: {
    purpose: 'Activate service for devices',
    noun: 'The activation',
    mutation:
      'Activates service for devices, so that they can send and receive data. Each device reports when it is active or has failed, usually within a few minutes. It may take up to 12 hours while the network is being changed. NB-IoT devices report a second time when NIDD is configured. The carrier takes 100 activate requests a minute: put many devices into one. First check that the devices are ready (state, availability), and read the carrier’s M2M Service Provisioning Rules. The carrier’s device list and provisioning history also show what happened to a device. A general error in a result is a case for the carrier’s support; other errors mean a wrong identifier or value.',
    inputType:
      "Which devices to activate, and how. Devices must already exist in Verizon Mobile Device Management (MDM). If they are not in the account yet and the activation fails, they may be added to it as deactivated. No field may contain `'`, `<` or `\\`.",
  },
  target: chosenBy(target, {
    filterNames: { groupName: 'groupName', customFields: 'customFields' },
    keepsConfirmation: false,
    verb: 'activate',
    consequence: 'every device of the account will be activated',
  }),
  fields: {
    servicePlan: servicePlan.describe(
      'The service plan for all devices: one of the codes the carrier lists for the account (GET /plans); for Consumer eSIM for Enterprise it is `HybridESim`. The carrier sends the codes at on-boarding and whenever plans change. Devices that are not supported by the service plan will not activate.',
    ),
    mdnZipCode: zipCode.describe(
      'The 5-digit ZIP code where the service will primarily be used, or one you have been told to use. With geographic numbering the MDN is derived from it. With `leadId`, set it to the ZIP code of the lead’s address. Devices are assigned non-geographic MDNs if the account and device both support this feature.',
    ),
    groupName: optional(text(100)).describe(
      'The device group to put the listed `devices` into, at most 100 characters. To activate the devices of a group, use `target.group`.',
    ),
    skuNumber: optional(skuNumber).describe(
      'The Stock Keeping Unit of a 4G device type, at most 20 characters, instead of the IMEI: each device then needs its ICCID, and all must be of the same type. SIM OTA must be performed before maintenance transactions (service plan, feature or ICCID change).',
    ),
    carrierName: optional(carrierName).describe(
      'The carrier that performs the activation, at most 100 characters. Only needed if you have more than one; your only carrier is used by default.',
    ),
    carrierIpPoolName: optional(text(100)).describe(
      'The private IP pool (Carrier Group Name) that the device addresses come from, at most 100 characters; the default pool when left out. Required when a device has an `ipAddress`.',
    ),
    customFields: optional(customFieldValues).describe('Custom fields to set on the listed `devices`, each key once.'),
    leadId: optional(text(100)).describe(
      'The ID of a “Qualified” or “Closed - Won” VPP customer lead (GET /leads), at most 100 characters. It is used for MDN assignment, taxation and compensation. Not allowed for non-VPP activations, nor together with `primaryPlaceOfUse`. Set `mdnZipCode` to the zip value of the lead’s address.',
    ),
    costCenterCode: optional(plainText(36)).describe(
      'The cost center of all devices of the request: at most 36 letters, digits, spaces, dashes, exclamation points and pound signs.',
    ),
    publicIpRestriction: optional(z.string().regex(/^(?:un)?restricted$/, about('must be "restricted" or "unrestricted".'))).describe(
      'For static IP addresses on the public network: `restricted` (no general access to the Internet) or `unrestricted`.',
    ),
    primaryPlaceOfUse: optional(primaryPlaceOfUse).describe(
      'The customer and the address of use; the account profile’s address when left out. Cannot be used with `leadId`: VPP partners enter a lead, whose AddressZipCode is used for taxation, or these fields without one to associate customer data with devices.',
    ),
  },
  shown: ['servicePlan', 'mdnZipCode', 'groupName', 'skuNumber', 'carrierName', 'carrierIpPoolName', 'publicIpRestriction'],
  reportFaults(
    { target: { devices }, groupName, customFields: values, skuNumber, carrierIpPoolName, leadId, primaryPlaceOfUse: place },
    report,
  ) {
    if (!devices && groupName)
      report(
        ['groupName'],
        'NEEDS_DEVICES',
        'groupName is the group to put the listed devices into. To activate the devices of a group, use target.group.',
      );
    if (!devices && values)
      report(
        ['customFields'],
        'NEEDS_DEVICES',
        'customFields are values to set on listed devices. To choose devices by custom fields, use customFieldFilter.',
      );
    reportRepeatedKeys(values, ['customFields'], report);
    const addresses = new Set<string>();
    for (const [at, { deviceIds, ipAddress }] of (devices ?? []).entries()) {
      if (skuNumber && !deviceIds.some(({ kind }) => kind === 'ICCID'))
        report(
          ['target', 'devices', at, 'deviceIds'],
          'SKU_NEEDS_ICCID',
          'With skuNumber each device needs its ICCID, because the SKU replaces the IMEI.',
        );
      if (!ipAddress) continue;
      const path = ['target', 'devices', at, 'ipAddress'];
      if (!carrierIpPoolName)
        report(path, 'NEEDS_IP_POOL', 'ipAddress needs carrierIpPoolName: name the pool that the address belongs to.');
      if (addresses.has(ipAddress)) report(path, 'DUPLICATE_ADDRESS', 'Another device of the list has the same ipAddress.');
      addresses.add(ipAddress);
    }
    if (leadId && place)
      report(
        ['primaryPlaceOfUse'],
        'EXCLUDES_LEAD',
        'primaryPlaceOfUse cannot be used with leadId, because the lead has the address. Give one of the two.',
      );
  },
  // In the order of the page's example. The carrier uses one parameter for two things: with a device list, it sets groupName and
  // customFields; without one, it chooses devices by them.
  body(accountName, devices, { servicePlan: plan, mdnZipCode, customFields: values, groupName, primaryPlaceOfUse: place, ...rest }) {
    return {
      ...(devices && { devices: devices.map(wireDevice) }),
      accountName,
      servicePlan: plan,
      mdnZipCode,
      customFields: values,
      groupName,
      ...rest,
      primaryPlaceOfUse: place,
    };
  },
  // History: `Activate`, `Activation Confirmed` …
  provenBy: {
    requestStatus: true,
    record: activationShows,
    history: historyShows(/^activat/i),
  },
  retryKinds: ['ICCID', 'IMEI', 'EID'],
});

/** Writes one device. `kind` is in lower case, as the carrier spells it. The IMEI comes before the ICCID, as the page asks. */
function wireDevice({ deviceIds, ipAddress }: RequestedDevice): unknown {
  const rank = (kind: string) => (kind === 'IMEI' ? 0 : kind === 'ICCID' ? 1 : 2);
  return {
    deviceIds: deviceIds
      .toSorted((left, right) => rank(left.kind) - rank(right.kind))
      .map(({ kind, id }) => ({ kind: kind.toLowerCase(), id })),
    ipAddress,
  };
}
