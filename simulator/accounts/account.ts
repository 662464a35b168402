import { Refusal } from '../refusal.ts';

/** A service plan. Requests name it by its `code`. */
export interface ServicePlan {
  readonly name: string;
  /** Absent from a placeholder row, which no request can name. */
  readonly code?: string;
  /** Allowance in kilobytes; 0 marks a placeholder row. */
  readonly sizeKb: number;
}

export interface IpPool {
  readonly poolName: string;
  readonly poolType: 'Static IP' | 'Dynamic IP';
  readonly isDefaultPool: boolean;
}

export interface DeviceGroup {
  readonly name: string;
  readonly description: string;
  readonly isDefaultGroup: boolean;
}

export interface Lead {
  readonly leadId: string;
  readonly leadState: 'Qualified' | 'Closed - Won';
  readonly address: Readonly<Record<string, string>>;
}

/** A billing account and what belongs to it. */
export interface Account {
  readonly name: string;
  readonly servicePlans: readonly ServicePlan[];
  readonly ipPools: readonly IpPool[];
  /** Its default group first. Requests change the list. */
  readonly groups: DeviceGroup[];
  readonly leads: readonly Lead[];
}

/** The plan with this `code`. Refuses with the code that the page writes with a placeholder for the word in its middle. */
export function findServicePlan(account: Account, code: string): ServicePlan {
  const plan = account.servicePlans.find((each) => each.code === code);
  if (plan === undefined) throw new Refusal('REQUEST_FAILED.ServicePlan.NotFound', `The service plan ${code} was not found.`);
  return plan;
}

/** The group of this name. Refuses with `REQUEST_FAILED.DeviceGroupNotFound`. */
export function findGroup(account: Account, name: string | undefined): DeviceGroup {
  const group = account.groups.find((each) => each.name === name);
  if (group === undefined) throw new Refusal('REQUEST_FAILED.DeviceGroupNotFound', 'The device group was not found.');
  return group;
}
