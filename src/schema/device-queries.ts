import { DEVICE_NAME } from '../operations/device-groups.ts';
import { customFieldFilter } from '../operations/target.ts';
import { readDeviceFilter, type ListedState, type NamedDevice } from '../resolvers/carrier/device-filter.ts';
import { builder } from './builder.ts';
import { FAILS_ALONE } from './carrier-call.ts';
import { ACCOUNT_ARG } from './carrier-account.ts';
import { pageArgs, pageCursor, pageSize } from './connection.ts';
import { Device, DEVICE_PAGE, DeviceConnection } from './device.ts';
import { DeviceIdentifierKindEnum, enumOf } from './enums.ts';
import { inputTypeOf } from './input-types.ts';
import { READ } from './rules.ts';

const DeviceListState = enumOf<ListedState>('DeviceListState', 'A state that the carrier searches for.', {
  PRE_ACTIVE: 'Known to the account, and never activated.',
  PENDING_ACTIVATION: 'Being activated.',
  PENDING_DEACTIVATION: 'Being deactivated.',
  ACTIVE: 'In service.',
  SUSPENDED: 'Out of service for a time.',
  DEACTIVE: 'Out of service.',
});

const PART = 'At most 64 characters, with at least one letter or digit. Blanks and dashes do not count.';

const DeviceIdentifierPart = builder.inputType('DeviceIdentifierPart', {
  description: 'A part of an identifier, for a search box. The device must have every part that is given: at least one.',
  fields: (t) => ({
    kind: t.field({
      type: DeviceIdentifierKindEnum,
      required: true,
      description: 'The kind of the identifier: ICCID, EID, IMEI, MDN, MSISDN, MEID or ESN. The carrier does not search for the others.',
    }),
    contains: t.string({ required: false, description: `The identifier has this text in it. ${PART}` }),
    startsWith: t.string({ required: false, description: `The identifier begins with this text. ${PART}` }),
    endsWith: t.string({ required: false, description: `The identifier ends with this text. ${PART}` }),
  }),
});

const DeviceListFilter = builder.inputType('DeviceListFilter', {
  description: 'Narrows a list of devices. A device must match every field that is given. The carrier compares, not this gateway.',
  fields: (t) => ({
    state: t.field({ type: DeviceListState, required: false, description: 'Devices in this state.' }),
    servicePlan: t.string({ required: false, description: 'Devices with this service plan, by its code.' }),
    groupName: t.string({ required: false, description: 'Devices of this device group.' }),
    customFields: t.field({
      type: [inputTypeOf(customFieldFilter.element)],
      required: false,
      description: 'Devices that have all of these custom fields, each with exactly this value.',
    }),
    identifier: t.field({
      type: DeviceIdentifierPart,
      required: false,
      description: 'Devices with an identifier like this. For one device whose identifier you know, ask for `device`.',
    }),
  }),
});

builder.queryFields((t) => ({
  devices: t.field({
    extensions: READ,
    type: DeviceConnection,
    nullable: true,
    description: `The devices of an account, in the order in which the carrier came to know them. Asked at the carrier each time: one question for each page. The carrier does not tell how many there are. ${FAILS_ALONE}`,
    args: {
      accountName: t.arg.string({ required: true, description: ACCOUNT_ARG }),
      filter: t.arg({ type: DeviceListFilter, required: false, description: 'Narrows the list.' }),
      ...pageArgs(DEVICE_PAGE.fallback, DEVICE_PAGE.most),
    },
    resolve: (_parent, { accountName, filter, first, after }, { carrier, caller, store }) =>
      carrier.devices(
        caller,
        accountName,
        readDeviceFilter(filter),
        pageCursor('devices', after, store),
        pageSize(first, DEVICE_PAGE.fallback, DEVICE_PAGE.most),
      ),
  }),
  device: t.field({
    extensions: READ,
    type: Device,
    nullable: true,
    description:
      'One device of an account. Null when the account has no such device. An identifier that several lines have, such as the EID of an eSIM with two profiles, is an error (BAD_USER_INPUT). Asked at the carrier, and kept for 2 seconds.',
    args: {
      accountName: t.arg.string({ required: true, description: ACCOUNT_ARG }),
      id: t.arg({
        type: inputTypeOf(DEVICE_NAME.in),
        required: true,
        description: 'One identifier of the device, whole. Kinds: ICCID, EID, IMEI, MDN, MSISDN, MEID, ESN.',
      }),
    },
    resolve: (_parent, { accountName, id }, { carrier, caller }) => carrier.device(caller, accountName, id as NamedDevice),
  }),
}));
