import type { Config } from '../config/config.ts';
import { AccountReads } from '../datasources/thingspace/account-reads.ts';
import { ActivityReads } from '../datasources/thingspace/activity-reads.ts';
import { GroupChanges } from '../datasources/thingspace/group-changes.ts';
import type { CallbackRegistrations } from '../resolvers/callbacks/callback-registrations.ts';
import { CarrierReader } from '../resolvers/carrier/carrier-reader.ts';
import { DeviceGroups } from '../resolvers/carrier/device-groups.ts';
import { ReadBudget } from '../resolvers/carrier/read-budget.ts';
import type { Carrier } from './connect-carrier.ts';
import type { SharedParts } from './shared-parts.ts';

type Parts = Pick<SharedParts, 'store' | 'now'> & Pick<Carrier, 'reads' | 'calls'> & { readonly registrations: CallbackRegistrations };

/** Builds what asks the carrier for callers, and what changes its device groups. Both share one budget. */
export function buildCarrierReads(config: Config, { store, now, reads, calls, registrations }: Parts) {
  const accounts = new Set(config.accounts);
  const budget = new ReadBudget({ callsPerMinute: config.readsPerMinute });
  const [accountReads, activityReads] = [new AccountReads({ calls }), new ActivityReads({ calls })];
  return {
    carrier: new CarrierReader({ budget, accountReads, activityReads, reads, registrations, accounts, now }),
    deviceGroups: new DeviceGroups({ budget, changes: new GroupChanges({ calls }), store, accounts }),
  };
}
