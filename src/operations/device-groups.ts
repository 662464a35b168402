import * as z from 'zod';
import { identifierKey, isSameKey, stemOf } from '../datasources/thingspace/wire/same-identifier.ts';
import { about, accountName, identifier, INPUT_TYPES, optional, text } from './fields.ts';
import { faultsOf, type InputFault, type ReportFault } from './input-fault.ts';

/** The inputs of the mutations of device groups. They make no Request. */

/** The kinds by which the carrier finds a device. */
export const NAMING_KINDS = ['ICCID', 'EID', 'IMEI', 'MDN', 'MSISDN', 'MEID', 'ESN'] as const;

/** One device, named by one identifier. */
export const DEVICE_NAME = identifier(NAMING_KINDS);

const MAX_DEVICES = 1_000;
const names = () =>
  z.array(DEVICE_NAME).max(MAX_DEVICES, about(`may name at most ${MAX_DEVICES} devices: use several mutations for more.`));
const name = text(100);
const description = text(255);

export const CREATE_GROUP = z
  .object({
    accountName,
    name: name.describe('The name of the new group, at most 100 characters. No other group of the account may have it.'),
    description: description.describe('What the group is for, at most 255 characters. The carrier asks for it.'),
    devices: optional(names()).describe(
      'Devices to put into the group, each by one identifier: at most 1,000. Each leaves the group that it is in, because a device is in one group.',
    ),
  })
  .register(INPUT_TYPES, { name: 'CreateDeviceGroupInput', description: 'A new device group.' });

export const CHANGE_GROUP = z
  .object({
    accountName,
    name: name.describe('The name of the group as it is now.'),
    newName: optional(name).describe('Renames the group: at most 100 characters. Default: the name stays.'),
    newDescription: optional(description).describe('The new description: at most 255 characters. Default: the description stays.'),
    addDevices: optional(names()).describe(
      'Devices to put into the group, each by one identifier: at most 1,000. Each leaves the group that it is in, because a device is in one group.',
    ),
    removeDevices: optional(names()).describe(
      'Devices to take out of the group, each by one identifier: at most 1,000. Each goes to the default group of the account.',
    ),
  })
  .register(INPUT_TYPES, {
    name: 'ChangeDeviceGroupInput',
    description: 'What to change of a device group. At least one change must be given.',
  });

export const DELETE_GROUP = z
  .object({ accountName, name: name.describe('The name of the group.') })
  .register(INPUT_TYPES, { name: 'DeleteDeviceGroupInput', description: 'Which device group to delete.' });

type Named = readonly z.input<typeof DEVICE_NAME>[] | null | undefined;

/** Parses an input of these. All its faults are returned together. */
export function parseGroupInput<Input extends z.ZodObject>(
  input: Input,
  given: z.input<Input>,
): { readonly value: z.output<Input> } | { readonly faults: readonly InputFault[] } {
  const faults: InputFault[] = [];
  const report: ReportFault = (path, code, message) => faults.push({ path, code, message });
  const parsed = input.safeParse(given);
  if (parsed.error) faults.push(...faultsOf(parsed.error));
  const lists = ['devices', 'addDevices', 'removeDevices'].map((field) => ({ field, named: (given as Record<string, Named>)[field] }));
  reportRepeated(lists, report);
  if ('newName' in input.shape && lists.every(({ named }) => !named?.length) && !hasNewText(given))
    report([], 'NOTHING_TO_CHANGE', 'Give at least one of newName, newDescription, addDevices and removeDevices.');
  return parsed.success && faults.length === 0 ? { value: parsed.data } : { faults };
}

function hasNewText(given: object): boolean {
  return ['newName', 'newDescription'].some((field) => ((given as Record<string, unknown>)[field] ?? null) !== null);
}

/** No device may be named twice, and none be both added and removed: nobody knows what the carrier does first. */
function reportRepeated(lists: readonly { readonly field: string; readonly named: Named }[], report: ReportFault): void {
  const seen = new Map<string, string[]>();
  for (const { field, named } of lists) {
    for (const [at, { kind, value }] of (named ?? []).entries()) {
      const key = identifierKey(kind, value, kind);
      const before = seen.get(stemOf(key)) ?? [];
      if (before.some((each) => isSameKey(each, key)))
        report([field, at, 'value'], 'DUPLICATE_DEVICE', `The input has this ${kind} already: name each device once.`);
      seen.set(stemOf(key), [...before, key]);
    }
  }
}
