import { describe, expect, test } from 'vitest';
import { activateDevices } from '../../src/operations/activate-devices.ts';
import { renewActivationCode } from '../../src/operations/renew-activation-code.ts';
import { iccid } from '../support/devices.ts';
import { inputFaults } from '../support/input-faults.ts';
import { belowTarget, identifierOf, OPERATION_CASES, withCompanions, withDevices } from '../support/operation-fixtures.ts';
import { ACTIVATE, EID, ICCID, IMEI, RENEW } from '../support/valid-inputs.ts';

type Device = { deviceIds: { kind: string; value: string }[] };

describe.each(OPERATION_CASES)('$operation.mutation', (each) => {
  const faults = (devices: readonly Device[]) => {
    const input = withDevices(each, devices);
    return belowTarget(inputFaults(input, each.operation.parse(input)));
  };
  const some = (count: number): Device[] =>
    Array.from({ length: count }, (_, at) => ({ deviceIds: withCompanions([identifierOf(at, each)], each) }));

  test('names at least one device', () => {
    expect(faults([])).toEqual(['devices TOO_SMALL']);
    expect(faults(some(1))).toEqual([]);
  });

  test('names at most 10,000 devices', () => {
    expect(faults(some(10_000))).toEqual([]);
    expect(faults(some(10_001))).toEqual(['devices TOO_BIG']);
  });

  test('gives each device at least one identifier', () => {
    expect(faults([{ deviceIds: [] }, ...some(1)])).toEqual(['devices.0.deviceIds TOO_SMALL']);
  });

  test('gives a device each kind once', () => {
    const twice = [1, 2].map((number) => identifierOf(number, each));
    expect(faults([{ deviceIds: withCompanions(twice, each) }])).toEqual(['devices.0.deviceIds.1.kind DUPLICATE_KIND']);
  });

  test('names each device once', () => {
    expect(faults([...some(3), ...some(2)])).toEqual([
      'devices.3.deviceIds.0.value DUPLICATE_DEVICE',
      'devices.4.deviceIds.0.value DUPLICATE_DEVICE',
    ]);
  });
});

describe('one device in two spellings', () => {
  const activate = (...devices: Device[]) => {
    const input = { ...ACTIVATE, target: { devices } };
    return belowTarget(inputFaults(input, activateDevices.parse(input)));
  };
  const by = (kind: string, value: string): Device => ({ deviceIds: [{ kind, value }] });
  const TWICE = ['devices.1.deviceIds.0.value DUPLICATE_DEVICE'];

  test('an IMEI is the same with and without its check digit, and as IMEISV', () => {
    expect(activate(by('IMEI', '99001390783557'), by('IMEI', '990013907835573'))).toEqual(TWICE);
    expect(activate(by('IMEI', '990013907835573'), by('IMEI', '9900139078355701'))).toEqual(TWICE);
    expect(activate(by('IMEI', '990013907835573'), by('IMEI', '990013907835581'))).toEqual([]);
    // Test data in sequence. Of one length, all digits count.
    expect(activate(...Array.from({ length: 10 }, (_, at) => by('IMEI', `99001390783557${at}`)))).toEqual([]);
    expect(activate(by('IMEI', '9900139078355701'), by('IMEI', '9900139078355702'))).toEqual([]);
  });

  test('an ICCID of 19 digits, with and without padding, is the one of 20 that begins with them', () => {
    const [long, short] = ['89148000000000000017', '8914800000000000001'];
    for (const spelling of [short, `${short}F`, `${short}f`]) {
      expect(activate(by('ICCID', long), by('ICCID', spelling))).toEqual(TWICE);
      expect(activate(by('ICCID', spelling), by('ICCID', long))).toEqual(TWICE);
    }
    expect(activate(by('ICCID', short), by('ICCID', `${short}F`))).toEqual(TWICE);
    expect(activate(...Array.from({ length: 10 }, (_, at) => by('ICCID', `${short}${at}`)))).toEqual([]);
    // 18 digits lack two: they are no other's.
    expect(activate(by('ICCID', short.slice(0, 18)), by('ICCID', short))).toEqual([]);
  });

  test.each([
    ['ICCID', '89148000000000000017', '8914800000000000001', 'an ICCID of 19 digits is the one of 20 digits that begins with them'],
    ['IMEI', '990013907835573', '99001390783557', 'IMEIs of 14, 15 and 16 digits are one when their first 14 are the same'],
  ])('the fault of an %s in two spellings says the rule', (kind, one, other, rule) => {
    const parsed = activateDevices.parse({ ...ACTIVATE, target: { devices: [by(kind, one), by(kind, other)] } });
    expect(parsed).toMatchObject({
      faults: [{ message: `devices[0] has this ${kind} in another spelling: ${rule}. Name each device once.` }],
    });
  });

  test('an MDN and its MSISDN are the same', () => {
    expect(activate(by('MDN', '5096306081'), by('MSISDN', '15096306081'))).toEqual(TWICE);
    expect(activate(by('MDN', '5096306081'), by('MDN', '+1 (509) 630-6081'))).toEqual(TWICE);
    expect(activate({ deviceIds: [...by('MDN', '5096306081').deviceIds, ...by('MSISDN', '15096306081').deviceIds] })).toEqual([]);
  });

  test('a MEID is the same in upper and lower case', () => {
    expect(activate(by('MEID', 'a0000012345678'), by('MEID', 'A0000012345678'))).toEqual(TWICE);
  });

  test('one shared identifier is enough in an activation', () => {
    const other = { kind: 'ICCID', value: iccid(9) };
    expect(activate({ deviceIds: [IMEI, ICCID] }, { deviceIds: [IMEI, other] })).toEqual(TWICE);
  });

  test('two profiles of one eSIM device may be renewed together, told apart by ICCID', () => {
    const renew = (devices: Device[]) => inputFaults({ ...RENEW, devices }, renewActivationCode.parse({ ...RENEW, devices }));
    const other = { kind: 'ICCID', value: iccid(9) };
    expect(renew([{ deviceIds: [EID, ICCID] }, { deviceIds: [EID, other] }])).toEqual([]);
    expect(renew([{ deviceIds: [EID, ICCID] }, { deviceIds: [EID, ICCID] }])).toEqual(['devices.1.deviceIds.1.value DUPLICATE_DEVICE']);
    expect(renew([{ deviceIds: [EID] }, { deviceIds: [EID] }])).toEqual(TWICE);
  });
});
