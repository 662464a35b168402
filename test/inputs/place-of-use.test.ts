import { expect, test } from 'vitest';
import { activateDevices } from '../../src/operations/activate-devices.ts';
import { inputFaults } from '../support/input-faults.ts';
import { ACTIVATE, PLACE } from '../support/valid-inputs.ts';

type Part = 'customerName' | 'address';

function faults(part: Part, change: Record<string, string | null>): string[] {
  const primaryPlaceOfUse = { ...PLACE, [part]: { ...PLACE[part], ...change } };
  const input = { ...ACTIVATE, primaryPlaceOfUse };
  return inputFaults(input, activateDevices.parse(input)).map((fault) => fault.replace(`primaryPlaceOfUse.${part}.`, ''));
}

const long = (length: number) => 'x'.repeat(length);
const PLAIN = 'letters, digits, space, dash, exclamation point and pound sign';

const RULES: readonly [rule: string, part: Part, change: Record<string, string | null>, faults: readonly string[]][] = [
  ['a name and an address are enough', 'customerName', {}, []],
  ['the optional names may be null', 'customerName', { title: null, middleName: null, suffix: null }, []],
  ['title, middleName and suffix may hold dots', 'customerName', { title: 'Mr.', middleName: 'B.', suffix: 'III.' }, []],
  ['title of 51 characters is refused', 'customerName', { title: long(51) }, ['title TOO_BIG']],
  ['firstName of 20 characters is accepted', 'customerName', { firstName: long(20) }, []],
  ['firstName of 21 characters is refused', 'customerName', { firstName: long(21) }, ['firstName TOO_BIG']],
  ['firstName must not be empty', 'customerName', { firstName: '' }, ['firstName TOO_SMALL']],
  [`firstName takes ${PLAIN}`, 'customerName', { firstName: 'Anna-Lena 2 !#' }, []],
  ['firstName takes no other character', 'customerName', { firstName: 'A. Lena' }, ['firstName INVALID_FORMAT']],
  ['lastName of 25 characters is accepted', 'customerName', { lastName: long(25) }, []],
  ['lastName of 26 characters is refused', 'customerName', { lastName: long(26) }, ['lastName TOO_BIG']],
  ['lastName must not be empty', 'customerName', { lastName: '' }, ['lastName TOO_SMALL']],
  ['lastName takes no other character than firstName does', 'customerName', { lastName: 'Doe, Inc' }, ['lastName INVALID_FORMAT']],
  [
    'an apostrophe in a name is refused, the carrier takes none',
    'customerName',
    { lastName: "O'Brien" },
    ['lastName INVALID_CHARACTER', 'lastName INVALID_FORMAT'],
  ],
  ['a control character in a title is refused', 'customerName', { title: 'Mr\u0001' }, ['title INVALID_CHARACTER']],

  ['addressLine1 must not be empty', 'address', { addressLine1: '' }, ['addressLine1 TOO_SMALL']],
  ['addressLine1 of 100 characters is accepted', 'address', { addressLine1: long(100) }, []],
  ['addressLine1 of 101 characters is refused', 'address', { addressLine1: long(101) }, ['addressLine1 TOO_BIG']],
  ['addressLine2 may be null', 'address', { addressLine2: null }, []],
  ['addressLine2 must not hold a backslash', 'address', { addressLine2: 'a\\b' }, ['addressLine2 INVALID_CHARACTER']],
  ['city must not be empty', 'address', { city: '' }, ['city TOO_SMALL']],
  ['state is two letters', 'address', { state: 'TX' }, []],
  ['state is not the name of the state', 'address', { state: 'Texas' }, ['state INVALID_FORMAT']],
  ['state is not one letter', 'address', { state: 'T' }, ['state INVALID_FORMAT']],
  ['state is not two digits', 'address', { state: '48' }, ['state INVALID_FORMAT']],
  ['zip has 5 digits', 'address', { zip: '2050' }, ['zip INVALID_FORMAT']],
  ['zip has no letters', 'address', { zip: '2050A' }, ['zip INVALID_FORMAT']],
  ['zip does not contain the ZIP+4', 'address', { zip: '20500-0005' }, ['zip INVALID_FORMAT']],
  ['zip4 of 4 digits is accepted', 'address', { zip4: '0005' }, []],
  ['zip4 of 5 digits is refused', 'address', { zip4: '00050' }, ['zip4 INVALID_FORMAT']],
  ['zip4 with letters is refused', 'address', { zip4: '000A' }, ['zip4 INVALID_FORMAT']],
  ['country US is accepted', 'address', { country: 'US' }, []],
  ['country USA is accepted', 'address', { country: 'USA' }, []],
  ['country takes no other word', 'address', { country: 'usa' }, ['country INVALID_FORMAT']],
  ['phone takes digits and the usual signs', 'address', { phone: '+1 (202) 456-1111' }, []],
  ['phone takes no letters', 'address', { phone: '202-456-CALL' }, ['phone INVALID_FORMAT']],
  ['phoneType is a single letter', 'address', { phoneType: 'H' }, []],
  ['phoneType is not two letters', 'address', { phoneType: 'HW' }, ['phoneType INVALID_FORMAT']],
  ['phoneType is not a digit', 'address', { phoneType: '1' }, ['phoneType INVALID_FORMAT']],
  ['emailAddress is accepted', 'address', { emailAddress: 'first.last+tag@mail.example.com' }, []],
  ['emailAddress must be an e-mail address', 'address', { emailAddress: 'first.last.example.com' }, ['emailAddress EMAIL']],
  [
    'an apostrophe in an emailAddress is refused, because the carrier refuses it',
    'address',
    { emailAddress: "o'brien@example.com" },
    ['emailAddress INVALID_CHARACTER'],
  ],
];

test.each(RULES)('%s', (_rule, part, change, expected) => {
  expect(faults(part, change)).toEqual(expected);
});

const PO_BOXES = [
  'P.O. Box 12',
  'PO Box 12',
  'p.o.box 12',
  'P O Box 12',
  'P. O. Box 12',
  'POBox 12',
  'PO-Box 12',
  'PO. BOX #12',
  'POB 12',
  'P.O.B. 12',
  'Post Office Box 12',
  'post-office box 12',
  '12 Main St, PO Box 9',
];
const STREETS = [
  '12 Boxwood Lane',
  '1 Post Office Road',
  '5 Box Canyon',
  '12 Poboy Street',
  '7 Oboe Court',
  'Spo Box 1',
  '9 Depot Office Blvd',
];

test.each(PO_BOXES)('addressLine1 cannot be a P.O. box: %s', (addressLine1) => {
  expect(faults('address', { addressLine1 })).toEqual(['addressLine1 PO_BOX']);
});

test.each(STREETS)('addressLine1 may be the street %s', (addressLine1) => {
  expect(faults('address', { addressLine1 })).toEqual([]);
});
