import { unavailableError, type AuthorizedCalls } from './authorized-calls.ts';
import { wireDeviceId, type DeviceId } from './carrier-reads.ts';
import { parseAnswer } from './judge-answer.ts';
import { successAnswer } from './wire/device-groups.ts';

export interface NewGroup {
  readonly name: string;
  readonly description: string;
  readonly devices: readonly DeviceId[];
}

export interface GroupChange {
  readonly newName?: string | undefined;
  readonly newDescription?: string | undefined;
  readonly add: readonly DeviceId[];
  readonly remove: readonly DeviceId[];
}

/**
 * Changes device groups. The carrier does it at once, answers `{success}`, and bills nothing. Each method throws a GatewayError: those
 * of `AuthorizedCalls.ask`, after which the change may have been made; CARRIER_REFUSED for a refusal.
 */
export class GroupChanges {
  readonly #calls: AuthorizedCalls;

  constructor({ calls }: { readonly calls: AuthorizedCalls }) {
    this.#calls = calls;
  }

  /** POST groups. */
  create(accountName: string, { name, description, devices }: NewGroup): Promise<void> {
    return this.#change('group_create', 'create the device group', 'POST', '/m2m/v1/groups', {
      accountName,
      groupName: name,
      groupDescription: description,
      ...(devices.length > 0 && { devicesToAdd: devices.map(wireDeviceId) }),
    });
  }

  /** PUT groups/{account}/name/{group}. */
  change(accountName: string, name: string, { newName, newDescription, add, remove }: GroupChange): Promise<void> {
    return this.#change('group_change', 'change the device group', 'PUT', groupPath(accountName, name), {
      newGroupName: newName,
      newGroupDescription: newDescription,
      ...(add.length > 0 && { devicesToAdd: add.map(wireDeviceId) }),
      ...(remove.length > 0 && { devicesToRemove: remove.map(wireDeviceId) }),
    });
  }

  /** DELETE groups/{account}/name/{group}. */
  delete(accountName: string, name: string): Promise<void> {
    return this.#change('group_delete', 'delete the device group', 'DELETE', groupPath(accountName, name));
  }

  async #change(name: string, what: string, method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<void> {
    const call = { name, what, method, path, isRead: false, ...(body && { body: JSON.stringify(body) }) };
    const { success } = parseAnswer(what, successAnswer, await this.#calls.ask(call));
    if (success === false) throw unavailableError(what, 'it answered that it had no success');
  }
}

function groupPath(accountName: string, name: string): string {
  return `/m2m/v1/groups/${encodeURIComponent(accountName)}/name/${encodeURIComponent(name)}`;
}
