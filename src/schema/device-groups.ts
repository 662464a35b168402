import type { CarrierGroup } from '../resolvers/carrier/carrier-reader.ts';
import { builder } from './builder.ts';
import { FAILS_ALONE } from './carrier-call.ts';
import { ACCOUNT_ARG } from './carrier-account.ts';
import { ASKS_CARRIER } from './carrier-call.ts';
import { pageArgs, pageCursor, pageSize } from './connection.ts';
import { DEVICE_PAGE, DeviceConnection } from './device.ts';
import { atMost } from './list-sizes.ts';
import { OWNED, READ } from './rules.ts';

const MAX_GROUPS = 1_000;
const KEPT_10 = 'Asked at the carrier, and kept for 10 seconds.';

export const DeviceGroup = builder.objectRef<CarrierGroup>('DeviceGroup').implement({
  extensions: OWNED,
  description: 'A device group of an account. Each device is in one group.',
  fields: (t) => ({
    accountName: t.exposeString('accountName', { description: 'The billing account.' }),
    name: t.exposeString('name', { description: 'The name. No other group of the account has it.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is for. Null without a description.' }),
    isDefault: t.exposeBoolean('isDefault', {
      description: 'True for the group of the devices that were put into no other one. It cannot be deleted.',
    }),
    devices: t.field({
      extensions: ASKS_CARRIER,
      type: DeviceConnection,
      nullable: true,
      description: `The devices of the group. Takes one question to the carrier for each group, which counts as 1,000 objects of your operation: ask for it with one group. ${FAILS_ALONE}`,
      args: pageArgs(DEVICE_PAGE.fallback, DEVICE_PAGE.most),
      resolve: ({ accountName, name }, { first, after }, { carrier, caller, store }) =>
        carrier.devices(
          caller,
          accountName,
          { groupName: name },
          pageCursor('devices', after, store),
          pageSize(first, DEVICE_PAGE.fallback, DEVICE_PAGE.most),
        ),
    }),
  }),
});

builder.queryFields((t) => ({
  deviceGroups: t.field({
    extensions: { ...READ, ...atMost(MAX_GROUPS) },
    type: [DeviceGroup],
    nullable: true,
    description: `The device groups of an account: the choices for \`groupName\`. ${KEPT_10} ${FAILS_ALONE}`,
    args: { accountName: t.arg.string({ required: true, description: ACCOUNT_ARG }) },
    resolve: (_parent, { accountName }, { carrier, caller }) => carrier.groups(caller, accountName) as never,
  }),
  deviceGroup: t.field({
    extensions: READ,
    type: DeviceGroup,
    nullable: true,
    description: `One device group. Null when the account has none of this name. ${KEPT_10}`,
    args: {
      accountName: t.arg.string({ required: true, description: ACCOUNT_ARG }),
      name: t.arg.string({ required: true, description: 'The name of the group, exactly.' }),
    },
    resolve: (_parent, { accountName, name }, { carrier, caller }) => carrier.group(caller, accountName, name),
  }),
}));
