import type * as z from 'zod';
import type { PartsOf } from '../../datasources/request-log/store.ts';
import type { DeviceId } from '../../datasources/thingspace/carrier-reads.ts';
import type { GroupChanges } from '../../datasources/thingspace/group-changes.ts';
import { GatewayError } from '../../errors.ts';
import { CHANGE_GROUP, CREATE_GROUP, DELETE_GROUP, parseGroupInput } from '../../operations/device-groups.ts';
import { mayUse, type Caller } from '../access/caller.ts';
import { recordCommand } from '../access/record-command.ts';
import { MAX_FAULTS, UNKNOWN_ACCOUNT, type InvalidResult } from '../requests/submit-request.ts';
import { forCallers } from './carrier-failure.ts';
import type { ReadBudget } from './read-budget.ts';

interface DeviceGroupsOptions {
  readonly budget: ReadBudget;
  readonly changes: GroupChanges;
  readonly store: PartsOf<{ audit: 'recordAudit' }>;
  readonly accounts: ReadonlySet<string>;
}

/** The group that was changed, by its name after the change. */
export interface GroupName {
  readonly accountName: string;
  readonly name: string;
}

export type GroupResult = { readonly type: 'DONE'; readonly group: GroupName } | InvalidResult;

/**
 * Changes device groups for callers who may write the account. The carrier does it at once: no request is made. Each change is in the
 * audit log. Without the right the answer is that for an account that does not exist.
 *
 * Each method throws a GatewayError RATE_LIMITED, CARRIER_UNAVAILABLE or CARRIER_REFUSED.
 */
export class DeviceGroups {
  readonly #options: DeviceGroupsOptions;

  constructor(options: DeviceGroupsOptions) {
    this.#options = options;
  }

  create(caller: Caller, input: z.input<typeof CREATE_GROUP>): Promise<GroupResult> {
    const devices = input.devices?.length ?? 0;
    return this.#record(caller, 'createDeviceGroup', input.accountName, devices, async () => {
      const parsed = parseGroupInput(CREATE_GROUP, input);
      if ('faults' in parsed) return invalid(parsed.faults);
      const { accountName, name, description, devices: named } = parsed.value;
      return this.#change(caller, { accountName, name }, (changes) =>
        changes.create(accountName, { name, description, devices: named ?? NO_DEVICES }),
      );
    });
  }

  change(caller: Caller, input: z.input<typeof CHANGE_GROUP>): Promise<GroupResult> {
    const devices = (input.addDevices?.length ?? 0) + (input.removeDevices?.length ?? 0);
    return this.#record(caller, 'changeDeviceGroup', input.accountName, devices, async () => {
      const parsed = parseGroupInput(CHANGE_GROUP, input);
      if ('faults' in parsed) return invalid(parsed.faults);
      const { accountName, name, newName, newDescription, addDevices, removeDevices } = parsed.value;
      return this.#change(caller, { accountName, name: newName ?? name }, (changes) =>
        changes.change(accountName, name, { newName, newDescription, add: addDevices ?? NO_DEVICES, remove: removeDevices ?? NO_DEVICES }),
      );
    });
  }

  delete(caller: Caller, input: z.input<typeof DELETE_GROUP>): Promise<GroupResult> {
    return this.#record(caller, 'deleteDeviceGroup', input.accountName, 0, async () => {
      const parsed = parseGroupInput(DELETE_GROUP, input);
      if ('faults' in parsed) return invalid(parsed.faults);
      const { accountName, name } = parsed.value;
      return this.#change(caller, { accountName, name }, (changes) => changes.delete(accountName, name));
    });
  }

  async #change(caller: Caller, group: GroupName, change: (changes: GroupChanges) => Promise<void>): Promise<GroupResult> {
    const { budget, changes, accounts } = this.#options;
    const { accountName } = group;
    if (!mayUse(caller, accountName, 'write') || !accounts.has(accountName)) return UNKNOWN_ACCOUNT;
    await forCallers(budget.change(caller.id, accountName, () => change(changes).catch(sayInDoubt)));
    return { type: 'DONE', group };
  }

  #record(caller: Caller, action: string, accountName: string, devices: number, work: () => Promise<GroupResult>): Promise<GroupResult> {
    return recordCommand(this.#options.store.audit, {
      caller: caller.id,
      action,
      ...(this.#options.accounts.has(accountName) && { account: accountName }),
      ...(devices > 0 && { devices }),
      work,
      outcome: (result) => (result.type === 'INVALID' ? (result.faults[0]?.code ?? result.type) : result.type),
    });
  }
}

const NO_DEVICES: readonly DeviceId[] = [];

function invalid(faults: InvalidResult['faults']): InvalidResult {
  return { type: 'INVALID', faults: faults.slice(0, MAX_FAULTS), total: faults.length };
}

/** No answer says nothing about the change. Only a carrier that limits us has not looked at it. */
function sayInDoubt(error: unknown): never {
  if (!(error instanceof GatewayError) || error.code !== 'CARRIER_UNAVAILABLE' || 'retryAfterMs' in error.details) throw error;
  const message = `${error.message} The change may have been made all the same: read \`deviceGroups\` before you repeat it.`;
  throw new GatewayError(error.code, message, { details: error.details, cause: error });
}
