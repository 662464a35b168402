import { createHash } from 'node:crypto';
import type { RequestedDevice } from '../../datasources/request-log/stored-request.ts';
import { parseIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { identifierKey, isSameKey, stemOf } from '../../datasources/thingspace/wire/same-identifier.ts';
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
 * A hash that is equal for two inputs that make the same request at the carrier. It sees no order of devices, of their identifiers
 * and of custom fields, and no spelling of texts and identifiers.
 */
export function hashInput(input: AskedInput): Uint8Array {
  const devices = input.devices?.map(keyOfDevice).toSorted();
  return createHash('sha256')
    .update(headOf(input))
    .update(JSON.stringify(devices ?? null))
    .digest();
}

/**
 * Whether two inputs make the same request at the carrier. Beside what the hash sees, it takes identifiers for one that differ in
 * length, and it reads what versions before this one stored, whose hashes are of another kind.
 */
export function isSameInput(left: AskedInput, right: AskedInput): boolean {
  if (headOf(left) !== headOf(right) || left.devices?.length !== right.devices?.length) return false;
  const [ours, theirs] = [byStems(left.devices ?? []), byStems(right.devices ?? [])];
  for (const [stems, devices] of ours) {
    const others = theirs.get(stems) ?? [];
    const [only] = devices;
    const [other] = others;
    const areOne =
      devices.length === 1 && others.length === 1 && only && other
        ? only.every((key, at) => isSameKey(key, other[at] ?? ''))
        : String(devices.map(String).toSorted()) === String(others.map(String).toSorted());
    if (!areOne) return false;
  }
  return true;
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

/** The identifiers of a device as keys, and its address. Devices that are one have theirs in one order. */
function keysOf({ deviceIds, ipAddress }: RequestedDevice): string[] {
  return [...deviceIds.map(({ kind, id }) => identifierKey(parseIdentifierKind(kind), id, kind)).toSorted(), `ip:${ipAddress ?? ''}`];
}

/** Equal for two devices that are named by the same identifiers, whatever their spelling and order. */
export function keyOfDevice(device: RequestedDevice): string {
  return String(keysOf(device));
}

function byStems(devices: readonly RequestedDevice[]): Map<string, string[][]> {
  return Map.groupBy(devices.map(keysOf), (keys) => String(keys.map(stemOf)));
}
