import * as z from 'zod';
import type { DeviceFilter } from '../datasources/thingspace/carrier-reads.ts';
import type { RequestedDevice } from '../datasources/request-log/stored-request.ts';
import type { DeviceIdentifierKind } from '../datasources/thingspace/wire/device-identifier.ts';
import { identifierKey, isSameKey, RESPELLING_RULES, stemOf } from '../datasources/thingspace/wire/same-identifier.ts';
import { about, cleanText, INPUT_TYPES, text } from './fields.ts';
import type { ReportFault } from './input-fault.ts';

/** The part of an operation's input that names the devices. */
export interface Target<Fields extends z.ZodRawShape> {
  readonly fields: Fields;
  /** How each part of a filter is called in the settings and on the wire. A retry lists its devices and leaves these settings out. */
  readonly filterNames: FilterNames;
  /** Whether the settings keep the confirmation, for the body to be held against. Requests of older versions have none. */
  readonly keepsConfirmation: boolean;
  /** Rules between fields. They read the raw input, so that their faults come together with those of single fields. */
  reportFaults(input: z.input<z.ZodObject<Fields>> & { readonly accountName: string }, report: ReportFault): void;
  choose(input: z.output<z.ZodObject<Fields>>): ChosenDevices;
}

export type FilterNames = Readonly<Partial<Record<keyof DeviceFilter, string>>>;

/** The devices of a parsed input. */
export interface ChosenDevices {
  /** Null when the carrier chooses them by `filter`. */
  readonly devices: readonly RequestedDevice[] | null;
  readonly filter: DeviceFilter;
  readonly confirmation: Confirmation;
}

/** What a caller repeated to confirm which devices are meant. */
export interface Confirmation {
  /** For a whole account. */
  readonly confirmAccountName?: string | undefined;
  /** How many devices the carrier must list when the request leaves. */
  readonly confirmDeviceCount?: number | undefined;
}

export const MAX_DEVICES = 10_000;

/** A list of 1 to 10,000 devices, or of fewer. */
export function deviceList<Device extends z.ZodType>(device: Device, most = MAX_DEVICES) {
  return z
    .array(device)
    .min(1, about('must name at least one device.'))
    .max(most, about(`may name at most ${most.toLocaleString('en-US')} devices: use several mutations for more.`));
}

export interface NamedDevice {
  readonly deviceIds: readonly { readonly kind: DeviceIdentifierKind; readonly value: string }[];
}

/**
 * Rules for the whole list. Each device has a kind once. No identifier names two devices: they would be billed twice, and their
 * callbacks could not be told apart.
 *
 * @param areProfiles true when an entry means an eSIM profile. Profiles with different ICCIDs may share the EID and IMEI of the
 *   device that holds them.
 */
export function reportListFaults(devices: readonly NamedDevice[], report: ReportFault, { areProfiles = false } = {}): void {
  const seen = new Map<string, { readonly key: string; readonly kind: DeviceIdentifierKind; readonly at: number }[]>();
  for (const [at, { deviceIds }] of devices.entries()) {
    const kinds = new Set<string>();
    const byIccid = areProfiles && deviceIds.some(({ kind }) => kind === 'ICCID');
    for (const [place, { kind, value }] of deviceIds.entries()) {
      const path = ['devices', at, 'deviceIds', place];
      if (kinds.has(kind)) report([...path, 'kind'], 'DUPLICATE_KIND', `A device has one ${kind}: name each kind once.`);
      kinds.add(kind);
      if (byIccid && kind !== 'ICCID') continue;
      const key = identifierKey(kind, value, kind);
      const spellings = seen.get(stemOf(key)) ?? [];
      seen.set(stemOf(key), spellings);
      const first = spellings.find((each) => each.at !== at && isSameKey(each.key, key));
      if (first) report([...path, 'value'], 'DUPLICATE_DEVICE', sayDuplicate(kind, first.at, first.key === key && first.kind === kind));
      if (!spellings.some((each) => each.key === key)) spellings.push({ key, kind, at });
    }
  }
}

function sayDuplicate(kind: DeviceIdentifierKind, first: number, isEqual: boolean): string {
  const rule = isEqual ? undefined : RESPELLING_RULES[kind];
  return rule === undefined
    ? `devices[${first}] has the same ${kind}: name each device once.`
    : `devices[${first}] has this ${kind} in another spelling: ${rule}. Name each device once.`;
}

/** A list of custom fields, as the GraphQL type `name`. */
export function customFieldList(name: string, description: string, ofValue: string, value = text(50)) {
  const entry = z
    .object({
      key: z
        .string()
        .regex(/^CustomField[1-5]$/, about('must be CustomField1, CustomField2, CustomField3, CustomField4 or CustomField5.'))
        .describe('`CustomField1`, `CustomField2`, `CustomField3`, `CustomField4` or `CustomField5`.'),
      value: value.describe(ofValue),
    })
    .register(INPUT_TYPES, { name, description });
  return z.array(entry).min(1, 'Name at least one custom field, or leave the list out.');
}

/** Custom fields to set. */
export const customFieldValues = customFieldList(
  'CustomFieldInput',
  'A custom field to set on every device of the request.',
  "A user-defined text of at most 50 characters, without `'`, `<` and `\\`.",
);

/** Custom fields that choose devices. */
export const customFieldFilter = customFieldList(
  'CustomFieldFilterInput',
  'Chooses devices by a custom field. They must have been added to the account with this value before.',
  'The value that a device must have, at most 50 characters.',
);

export function reportRepeatedKeys(fields: readonly { readonly key: string }[] | null | undefined, path: string[], report: ReportFault) {
  const keys = fields?.map(({ key }) => key) ?? [];
  for (const [at, key] of keys.entries())
    if (keys.indexOf(key) !== at) report([...path, at, 'key'], 'DUPLICATE_KEY', 'Name each custom field once.');
}

/** The three ways to name devices: a list, a group, or the whole account. */
export interface Choice<Device> {
  readonly devices?: readonly Device[] | null | undefined;
  readonly group?: (Narrowing & { readonly groupName: string }) | null | undefined;
  readonly wholeAccount?: (Narrowing & { readonly confirmAccountName: string }) | null | undefined;
}

interface Narrowing {
  readonly customFieldFilter?: DeviceFilter['customFields'] | null;
  readonly servicePlanFilter?: string | null | undefined;
  readonly confirmDeviceCount?: number;
}

/** Words of the sentences about a choice. */
export interface ChoiceWords {
  /** As in "which devices to activate". */
  readonly verb: string;
  /** As in "every device of the account will be activated". */
  readonly consequence: string;
}

/**
 * Exactly one of the three must be given. A missing one must never mean "everything": the carrier takes a body without devices and
 * group for the whole account, and does not ask back. GraphQL ensures it too (`@oneOf`).
 */
function reportChoiceFaults(
  { devices, group, wholeAccount }: Choice<NamedDevice>,
  accountName: string,
  words: ChoiceWords,
  report: ReportFault,
): void {
  const given = Object.entries({ devices, group, wholeAccount }).flatMap(([name, choice]) => (choice ? [name] : []));
  if (given.length !== 1)
    report(
      [],
      'EXACTLY_ONE_TARGET',
      `Name the devices to ${words.verb} with exactly one of devices, group and wholeAccount. This target has ${given.length === 0 ? 'none' : given.join(' and ')}.`,
    );
  if (devices) reportListFaults(devices, report);
  if (wholeAccount && cleanText(wholeAccount.confirmAccountName) !== cleanText(accountName))
    report(['wholeAccount', 'confirmAccountName'], 'NOT_CONFIRMED', `confirmAccountName must repeat accountName: ${words.consequence}.`);
  reportRepeatedKeys(group?.customFieldFilter, ['group', 'customFieldFilter'], report);
  reportRepeatedKeys(wholeAccount?.customFieldFilter, ['wholeAccount', 'customFieldFilter'], report);
}

function chooseDevices({ devices, group, wholeAccount }: Choice<RequestedDevice>): ChosenDevices {
  const narrowing = group ?? wholeAccount;
  return {
    devices: devices ?? null,
    filter: {
      groupName: group?.groupName,
      servicePlan: narrowing?.servicePlanFilter ?? undefined,
      customFields: narrowing?.customFieldFilter ?? undefined,
    },
    confirmation: {
      confirmAccountName: wholeAccount ? cleanText(wholeAccount.confirmAccountName) : undefined,
      confirmDeviceCount: narrowing?.confirmDeviceCount,
    },
  };
}

/**
 * A target that is a choice.
 *
 * @param type has the fields of `Choice`, and is registered as `@oneOf`.
 */
export function chosenBy<Device extends NamedDevice>(
  type: z.ZodType<Choice<RequestedDevice>, Choice<Device>>,
  { filterNames, keepsConfirmation, ...words }: ChoiceWords & Pick<Target<z.ZodRawShape>, 'filterNames' | 'keepsConfirmation'>,
) {
  const fields = { target: type.describe('Which devices: a list, a group, or the whole account. Exactly one of the three.') };
  return {
    fields,
    filterNames,
    keepsConfirmation,
    reportFaults: ({ target, accountName }, report) =>
      reportChoiceFaults(target, accountName, words, (path, code, message) => report(['target', ...path], code, message)),
    choose: ({ target }) => chooseDevices(target),
  } satisfies Target<typeof fields>;
}

/** For an input without a target. */
export const ONE_OF_THREE = about('must name the devices, with exactly one of devices, group and wholeAccount.');
