import type { Belongings } from './two-accounts.ts';

/** A field that asks the carrier about an account. */
export interface CarrierField {
  readonly needs: 'read' | 'write';
  /** Below the root: `account` is written as it stands, a literal or a variable. */
  readonly select: (account: string) => string;
  /** What the answer has where the caller may, and nowhere else. */
  readonly allowed: string;
  /** What it has for an account that is not the caller's, and for one that there is not. */
  readonly missing: string;
}

const read = (select: CarrierField['select'], allowed: string): CarrierField => ({
  needs: 'read',
  select,
  allowed,
  missing: '"code":"NOT_FOUND"',
});
const write = (name: string, fields: string, allowed: string): CarrierField => ({
  needs: 'write',
  select: (account) => `${name}(input: { accountName: ${account}, ${fields} }) { __typename ... on InvalidInput { faults { code } } }`,
  allowed,
  missing: 'UNKNOWN_ACCOUNT',
});

/** By their place in the graph. The changes of groups leave the groups as they are. */
export const CARRIER_FIELDS: Readonly<Record<string, CarrierField>> = {
  'Query.servicePlans': read((account) => `servicePlans(accountName: ${account}) { code }`, 'm2m4G2GB'),
  'Query.account': read((account) => `account(accountName: ${account}) { organizationName }`, 'Simulated Organization'),
  'Query.leads': read((account) => `leads(accountName: ${account}, first: 1) { nodes { leadId } }`, '1000000001'),
  'Query.callbackRegistrations': read(
    (account) => `callbackRegistrations(accountName: ${account}) { callbackService }`,
    '{"callbackRegistrations":[]}',
  ),
  'Query.devices': read((account) => `devices(accountName: ${account}, first: 1) { nodes { state } }`, '"state":"'),
  'Query.device': read(
    (account) => `device(accountName: ${account}, id: { kind: ICCID, value: "89148000000000000000" }) { state }`,
    '{"data":{"device":null}}',
  ),
  'Query.deviceGroups': read((account) => `deviceGroups(accountName: ${account}) { name }`, 'eSIM Fleet'),
  'Query.deviceGroup': read((account) => `deviceGroup(accountName: ${account}, name: "eSIM Fleet") { description }`, 'eSIM Fleet devices'),
  'Mutation.createDeviceGroup': write('createDeviceGroup', 'name: "eSIM Fleet", description: "x"', 'DeviceGroup.Exists'),
  'Mutation.changeDeviceGroup': write('changeDeviceGroup', 'name: "4G East", newDescription: "4G East devices"', 'DeviceGroupSaved'),
  'Mutation.deleteDeviceGroup': write('deleteDeviceGroup', 'name: "There is none"', 'DeviceGroupNotFound'),
};

export function operationOf({ needs, select }: CarrierField, { account }: Pick<Belongings, 'account'>): string {
  return `${needs === 'write' ? 'mutation ' : ''}{ ${select(JSON.stringify(account))} }`;
}
