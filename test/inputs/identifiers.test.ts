import { expect, test } from 'vitest';
import { activateDevices } from '../../src/operations/activate-devices.ts';
import { renewActivationCode } from '../../src/operations/renew-activation-code.ts';
import { DEVICE_IDENTIFIER_KINDS } from '../../src/datasources/thingspace/wire/device-identifier.ts';
import { inputFaults } from '../support/input-faults.ts';
import { belowTarget, OPERATION_CASES, withCompanions, withDevices } from '../support/operation-fixtures.ts';
import { ACTIVATE, RENEW } from '../support/valid-inputs.ts';

const FORMS = [
  { kind: 'ICCID', min: 18, max: 20 },
  { kind: 'EID', min: 32, max: 32 },
  { kind: 'IMEI', min: 14, max: 16 },
  { kind: 'MDN', min: 10, max: 10 },
  { kind: 'MSISDN', min: 11, max: 11 },
  { kind: 'ESN', min: 11, max: 11 },
  { kind: 'MEID', min: 14, max: 14 },
] as const;

const digits = (length: number) => '8'.repeat(length);
const activate = (kind: string, value: string) => {
  const input = { ...ACTIVATE, target: { devices: [{ deviceIds: [{ kind, value }] }] } };
  return belowTarget(inputFaults(input, activateDevices.parse(input)));
};
const stored = (kind: string, value: string) => {
  const parsed = activateDevices.parse({ ...ACTIVATE, target: { devices: [{ deviceIds: [{ kind, value }] }] } });
  return 'command' in parsed ? parsed.command.devices?.[0]?.deviceIds[0]?.id : parsed.faults;
};
const REFUSED = ['devices.0.deviceIds.0.value IDENTIFIER_FORM'];

test.each(FORMS)('$kind takes $min to $max digits', ({ kind, min, max }) => {
  expect(activate(kind, digits(min))).toEqual([]);
  expect(activate(kind, digits(max))).toEqual([]);
  expect(activate(kind, digits(min - 1))).toEqual(REFUSED);
  expect(activate(kind, digits(max + 1))).toEqual(REFUSED);
  expect(activate(kind, '')).toEqual(REFUSED);
});

test.each(FORMS)('$kind takes nothing but its digits: no sign, letter, control character or digit of another script', ({ kind, min }) => {
  const id = digits(min);
  const wrong = [
    `${id}\u0000`,
    `-${id.slice(1)}`,
    `+${id}`,
    `${id.slice(1)}.`,
    `${id.slice(1)}G`,
    `${id.slice(1)}٨`,
    `${id.slice(0, 3)}-${id.slice(4)}`,
    `${id.slice(2)}e5`.padStart(kind === 'MEID' ? 15 : min, '8'),
    `${id.slice(0, 1)}.${id.slice(1, 8)}E+19`,
  ];
  for (const bad of wrong) expect(activate(kind, bad), JSON.stringify(bad)).toEqual(REFUSED);
});

test.each(FORMS)('$kind is taken as people paste it, and stored and sent clean', ({ kind, min }) => {
  const id = digits(min);
  const pasted = [
    ` ${id}`,
    `${id}\r\n`,
    `\t${id}`,
    id.replaceAll(/(....)/g, '$1 '),
    id.replaceAll(/(....)/g, '$1\u00a0'),
    id.replaceAll(/(...)/g, '$1-'),
    id.replaceAll(/(...)/g, '$1\u2011'),
    `(${id.slice(0, 3)}) ${id.slice(3, 6)}.${id.slice(6)}`,
    `${id.slice(0, -1)}/${id.slice(-1)}`,
    `\ufeff${id.slice(0, 2)}\u200b${id.slice(2)}\u202c`,
    id.replace('8', '８'),
  ];
  for (const value of pasted) expect(stored(kind, value), JSON.stringify(value)).toBe(id);
});

test.each([
  ['ICCID', '8914800000000000001F', '8914800000000000001'],
  ['ICCID', '89148000000000000010f', '89148000000000000010'],
  ['ICCID', '891480000000000001ff', '891480000000000001'],
  ['MDN', '+1 (509) 630-6081', '5096306081'],
  ['MDN', '1-509-630-6081', '5096306081'],
  ['MSISDN', '+1 509 630 6081', '15096306081'],
  ['IMEI', '35-209900-176148-1', '352099001761481'],
  ['MEID', 'a1 00 00 09 30 93 4e', 'A100000930934E'],
  ['MEID', '270113177609606478', 'A100000092954E'],
  ['ESN', '80d4a0ff', '12813934847'],
] as const)('%s %j is %s', (kind, value, clean) => {
  expect(stored(kind, value)).toBe(clean);
});

test('a MEID takes hexadecimal letters in either case, no other kind does', () => {
  expect(activate('MEID', 'A00000abcdef12')).toEqual([]);
  expect(activate('ESN', '1234567890A')).toEqual(REFUSED);
});

test('leading zeros of an identifier stay', () => {
  const input = { ...ACTIVATE, target: { devices: [{ deviceIds: [{ kind: 'MDN', value: '0000000001' }] }] } };
  expect(activateDevices.parse(input)).toMatchObject({ command: { devices: [{ deviceIds: [{ kind: 'MDN', id: '0000000001' }] }] } });
});

const exampleOf = (kind: string) => digits(FORMS.find((form) => form.kind === kind)?.max ?? 10);

test.each(OPERATION_CASES)('$operation.mutation takes the identifier kinds its page names and no other', (each) => {
  const { operation, identifierKinds } = each;
  for (const kind of DEVICE_IDENTIFIER_KINDS) {
    const input = withDevices(each, [{ deviceIds: withCompanions([{ kind, value: exampleOf(kind) }], each) }]);
    expect(belowTarget(inputFaults(input, operation.parse(input))), kind).toEqual(
      identifierKinds.includes(kind) ? [] : ['devices.0.deviceIds.0.kind IDENTIFIER_KIND'],
    );
  }
});

test('a renewal needs the EID or the ICCID: an IMEI alone is refused', () => {
  const input = { ...RENEW, devices: [{ deviceIds: [{ kind: 'IMEI', value: digits(15) }] }] };
  expect(inputFaults(input, renewActivationCode.parse(input))).toEqual(['devices.0.deviceIds NEEDS_EID_OR_ICCID']);
});
