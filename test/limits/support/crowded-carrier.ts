import type { CarrierDevice, CarrierReader } from '../../../src/resolvers/carrier/carrier-reader.ts';

const DEVICE: CarrierDevice = {
  accountName: 'account-1',
  deviceIds: Array.from({ length: 12 }, (_, at) => ({ kind: 'ICCID', id: `8914800000000000${1000 + at}`, reportedKind: 'iccId' })),
  state: 'active',
  servicePlan: 'plan',
  ipAddress: '10.0.0.1',
  groupNames: Array.from({ length: 20 }, (_, at) => `group ${at}`),
  customFields: Array.from({ length: 20 }, (_, at) => ({ key: `CustomField${at}`, value: 'value' })),
  isConnected: true,
  createdAt: 1,
  lastConnectionAt: 1,
  lastActivationAt: 1,
  costCenterCode: 'code',
  skuNumber: 'sku',
  profileStatus: 'ENABLE',
  cursor: '1',
  json: {},
};

const many = <Row>(count: number, row: Row): Row[] => Array.from({ length: count }, () => row);
const page = <Row>(rows: readonly Row[]) => Promise.resolve({ rows, hasMore: true });
const activity = <Entry>(entry: Entry, first: number) => Promise.resolve({ events: many(first, entry), hasMore: true });
const GROUP = { accountName: 'account-1', name: 'group', description: 'text', isDefault: false };

type Reads = { readonly [Method in keyof CarrierReader]: CarrierReader[Method] };

const READS: Reads = {
  servicePlans: () => Promise.resolve(many(1_100, { name: 'plan', code: 'code', sizeKb: 1, carrierServicePlanCode: 'code' })),
  account: (_caller, accountName) =>
    Promise.resolve({
      accountName,
      organizationName: 'name',
      isProvisioningAllowed: true,
      carriers: many(200, 'carrier'),
      features: many(200, 'feature'),
      ipPools: many(300, { name: 'pool', type: 'Static IP', isDefault: true }),
    }),
  groups: () => Promise.resolve(many(1_100, GROUP)),
  group: () => Promise.resolve(GROUP),
  registrations: () => Promise.resolve(many(200, { service: 'service', state: 'ours' as const, deliversTo: 'https://example.com' })),
  leads: (_caller, _account, _after, limit) =>
    page(
      many(limit, {
        leadId: 'lead',
        state: 'Qualified',
        address: { addressLine1: 'a', addressLine2: 'b', city: 'c', state: 'd', zip: 'e', country: 'f' },
        position: '_1',
      }),
    ),
  devices: (_caller, _account, _query, _after, pageSize) => page(many(pageSize, DEVICE)),
  device: () => Promise.resolve(DEVICE),
  provisioning: (_caller, _device, _range, first) =>
    activity({ type: 'Activate', status: 'Success', occurredAt: 1, servicePlan: 'plan', mdn: '5', json: {} }, first),
  connections: (_caller, _device, _range, first) => activity({ occurredAt: 1, event: 'Start', bytesUsed: '1' }, first),
  usage: (_caller, _device, _range, first) =>
    activity({ startsAt: 1, bytesUsed: '1', smsUsed: 1, servicePlan: 'plan', source: 'Raw Usage' }, first),
};

/** A carrier that answers every question with as much as it is asked for, or more. */
export const CROWDED_CARRIER = READS as CarrierReader;
