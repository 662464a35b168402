import { readDeviceState, type DeviceState } from '../datasources/thingspace/wire/state-words.ts';
import type { RequestFilter } from '../datasources/request-log/request-reads.ts';
import type { CarrierDevice } from '../resolvers/carrier/carrier-reader.ts';
import { requestKeys } from '../resolvers/carrier/device-activity.ts';
import { countFound } from '../resolvers/requests/list-requests.ts';
import { builder } from './builder.ts';
import { ASKS_CARRIER, FAILS_ALONE } from './carrier-call.ts';
import type { GraphContext } from './context.ts';
import { connectionOf, PAGE_ARGS, pageCursor, pageSize } from './connection.ts';
import { DeviceConnections, DeviceHistory, DeviceUsage, rangeArgs, readRange } from './device-activity.ts';
import { DeviceIdentifier, IDENTIFIERS_KNOWN } from './device-identifier.ts';
import { enumOf } from './enums.ts';
import { atMost } from './list-sizes.ts';
import { pageOfRequests, RequestConnection } from './request-connection.ts';
import { Request } from './request.ts';
import { OWNED } from './rules.ts';

/** The carrier takes no larger pages everywhere. */
export const DEVICE_PAGE = { fallback: 100, most: 500 } as const;
const MAX_PENDING = 20;
const OPEN_STATUSES = ['QUEUED', 'SUBMITTING', 'IN_PROGRESS', 'UNKNOWN'] as const;
const ONE_CALL =
  'Takes one question to the carrier for each device, which counts as 1,000 objects of your operation. So ask for it with one device, or with a page of a few.';

export const DeviceStateEnum = enumOf<DeviceState>('DeviceState', 'The state of a line at the carrier.', {
  PRE_ACTIVE: 'Known to the account, and never activated. It can be activated.',
  PENDING: 'A change is under way: activation, deactivation or another one. Until it is over, the carrier refuses every other change.',
  ACTIVE: 'In service. It can be suspended or deactivated.',
  SUSPENDED: 'Out of service for a time. It can be restored.',
  DEACTIVE: 'Out of service. It has no phone number, address and plan. It can be activated again, with a new number.',
  OTHER: 'A word that this gateway does not know, or none. See `stateText`.',
});

const DeviceCustomField = builder.objectRef<{ readonly key: string; readonly value: string }>('DeviceCustomField').implement({
  extensions: OWNED,
  description: 'A value of your own that the carrier keeps with a device.',
  fields: (t) => ({
    key: t.exposeString('key', { description: '`CustomField1` to `CustomField5`.' }),
    value: t.exposeString('value', { description: 'The value.' }),
  }),
});

export const Device = builder.objectRef<CarrierDevice>('Device').implement({
  extensions: OWNED,
  description:
    'A line of an account, as the carrier has it now: a SIM or eSIM profile, and the device that holds it. Names and addresses of its user are not shown.',
  fields: (t) => ({
    accountName: t.exposeString('accountName', { description: 'The billing account.' }),
    identifiers: t.field({
      extensions: IDENTIFIERS_KNOWN,
      type: [DeviceIdentifier],
      description: 'Its identifiers. A line that is not active has no phone number.',
      resolve: ({ deviceIds }) => [...deviceIds],
    }),
    state: t.field({ type: DeviceStateEnum, description: 'Its state.', resolve: ({ state }) => readDeviceState(state) }),
    stateText: t.exposeString('state', {
      nullable: true,
      description: 'The state in the carrier’s words: `active`, `pending activation`. Null when it is not told.',
    }),
    profileStatus: t.exposeString('profileStatus', {
      nullable: true,
      description:
        'What its eSIM profile does, in the carrier’s words. `ENABLE` and `DOWNLOAD_ENABLE` are in service. Null for a device without an eSIM, and often in a list.',
    }),
    servicePlan: t.exposeString('servicePlan', { nullable: true, description: 'The code of its service plan. Null without one.' }),
    groups: t.stringList({
      extensions: atMost(10),
      description: 'The names of its device groups: usually one.',
      resolve: ({ groupNames }) => [...groupNames],
    }),
    customFields: t.field({
      extensions: atMost(10),
      type: [DeviceCustomField],
      description: 'Your own values. Empty when it has none.',
      resolve: ({ customFields }) => (customFields ?? []).filter(({ value }) => value !== ''),
    }),
    costCenterCode: t.string({
      nullable: true,
      resolve: ({ costCenterCode: code }) => code || null,
      description: 'Its cost center. Null without one, and often in a list.',
    }),
    skuNumber: t.exposeString('skuNumber', {
      nullable: true,
      description: 'The SKU of the device. Null without one, and often in a list.',
    }),
    ipAddress: t.exposeString('ipAddress', { nullable: true, description: 'Its IP address. Null without one.' }),
    isConnected: t.exposeBoolean('isConnected', {
      nullable: true,
      description: 'Whether it has a data session now. Null when it is not told.',
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was added to the account. Null when it is not told.',
    }),
    lastActivationAt: t.expose('lastActivationAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last activated. Null for a line that never was.',
    }),
    lastConnectionAt: t.expose('lastConnectionAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it last connected. Null for one that never did.',
    }),
    history: t.field({
      extensions: ASKS_CARRIER,
      type: DeviceHistory,
      nullable: true,
      description: `What was changed of the line at the carrier. ${ONE_CALL} ${FAILS_ALONE}`,
      args: rangeArgs(),
      resolve: (device, args, { carrier, caller }) => carrier.provisioning(caller, device, ...readRange(args)),
    }),
    connections: t.field({
      extensions: ASKS_CARRIER,
      type: DeviceConnections,
      nullable: true,
      description: `Its data sessions. ${ONE_CALL} ${FAILS_ALONE}`,
      args: rangeArgs(),
      resolve: (device, args, { carrier, caller }) => carrier.connections(caller, device, ...readRange(args)),
    }),
    usage: t.field({
      extensions: ASKS_CARRIER,
      type: DeviceUsage,
      nullable: true,
      description: `What it used, one entry a day. ${ONE_CALL} ${FAILS_ALONE}`,
      args: rangeArgs(),
      resolve: (device, args, { carrier, caller }) => carrier.usage(caller, device, ...readRange(args)),
    }),
    requests: t.field({
      type: RequestConnection,
      description:
        'What this gateway did with the device, newest first: requests that name it, or whose callbacks do, by any of its identifiers. The carrier is not asked.',
      args: PAGE_ARGS,
      resolve: async (device, { first, after }, { store, nextTurn }) => {
        const page = await requestsOf(device, {}, pageCursor('requests', after, store), pageSize(first), { store, nextTurn });
        return pageOfRequests(page, () => countFound(store.requests, filterOf(device), nextTurn));
      },
    }),
    pending: t.field({
      extensions: atMost(MAX_PENDING),
      type: [Request],
      description: 'Requests of this gateway on the device that are not over yet, newest first: at most 20. The carrier is not asked.',
      resolve: async (device, _args, context) => [
        ...(await requestsOf(device, { statuses: OPEN_STATUSES }, null, MAX_PENDING, context)).rows,
      ],
    }),
  }),
});

function requestsOf(
  device: CarrierDevice,
  filter: Pick<RequestFilter, 'statuses'>,
  after: string | null,
  limit: number,
  { store, nextTurn }: Pick<GraphContext, 'store' | 'nextTurn'>,
) {
  return store.requests.list({ ...filterOf(device), ...filter }, after, limit, nextTurn);
}

function filterOf(device: CarrierDevice): RequestFilter {
  const deviceKeys = requestKeys(device);
  // Without a key the list would be that of the whole account.
  return deviceKeys.length === 0 ? { accounts: [] } : { accounts: [device.accountName], deviceKeys };
}

export const DeviceConnection = connectionOf('Device', 'device', Device, ({ cursor }) => ['devices', cursor]);
