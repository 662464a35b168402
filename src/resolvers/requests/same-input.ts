import { createHash } from 'node:crypto';
import type { RequestedDevice } from '../../datasources/request-log/stored-request.ts';
import { parseIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { identifierKey, isSameKey } from '../../datasources/thingspace/wire/same-identifier.ts';
import type { Settings } from '../../operations/define-operation.ts';
import { cleanText } from '../../operations/fields.ts';

/** What a mutation asks of the carrier. */
export interface AskedInput {
  readonly operation: string | null;
  readonly accountName: string;
  readonly retryOf: string | null;
  readonly devices: readonly RequestedDevice[] | null;
  readonly settings: Settings;
}

/**
 * A hash that is equal for two inputs that make the same request at the carrier. It sees no spelling of texts and identifiers, and no
 * order of the identifiers of a device and of custom fields. It does see the order of devices: `DeviceOutcome.index` is the place in
 * the input, and a caller with another order would take the result of one device for that of another.
 */
export function hashInput(input: AskedInput): Uint8Array {
  return createHash('sha256')
    .update(headOf(input))
    .update(JSON.stringify(input.devices?.map(keysOf) ?? null))
    .digest();
}

/**
 * Whether two inputs make the same request at the carrier. Beside what the hash sees, it takes identifiers for one that differ in
 * length, and it reads what versions before this one stored, whose hashes are of another kind.
 */
export function isSameInput(left: AskedInput, right: AskedInput): boolean {
  if (headOf(left) !== headOf(right) || left.devices?.length !== right.devices?.length) return false;
  const others = right.devices?.map(keysOf) ?? [];
  return (left.devices ?? []).map(keysOf).every((keys, at) => {
    const other = others[at] ?? [];
    return keys.length === other.length && keys.every((key, place) => isSameKey(key, other[place] ?? ''));
  });
}

/** Everything but the devices, in one spelling. */
function headOf({ operation, accountName, retryOf, devices, settings }: AskedInput): string {
  return JSON.stringify([operation, accountName, retryOf, devices !== null, inOneSpelling(settings)]);
}

/** The lists of an input are sets of custom fields, so their order means nothing. */
function inOneSpelling(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map((each) => JSON.stringify(inOneSpelling(each))).toSorted();
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, each]) => each !== undefined && each !== null)
    .map(([name, each]) => [name, inOneSpelling(each)] as const)
    .toSorted(([one], [another]) => (one < another ? -1 : 1));
}

/** The identifiers of a device as keys, in one order, its address, and what it is changed to: nothing of that where nothing changes. */
function keysOf({ deviceIds, ipAddress, changeTo = [] }: RequestedDevice): string[] {
  const keys = (identifiers: RequestedDevice['deviceIds']) =>
    identifiers.map(({ kind, id }) => identifierKey(parseIdentifierKind(kind), id, kind)).toSorted();
  return [...keys(deviceIds), `ip:${ipAddress ?? ''}`, ...keys(changeTo)];
}

/** Equal for two devices that are named by the same identifiers, whatever their spelling and order. */
export function keyOfDevice(device: RequestedDevice): string {
  return String(keysOf(device));
}
