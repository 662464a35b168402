import { expect, test } from 'vitest';
import { identifiersWithin } from '../support/documented-callbacks.ts';
import { OPERATION_CASES } from '../support/operation-fixtures.ts';

const OTHER = '0000123456-00002';
const GROUP = { groupName: '4G West' };

/** The operations whose settings keep the confirmation of a whole account. */
const GUARDED = OPERATION_CASES.flatMap((each) => {
  const { accountName } = each.input;
  const count = each.counts && { confirmDeviceCount: 5 };
  const settingsOf = (target: object) => {
    const parsed = each.operation.parse({ ...each.input, target });
    return 'command' in parsed ? parsed.command.settings : {};
  };
  const settings = settingsOf({ wholeAccount: { confirmAccountName: accountName, ...count } });
  return 'confirmAccountName' in settings ? [{ ...each, settings, ofGroup: settingsOf({ group: { ...GROUP, ...count } }) }] : [];
});

test('every operation that came after suspendDevices and restoreDevices is guarded, if it takes a whole account', () => {
  expect(GUARDED.map(({ operation }) => operation.name)).toEqual([
    'DEACTIVATE_DEVICES',
    'CHANGE_SERVICE_PLAN',
    'UPDATE_CUSTOM_FIELDS',
    'UPDATE_COST_CENTER',
  ]);
});

test.each(GUARDED)(
  '$operation.mutation: a body without devices and group is made for a confirmed account only',
  ({ operation, input: { accountName }, settings, ofGroup }) => {
    expect(operation.actionOn(accountName, null, settings).body).toMatchObject({ accountName });
    expect(() => operation.actionOn(OTHER, null, settings)).toThrow('nobody has confirmed');
    expect(() => operation.actionOn(accountName, null, { ...settings, confirmAccountName: undefined })).toThrow('nobody has confirmed');
    expect(() => operation.actionOn(accountName, null, operation.withoutFilter(settings))).toThrow('not sent');
    // A filter that gets lost makes no whole account of a group, nor does an empty name.
    expect(operation.actionOn(accountName, null, ofGroup).body).toMatchObject(GROUP);
    for (const groupName of [undefined, ''])
      expect(() => operation.actionOn(accountName, null, { ...ofGroup, groupName })).toThrow('nobody has confirmed');
  },
);

test.each(OPERATION_CASES.filter(({ operation }) => operation.name !== 'ACTIVATE_DEVICES'))(
  '$operation.mutation: a list that names nothing is not sent',
  ({ operation, input }) => {
    const parsed = operation.parse(input);
    if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
    const { devices, settings } = parsed.command;
    const named = devices?.flatMap(({ deviceIds }) => deviceIds.map(({ id }) => id));
    const { body } = operation.actionOn(input.accountName, devices, settings);
    expect(named).toEqual(expect.arrayContaining([identifiersWithin(body)[0]?.id]));
    for (const none of [[], [{ deviceIds: [] }], [...(devices ?? []), { deviceIds: [] }]])
      expect(() => operation.actionOn(input.accountName, none, settings)).toThrow('is not sent');
  },
);

test('a deactivation that is neither listed nor counted is not sent', () => {
  const deactivation = GUARDED.find(({ operation }) => operation.scope === 'terminate');
  const { accountName } = deactivation?.input ?? { accountName: '' };
  for (const settings of [deactivation?.settings, deactivation?.ofGroup])
    expect(() => deactivation?.operation.actionOn(accountName, null, { ...settings, confirmDeviceCount: undefined })).toThrow('not sent');
});
