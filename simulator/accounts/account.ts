/** A service plan. Requests name it by its `code`. */
export interface ServicePlan {
  readonly name: string;
  readonly code: string;
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
  readonly groups: readonly DeviceGroup[];
  readonly leads: readonly Lead[];
}
