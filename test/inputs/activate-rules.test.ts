import { expect, test } from 'vitest';
import { activateDevices } from '../../src/operations/activate-devices.ts';
import { inputFaults } from '../support/input-faults.ts';
import { ACTIVATE, ICCID, IMEI, PLACE } from '../support/valid-inputs.ts';

const long = (length: number) => 'x'.repeat(length);
const group = { groupName: '4G West' };
const whole = { confirmAccountName: ACTIVATE.accountName };
const field = (key: string, value: string) => ({ customFields: [{ key, value }] });
const LISTED = { devices: [{ deviceIds: [IMEI, ICCID] }] };
const address = (ipAddress: string) => ({ carrierIpPoolName: 'pool', target: { devices: [{ deviceIds: [IMEI], ipAddress }] } });

/** A difference from a valid input, which GraphQL might not let through. */
type Change = Readonly<Record<string, unknown>>;

/** `[rule, the difference from a valid input, the expected faults]`. Each rule is tested just inside its bound and just beyond. */
const RULES: readonly [rule: string, change: Change, faults: readonly string[]][] = [
  ['the least input is accepted', {}, []],
  [
    'null is the same as left out',
    {
      groupName: null,
      target: { ...LISTED, group: null, wholeAccount: null },
      skuNumber: null,
      leadId: null,
      primaryPlaceOfUse: null,
      idempotencyKey: null,
    },
    [],
  ],

  ['devices and group exclude each other', { target: { ...LISTED, group } }, ['target EXACTLY_ONE_TARGET']],
  ['devices and wholeAccount exclude each other', { target: { ...LISTED, wholeAccount: whole } }, ['target EXACTLY_ONE_TARGET']],
  ['all three targets together are refused', { target: { ...LISTED, group, wholeAccount: whole } }, ['target EXACTLY_ONE_TARGET']],
  ['no target is refused: it must never mean everything', { target: null }, ['target INVALID_TYPE']],
  ['a target of nothing is refused: it must never mean everything', { target: {} }, ['target EXACTLY_ONE_TARGET']],
  ['a target of null is refused: it must never mean everything', { target: { devices: null } }, ['target EXACTLY_ONE_TARGET']],
  ['a group alone is accepted', { target: { group } }, []],
  ['a whole account alone is accepted', { target: { wholeAccount: whole } }, []],
  [
    'confirmAccountName must repeat accountName',
    { target: { wholeAccount: { confirmAccountName: '0868924207-00002' } } },
    ['target.wholeAccount.confirmAccountName NOT_CONFIRMED'],
  ],
  [
    'confirmAccountName must repeat every character',
    { target: { wholeAccount: { confirmAccountName: `${ACTIVATE.accountName} ` } } },
    ['target.wholeAccount.confirmAccountName NOT_CONFIRMED'],
  ],
  ['groupName goes with listed devices', group, []],
  ['groupName without devices is refused', { target: { group }, groupName: '4G East' }, ['groupName NEEDS_DEVICES']],
  ['customFields without devices are refused', { target: { group }, ...field('CustomField1', 'a') }, ['customFields NEEDS_DEVICES']],
  [
    'a customFieldFilter goes with a group',
    { target: { group: { ...group, customFieldFilter: [{ key: 'CustomField1', value: 'a' }] } } },
    [],
  ],
  [
    'a customFieldFilter goes with a whole account',
    { target: { wholeAccount: { ...whole, customFieldFilter: [{ key: 'CustomField5', value: 'a' }] } } },
    [],
  ],
  [
    'a customFieldFilter follows the rules of custom fields',
    { target: { group: { ...group, customFieldFilter: [{ key: 'CustomField6', value: long(51) }] } } },
    ['target.group.customFieldFilter.0.key INVALID_FORMAT', 'target.group.customFieldFilter.0.value TOO_BIG'],
  ],
  [
    'an empty customFieldFilter is refused: it would choose everything',
    { target: { wholeAccount: { ...whole, customFieldFilter: [] } } },
    ['target.wholeAccount.customFieldFilter TOO_SMALL'],
  ],

  ['accountName must not be empty', { accountName: '' }, ['accountName TOO_SMALL']],
  ['accountName of 64 characters is accepted', { accountName: long(64) }, []],
  ['accountName of 65 characters is refused', { accountName: long(65) }, ['accountName TOO_BIG']],
  ['servicePlan must not be empty', { servicePlan: '' }, ['servicePlan TOO_SMALL']],
  ['servicePlan of 100 characters is accepted', { servicePlan: long(100) }, []],
  ['servicePlan of 101 characters is refused', { servicePlan: long(101) }, ['servicePlan TOO_BIG']],
  ['servicePlan must not be padded', { servicePlan: ' m2m4G2GB' }, ['servicePlan PADDED']],
  ['servicePlan must not hold an apostrophe', { servicePlan: "m2m'4G" }, ['servicePlan INVALID_CHARACTER']],
  ['mdnZipCode of 5 digits is accepted', { mdnZipCode: '00501' }, []],
  ['mdnZipCode of 4 digits is refused', { mdnZipCode: '1234' }, ['mdnZipCode INVALID_FORMAT']],
  ['mdnZipCode of 6 digits is refused', { mdnZipCode: '988011' }, ['mdnZipCode INVALID_FORMAT']],
  ['mdnZipCode with letters is refused', { mdnZipCode: '9880A' }, ['mdnZipCode INVALID_FORMAT']],
  ['mdnZipCode with full-width digits is refused', { mdnZipCode: '９８８０１' }, ['mdnZipCode INVALID_FORMAT']],
  ['mdnZipCode with a line end is refused', { mdnZipCode: '98801\n' }, ['mdnZipCode INVALID_FORMAT']],

  ['skuNumber of 20 characters is accepted', { skuNumber: long(20) }, []],
  ['skuNumber of 21 characters is refused', { skuNumber: long(21) }, ['skuNumber TOO_BIG']],
  [
    'skuNumber replaces the IMEI: the ICCID alone is enough',
    { skuNumber: '7640111922001', target: { devices: [{ deviceIds: [ICCID] }] } },
    [],
  ],
  [
    'skuNumber needs the ICCID of each device',
    { skuNumber: '7640111922001', target: { devices: [{ deviceIds: [ICCID] }, { deviceIds: [IMEI] }] } },
    ['target.devices.1.deviceIds SKU_NEEDS_ICCID'],
  ],
  ['carrierName of 101 characters is refused', { carrierName: long(101) }, ['carrierName TOO_BIG']],
  ['groupName of 100 characters is accepted', { groupName: long(100) }, []],
  ['groupName of 101 characters is refused', { groupName: long(101) }, ['groupName TOO_BIG']],
  ['an empty groupName is refused: it would mean no group', { groupName: '' }, ['groupName TOO_SMALL']],
  [
    'an empty group to activate is refused: it would mean the whole account',
    { target: { group: { groupName: '' } } },
    ['target.group.groupName TOO_SMALL'],
  ],

  ['CustomField1 is accepted', field('CustomField1', 'a'), []],
  ['CustomField5 is accepted', field('CustomField5', 'a'), []],
  ['CustomField0 is refused', field('CustomField0', 'a'), ['customFields.0.key INVALID_FORMAT']],
  ['CustomField6 is refused', field('CustomField6', 'a'), ['customFields.0.key INVALID_FORMAT']],
  ['customfield1 in lower case is refused', field('customfield1', 'a'), ['customFields.0.key INVALID_FORMAT']],
  ['a custom field of 50 characters is accepted', field('CustomField1', long(50)), []],
  ['a custom field of 51 characters is refused', field('CustomField1', long(51)), ['customFields.0.value TOO_BIG']],
  ['an empty custom field is refused', field('CustomField1', ''), ['customFields.0.value TOO_SMALL']],
  [
    'a custom field takes any character the carrier does not forbid',
    field('CustomField1', 'Ünit 7/B, "east" > 50 % & (new) @home; 東京'),
    [],
  ],
  ['an empty list of customFields is refused', { customFields: [] }, ['customFields TOO_SMALL']],
  [
    'a custom field is named once',
    {
      customFields: [
        { key: 'CustomField1', value: 'a' },
        { key: 'CustomField1', value: 'b' },
      ],
    },
    ['customFields.1.key DUPLICATE_KEY'],
  ],

  ['ipAddress 1.0.0.0 is the lowest', address('1.0.0.0'), []],
  ['ipAddress 255.255.255.255 is the highest', address('255.255.255.255'), []],
  ['ipAddress must not begin with 0', address('0.1.2.3'), ['target.devices.0.ipAddress INVALID_FORMAT']],
  ['ipAddress has no part of 256', address('256.1.1.1'), ['target.devices.0.ipAddress INVALID_FORMAT']],
  ['ipAddress has no last part of 256', address('1.1.1.256'), ['target.devices.0.ipAddress INVALID_FORMAT']],
  ['ipAddress has no leading zeros', address('10.01.1.1'), ['target.devices.0.ipAddress INVALID_FORMAT']],
  ['ipAddress has four parts', address('10.1.1'), ['target.devices.0.ipAddress INVALID_FORMAT']],
  ['ipAddress is not an IPv6 address', address('::1'), ['target.devices.0.ipAddress INVALID_FORMAT']],
  ['ipAddress is not padded', address(' 10.1.1.1'), ['target.devices.0.ipAddress INVALID_FORMAT']],
  ['ipAddress must not be empty', address(''), ['target.devices.0.ipAddress INVALID_FORMAT']],
  ['ipAddress needs carrierIpPoolName', { ...address('10.1.1.1'), carrierIpPoolName: null }, ['target.devices.0.ipAddress NEEDS_IP_POOL']],
  ['carrierIpPoolName may stand without ipAddress', { carrierIpPoolName: 'pool' }, []],
  [
    'two devices do not share an ipAddress',
    {
      carrierIpPoolName: 'pool',
      target: {
        devices: [
          { deviceIds: [IMEI], ipAddress: '10.1.1.1' },
          { deviceIds: [ICCID], ipAddress: '10.1.1.1' },
        ],
      },
    },
    ['target.devices.1.ipAddress DUPLICATE_ADDRESS'],
  ],

  ['leadId without primaryPlaceOfUse is accepted', { leadId: '1000000001' }, []],
  ['primaryPlaceOfUse without leadId is accepted', { primaryPlaceOfUse: PLACE }, []],
  [
    'leadId and primaryPlaceOfUse exclude each other',
    { leadId: '1000000001', primaryPlaceOfUse: PLACE },
    ['primaryPlaceOfUse EXCLUDES_LEAD'],
  ],
  ['costCenterCode of 36 characters is accepted', { costCenterCode: `A1 -!#${long(30)}` }, []],
  ['costCenterCode of 37 characters is refused', { costCenterCode: long(37) }, ['costCenterCode TOO_BIG']],
  [
    'costCenterCode takes letters, digits, space, dash, exclamation point and pound sign only',
    { costCenterCode: 'cost_center' },
    ['costCenterCode INVALID_FORMAT'],
  ],
  ['publicIpRestriction restricted is accepted', { publicIpRestriction: 'restricted' }, []],
  ['publicIpRestriction unrestricted is accepted', { publicIpRestriction: 'unrestricted' }, []],
  ['publicIpRestriction takes no other word', { publicIpRestriction: 'Restricted ' }, ['publicIpRestriction INVALID_FORMAT']],

  ['idempotencyKey of 1 character is accepted', { idempotencyKey: 'k' }, []],
  ['idempotencyKey of 255 characters is accepted', { idempotencyKey: long(255) }, []],
  ['idempotencyKey of 256 characters is refused', { idempotencyKey: long(256) }, ['idempotencyKey TOO_BIG']],
  ['an empty idempotencyKey is refused', { idempotencyKey: '' }, ['idempotencyKey TOO_SMALL']],
  ['idempotencyKey must not hold a control character', { idempotencyKey: 'a\u0007b' }, ['idempotencyKey INVALID_FORMAT']],
  ['clientReference of 255 characters is accepted', { clientReference: long(255) }, []],
  ['clientReference of 256 characters is refused', { clientReference: long(256) }, ['clientReference TOO_BIG']],
];

test.each(RULES)('%s', (_rule, change, faults) => {
  const input = { ...ACTIVATE, ...change };
  expect(inputFaults(input, activateDevices.parse(input))).toEqual(faults.map((fault) => fault.trim()));
});

const FORBIDDEN = ["'", '<', '\\', '\u0000', '\t', '\n', '\r', '\u001f', '\u007f', '\ud800', '\ufffd'];
const TEXT_FIELDS: readonly [string, (value: string) => Change, path?: string][] = [
  ['accountName', (value) => ({ accountName: value })],
  ['servicePlan', (value) => ({ servicePlan: value })],
  ['groupName', (value) => ({ groupName: value })],
  ['skuNumber', (value) => ({ skuNumber: value })],
  ['carrierName', (value) => ({ carrierName: value })],
  ['carrierIpPoolName', (value) => ({ carrierIpPoolName: value })],
  ['leadId', (value) => ({ leadId: value })],
  ['customFields', (value) => field('CustomField1', value), 'customFields.0.value'],
  ['group', (value) => ({ target: { group: { groupName: value } } }), 'target.group.groupName'],
];

test.each(TEXT_FIELDS)("%s refuses ' < \\ and control characters anywhere in it, and padding", (name, change, path = name) => {
  const faults = (value: string) => {
    const input = { ...ACTIVATE, ...change(value) };
    return inputFaults(input, activateDevices.parse(input));
  };
  for (const character of FORBIDDEN) expect(faults(`ab${character}cd`), JSON.stringify(character)).toEqual([`${path} INVALID_CHARACTER`]);
  expect(faults('abcd ')).toEqual([`${path} PADDED`]);
  expect(faults('ab>c"d/e&f')).toEqual([]);
});
