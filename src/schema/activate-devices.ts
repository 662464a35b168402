import { parseActivateDevices } from '../operations/inputs/activate-devices-input.ts';
import { builder } from './builder.ts';
import { accountName, DeviceIdentifierInput, requestOptions } from './mutation-inputs.ts';
import { resultOf } from './results.ts';

const ActivateDeviceInput = builder.inputType('ActivateDeviceInput', {
  description: 'One device to activate.',
  fields: (t) => ({
    deviceIds: t.field({
      type: [DeviceIdentifierInput],
      required: true,
      description:
        'Its identifiers, each kind once: for a 4G device its IMEI and ICCID (or the ICCID alone with `skuNumber`). Takes IMEI, ICCID, EID, MDN, MEID, MSISDN and ESN.',
    }),
    ipAddress: t.string({
      required: false,
      description: 'The IP address to assign, in the format 1-255.0-255.0-255.0-255: `100.127.22.33`. Needs `carrierIpPoolName`.',
    }),
  }),
});

const CustomFieldInput = builder.inputType('CustomFieldInput', {
  description: 'A custom field to set on every device of the request.',
  fields: (t) => ({
    key: t.string({ required: true, description: '`CustomField1`, `CustomField2`, `CustomField3`, `CustomField4` or `CustomField5`.' }),
    value: t.string({ required: true, description: "A user-defined text of at most 50 characters, without `'`, `<` and `\\`." }),
  }),
});

const CustomFieldFilterInput = builder.inputType('CustomFieldFilterInput', {
  description: 'Chooses devices that were added to the account before and have this value.',
  fields: (t) => ({
    key: t.string({ required: true, description: '`CustomField1`, `CustomField2`, `CustomField3`, `CustomField4` or `CustomField5`.' }),
    value: t.string({ required: true, description: 'The value a device must have; at most 50 characters.' }),
  }),
});

const FILTER_DESCRIPTION =
  'Activate only devices with these custom field values. They must have been added to the account with them before.';

const ActivateGroupInput = builder.inputType('ActivateGroupInput', {
  description: 'Activates the devices of a group.',
  fields: (t) => ({
    groupName: t.string({ required: true, description: 'The device group.' }),
    customFieldFilter: t.field({ type: [CustomFieldFilterInput], required: false, description: FILTER_DESCRIPTION }),
  }),
});

const ActivateWholeAccountInput = builder.inputType('ActivateWholeAccountInput', {
  description: 'Activates every 4G device of the account, or those with specific custom field values.',
  fields: (t) => ({
    confirmAccountName: t.string({ required: true, description: 'Repeat `accountName`: every line of the account will be billed.' }),
    customFieldFilter: t.field({ type: [CustomFieldFilterInput], required: false, description: FILTER_DESCRIPTION }),
  }),
});

const CustomerNameInput = builder.inputType('CustomerNameInput', {
  description: 'The customer name to be used for line usage taxation.',
  fields: (t) => ({
    title: t.string({ required: false, description: 'A title such as `Mr.` or `Dr.`' }),
    firstName: t.string({
      required: true,
      description: 'First name: at most 20 letters, digits, spaces, dashes, exclamation points and pound signs.',
    }),
    middleName: t.string({ required: false, description: 'Middle name.' }),
    lastName: t.string({
      required: true,
      description: 'Last name: at most 25 letters, digits, spaces, dashes, exclamation points and pound signs.',
    }),
    suffix: t.string({ required: false, description: 'A suffix such as `Jr.` or `III.`' }),
  }),
});

const AddressInput = builder.inputType('PlaceOfUseAddressInput', {
  description: 'The customer address for the line’s primary place of use, for line usage taxation.',
  fields: (t) => ({
    addressLine1: t.string({
      required: true,
      description: 'The street address. It must be a physical address for taxation; it cannot be a P.O. box.',
    }),
    addressLine2: t.string({ required: false, description: 'Additional street address information.' }),
    city: t.string({ required: true, description: 'City.' }),
    state: t.string({
      required: true,
      description: 'The two-letter abbreviation of the state, for example `TX` for Texas (ISO 3166-2:US).',
    }),
    zip: t.string({ required: true, description: 'ZIP code, 5 digits.' }),
    zip4: t.string({ required: false, description: 'The 4 digits of the ZIP+4.' }),
    country: t.string({ required: true, description: 'Either `US` or `USA`.' }),
    phone: t.string({ required: false, description: 'A phone number where the customer can be reached.' }),
    phoneType: t.string({ required: false, description: 'A single letter for the customer’s phone type, for example `H` or `W`.' }),
    emailAddress: t.string({ required: false, description: 'An e-mail address of the customer.' }),
  }),
});

const PrimaryPlaceOfUseInput = builder.inputType('PrimaryPlaceOfUseInput', {
  description:
    'The customer name and the address of the device’s primary place of use, applied to all devices of the request. The location may affect taxation or have other legal implications: you may want legal or financial advice before entering it. If the account is enabled for non-geographic MDNs and the device supports it, the address is also used to derive the MDN.',
  fields: (t) => ({
    customerName: t.field({
      type: CustomerNameInput,
      required: true,
      description: 'The customer name to be used for line usage taxation.',
    }),
    address: t.field({ type: AddressInput, required: true, description: 'The customer address for line usage taxation.' }),
  }),
});

const ActivateDevicesInput = builder.inputType('ActivateDevicesInput', {
  description:
    "What to activate, and how. Exactly one of `devices`, `activateGroup` and `activateWholeAccount` says which devices. Devices must already exist in Verizon Mobile Device Management (MDM). If they are not in the account yet and the activation fails, they may be added to it as deactivated. No field may contain `'`, `<` or `\\`.",
  fields: (t) => ({
    accountName: accountName(t),
    devices: t.field({
      type: [ActivateDeviceInput],
      required: false,
      description: '1 to 10,000 devices. Leave it out to activate a group or the whole account.',
    }),
    groupName: t.string({
      required: false,
      description: 'The device group to put the listed `devices` into. (To activate the devices of a group, use `activateGroup`.)',
    }),
    activateGroup: t.field({
      type: ActivateGroupInput,
      required: false,
      description: 'Activate the devices of a group instead of a list.',
    }),
    activateWholeAccount: t.field({
      type: ActivateWholeAccountInput,
      required: false,
      description: 'Activate the devices of the whole account instead of a list.',
    }),
    servicePlan: t.string({
      required: true,
      description:
        'The service plan for all devices: one of the codes the carrier lists for the account (GET /plans); for Consumer eSIM for Enterprise it is `HybridESim`. The carrier hands out the codes at on-boarding and whenever plans change. Any devices that are not supported by the service plan will not activate.',
    }),
    mdnZipCode: t.string({
      required: true,
      description:
        'The 5-digit ZIP code where the service will primarily be used, or one you have been told to use. With geographic numbering the MDN is derived from it. With `leadId`, set it to the ZIP code of the lead’s address. Devices are assigned non-geographic MDNs if the account and device both support this feature.',
    }),
    skuNumber: t.string({
      required: false,
      description:
        'The Stock Keeping Unit of a 4G device type, at most 20 characters, in lieu of the IMEI: each device then needs its ICCID, and all must be of the same type. SIM OTA must be performed before maintenance transactions (service plan, feature or ICCID change).',
    }),
    carrierName: t.string({
      required: false,
      description: 'The carrier that performs the activation. Only needed if you have more than one; your only carrier is used by default.',
    }),
    carrierIpPoolName: t.string({
      required: false,
      description:
        'The private IP pool (Carrier Group Name) the device addresses come from; the default pool when left out. Required when a device has an `ipAddress`.',
    }),
    customFields: t.field({
      type: [CustomFieldInput],
      required: false,
      description: 'Custom fields to set on the listed `devices`, each key once.',
    }),
    leadId: t.string({
      required: false,
      description:
        'The ID of a “Qualified” or “Closed - Won” VPP customer lead (GET /leads), used for MDN assignment, taxation and compensation. Not allowed for non-VPP activations, nor together with `primaryPlaceOfUse`. Set `mdnZipCode` to the zip value of the lead’s address.',
    }),
    costCenterCode: t.string({
      required: false,
      description:
        'The cost center of all devices of the request: at most 36 letters, digits, spaces, dashes, exclamation points and pound signs.',
    }),
    publicIpRestriction: t.string({
      required: false,
      description: 'For static IP addresses on the public network: `restricted` (no general access to the Internet) or `unrestricted`.',
    }),
    primaryPlaceOfUse: t.field({
      type: PrimaryPlaceOfUseInput,
      required: false,
      description:
        'Customer and address of use; the account profile’s address when left out. Cannot be used with `leadId`: VPP partners enter a lead, whose AddressZipCode is used for taxation, or these fields without one to associate customer data with devices.',
    }),
    ...requestOptions(t),
  }),
});

builder.mutationField('activateDevices', (t) =>
  t.field({
    type: resultOf('ActivateDevices', 'The activation'),
    description:
      'Activates service for devices, so that they can send and receive data. Each device reports when it is active or has failed, usually within a few minutes; up to 12 hours while the network is being changed. NB-IoT devices report a second time when NIDD is configured. The carrier takes 100 activate requests a minute: put many devices into one. It is best to check that devices are ready before (state, availability), and to know the carrier’s M2M Service Provisioning Rules. Beside the result here, its device list and provisioning history show what became of a device. A general error in a result is a case for the carrier’s support; other errors mean a wrong identifier or value.',
    args: { input: t.arg({ type: ActivateDevicesInput, required: true, description: 'What to activate, and how.' }) },
    resolve: (_parent, { input }, { submitter, caller }) => submitter.submit(caller, 'activateDevices', () => parseActivateDevices(input)),
  }),
);
