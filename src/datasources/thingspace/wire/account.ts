import * as z from 'zod';
import { fieldsOf, lenientBoolean, lenientObjects, lenientText } from './carrier-values.ts';

export interface IpPool {
  readonly name: string;
  /** Verbatim: `Static IP`, `Dynamic IP`. */
  readonly type: string | null;
  readonly isDefault: boolean;
}

/** A billing account, as the carrier tells of it. */
export interface AccountRecord {
  readonly accountName: string;
  readonly organizationName: string | null;
  readonly isProvisioningAllowed: boolean | null;
  readonly carriers: readonly string[];
  readonly features: readonly string[];
  readonly ipPools: readonly IpPool[];
}

const texts = z
  .unknown()
  .optional()
  .transform(
    (value) => (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string' && each.trim() !== '') as string[],
  );

const pool = fieldsOf({ poolName: lenientText, poolType: lenientText, isDefaultPool: lenientBoolean });

/**
 * `GET accounts/{account}`: `{accountName, accountNumber, organizationName, isProvisioningAllowed, carriers, features, iPPools:
 * [{poolName, poolType, isDefaultPool}], servicePlans}` (page "Retrieve Account Information").
 */
export const accountAnswer = fieldsOf({
  accountName: z.string().trim().min(1),
  organizationName: lenientText,
  isProvisioningAllowed: lenientBoolean,
  carriers: texts,
  features: texts,
  iPPools: lenientObjects,
}).transform(({ iPPools, ...rest }): AccountRecord => ({
  ...rest,
  ipPools: iPPools.flatMap((each) => {
    const { poolName, poolType, isDefaultPool } = pool.parse(each);
    return poolName === null ? [] : [{ name: poolName, type: poolType, isDefault: isDefaultPool === true }];
  }),
}));
