import type { Account, Lead, ServicePlan } from './account.ts';

/** The last three rows are names from the documentation's examples, so that the examples run unchanged. */
const servicePlans: readonly ServicePlan[] = [
  { name: '4G 2GB LTE', code: 'm2m4G2GB', sizeKb: 2_097_152 },
  { name: '4G 500MB LTE', code: 'm2m4G500MB', sizeKb: 512_000 },
  { name: 'NB-IoT 50KB', code: 'NBIoT50KB', sizeKb: 50 },
  { name: 'Hybrid eSIM', code: 'HybridESim', sizeKb: 1_048_576 },
  { name: 'the service plan name', code: 'the service plan name', sizeKb: 0 },
  { name: 'service plan name', code: 'service plan name', sizeKb: 0 },
  { name: 'name of the service plan', code: 'name of the service plan', sizeKb: 0 },
];

const leads: readonly Lead[] = [
  {
    leadId: '1000000001',
    leadState: 'Qualified',
    address: { addressLine1: '9868 Scranton Rd', city: 'San Diego', state: 'CA', zip: '92121', country: 'USA' },
  },
  {
    leadId: '1000000002',
    leadState: 'Closed - Won',
    address: { addressLine1: '15505 Sand Canyon Ave', city: 'Irvine', state: 'CA', zip: '92618', country: 'USA' },
  },
];

/** Names of the groups every account has beside its default group. */
export const groupNames = ['4G West', '4G East', 'NB-IoT Meters', 'eSIM Fleet'] as const;

/** The default group's name, as live accounts show it. */
export const defaultGroupName = (account: string): string => `Default: ${account}`;

/** A new account. All accounts have the same plans, pools, groups and leads. */
export function createAccount(name: string): Account {
  return {
    name,
    servicePlans,
    ipPools: [
      { poolName: 'SimulatorDynamic', poolType: 'Dynamic IP', isDefaultPool: true },
      { poolName: 'SimulatorStatic', poolType: 'Static IP', isDefaultPool: false },
    ],
    groups: [
      { name: defaultGroupName(name), description: 'Devices in no other group', isDefaultGroup: true },
      ...groupNames.map((group) => ({ name: group, description: `${group} devices`, isDefaultGroup: false })),
    ],
    leads,
  };
}
