import { z } from 'zod';
import { findGroup } from '../accounts/account.ts';
import type { AccountBook } from '../accounts/account-book.ts';
import { identifierKind } from '../devices/identifiers.ts';
import { Refusal } from '../refusal.ts';
import type { DeviceListQuery } from './filter-devices.ts';

/** The states of the page "About Device States", and those under way. `preactive` was seen in the field. */
const states = new Set(['pre-active', 'preactive', 'active', 'suspend', 'deactive']);
const pending = /^pending \w+$/;

const date = z.union([z.iso.datetime({ offset: true, local: true }), z.iso.date()]);

/**
 * Refuses what a query of the device list cannot mean. The pages say what there is, and not what the rest is answered with: the
 * codes are inferred, `REQUEST_FAILED.DeviceGroupNotFound` and `INPUT_INVALID.Device.Kind.Invalid` from other operations.
 */
export function checkDeviceQuery(query: DeviceListQuery, accounts: AccountBook, maxNumberOfDevices: number): void {
  const { groupName, accountName, currentState, maxNumberOfDevices: size, largestDeviceIdSeen: seen, filter } = query;
  if (size !== undefined && size !== null && !(Number.isInteger(size) && size >= 0 && size <= maxNumberOfDevices)) {
    throw new Refusal('INPUT_INVALID.MaxNumberOfDevices.Invalid', `maxNumberOfDevices takes up to ${maxNumberOfDevices}.`);
  }
  if (seen !== undefined && seen !== null && !(Number.isInteger(seen) && seen >= 0)) {
    throw new Refusal('INPUT_INVALID.LargestDeviceIdSeen.Invalid', 'largestDeviceIdSeen is not a device id.');
  }
  checkDate(query.earliest, 'earliest');
  checkDate(query.latest, 'latest');
  if (groupName && accountName) findGroup(accounts.resolve(accountName), groupName);
  if (groupName && !accounts.hasGroup(groupName)) {
    throw new Refusal('REQUEST_FAILED.DeviceGroupNotFound', 'The device group was not found.');
  }
  if (currentState && !states.has(currentState.toLowerCase()) && !pending.test(currentState.toLowerCase())) {
    throw new Refusal('INPUT_INVALID.CurrentState.Invalid', `There is no device state ${currentState}.`);
  }
  const unknown = filter?.deviceIdentifierFilters?.find(({ kind }) => identifierKind(kind) === undefined);
  if (unknown !== undefined) {
    throw new Refusal('INPUT_INVALID.Device.Kind.Invalid', `The device identifier kind ${unknown.kind} is not valid.`);
  }
}

/** Refuses a text that is no date of ISO 8601, as all samples are. The code is inferred. */
export function checkDate(text: string | null | undefined, name: string): void {
  if (text && !date.safeParse(text).success) throw new Refusal('INPUT_INVALID.Date.Invalid', `${name} is not a date: ${text}.`);
}
