import * as z from 'zod';
import { about, identifiers, INPUT_TYPES, optional, servicePlan, text } from './fields.ts';
import { chosenBy, customFieldFilter, deviceList, ONE_OF_THREE, type ChoiceWords, type FilterNames } from './target.ts';

/** One device of an account. */
export const line = z
  .object({
    deviceIds: identifiers(
      ['ICCID', 'IMEI', 'EID', 'MDN', 'MEID', 'MSISDN', 'ESN'],
      'The identifiers of the device, each kind once. One is enough. The kinds ICCID, IMEI, EID, MDN, MEID, MSISDN and ESN are accepted.',
    ),
  })
  .register(INPUT_TYPES, { name: 'LineInput', description: 'One device of the account, named by its identifiers.' });

const narrowing = {
  servicePlanFilter: optional(servicePlan).describe('Only devices on this service plan.'),
  customFieldFilter: optional(customFieldFilter).describe('Only devices with all of these custom field values.'),
};

const groupFields = { groupName: text(100).describe('The name of the device group, at most 100 characters.'), ...narrowing };
const accountFields = {
  confirmAccountName: z.string().describe('Repeat `accountName` here, to confirm that every device of the account is meant.'),
  ...narrowing,
};

const lineGroup = z.object(groupFields).register(INPUT_TYPES, {
  name: 'LineGroupInput',
  description: 'The devices of a group. With filters, only those that match all of them.',
});

const wholeAccount = z.object(accountFields).register(INPUT_TYPES, {
  name: 'WholeAccountInput',
  description: 'Every device of the account. With filters, only those that match all of them.',
});

const lineList = optional(deviceList(line)).describe('1 to 10,000 devices.');

const lineTarget = z
  .object(
    {
      devices: lineList,
      group: optional(lineGroup).describe('The devices of a group.'),
      wholeAccount: optional(wholeAccount).describe('Every device of the account.'),
    },
    ONE_OF_THREE,
  )
  .register(INPUT_TYPES, { name: 'LineTargetInput', isOneOf: true, description: 'Existing devices of the account.' });

const FILTER_NAMES = { groupName: 'groupName', servicePlan: 'servicePlan', customFields: 'customFields' } as const;

/** A target of existing lines: a list, a group, or the whole account with its name repeated. */
export function chosenLines(words: ChoiceWords) {
  return chosenBy(lineTarget, { ...words, filterNames: FILTER_NAMES, keepsConfirmation: false });
}

/** The same, for `confirmedLineBody`: the settings keep the name that was repeated. */
export function confirmedLines(words: ChoiceWords, filterNames: FilterNames = FILTER_NAMES) {
  return chosenBy(lineTarget, { ...words, filterNames, keepsConfirmation: true });
}

const COUNT = about('must be the number of devices that are meant, 1 to 10,000.');

const counting = {
  confirmDeviceCount: z
    .int(COUNT)
    .min(1, COUNT)
    .max(10_000, COUNT)
    .describe(
      'How many devices are meant, 1 to 10,000. Right before the request is sent, the gateway counts them in the carrier’s device list, in whatever state they are. If the number differs, nothing is sent: the request is CANCELLED with the code COUNT_DIFFERS, and its message tells the number that was found. If the carrier refuses to list them, the code is COUNT_UNKNOWN.',
    ),
};

const countedTarget = z
  .object(
    {
      devices: lineList,
      group: optional(
        z.object({ ...groupFields, ...counting }).register(INPUT_TYPES, {
          name: 'CountedLineGroupInput',
          description: 'The devices of a group, with their number. With filters, only those that match all of them.',
        }),
      ).describe('The devices of a group.'),
      wholeAccount: optional(
        z.object({ ...accountFields, ...counting }).register(INPUT_TYPES, {
          name: 'CountedWholeAccountInput',
          description: 'Every device of the account, with their number. With filters, only those that match all of them.',
        }),
      ).describe('Every device of the account.'),
    },
    ONE_OF_THREE,
  )
  .register(INPUT_TYPES, {
    name: 'CountedLineTargetInput',
    isOneOf: true,
    description: 'Existing devices of the account, for what cannot be undone: who does not list them says how many they are.',
  });

/** A target of existing lines that are listed, or else counted in the carrier's device list before the request leaves. */
export function countedLines(words: ChoiceWords) {
  return chosenBy(countedTarget, { ...words, filterNames: FILTER_NAMES, keepsConfirmation: true });
}
