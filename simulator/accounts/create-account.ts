import type { Account, Lead, ServicePlan } from './account.ts';

/** The rows before the last one have names from the documentation's examples, so that the examples run unchanged. */
const servicePlans: readonly ServicePlan[] = [
  { name: '4G 2GB LTE', code: 'm2m4G2GB', sizeKb: 2_097_152 },
  { name: '4G 500MB LTE', code: 'm2m4G500MB', sizeKb: 512_000 },
  { name: 'NB-IoT 50KB', code: 'NBIoT50KB', sizeKb: 50 },
  { name: 'Hybrid eSIM', code: 'HybridESim', sizeKb: 1_048_576 },
  { name: 'the service plan name', code: 'the service plan name', sizeKb: 0 },
  { name: 'service plan name', code: 'service plan name', sizeKb: 0 },
  { name: 'name of the service plan', code: 'name of the service plan', sizeKb: 0 },
  { name: 'Placeholder', sizeKb: 0 },
];

const leadPlaces = [
  ['9868 Scranton Rd', 'San Diego', 'CA', '92121'],
  ['15505 Sand Canyon Ave', 'Irvine', 'CA', '92618'],
  ['1095 Avenue of the Americas', 'New York', 'NY', '10036'],
  ['600 Hidden Ridge', 'Irving', 'TX', '75038'],
  ['1 Verizon Way', 'Basking Ridge', 'NJ', '07920'],
] as const;

const leads: readonly Lead[] = leadPlaces.map(([addressLine1, city, state, zip], index) => ({
  leadId: String(1_000_000_001 + index),
  leadState: index % 2 === 0 ? 'Qualified' : 'Closed - Won',
  address: { addressLine1, city, state, zip, country: 'USA' },
}));

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
