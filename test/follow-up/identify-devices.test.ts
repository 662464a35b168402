import { expect, test } from 'vitest';
import { parseIdentifierKind, type DeviceIdentifier } from '../../src/datasources/thingspace/wire/device-identifier.ts';
import { identifierKey } from '../../src/datasources/thingspace/wire/same-identifier.ts';
import { learnIdentifiers } from '../../src/resolvers/requests/identify-devices.ts';

const ICCID = ['ICCID:89148000000000000001', 'ICCID:89148000000000000002'] as const;
const EID = ['EID:89049032000000000000000000000001', 'EID:89049032000000000000000000000002'] as const;
const IMEI = ['IMEI:99001390000001', 'IMEI:99001390000002'] as const;
const MDN = ['MDN:5096306001', 'MDN:5096306002'] as const;

const identifier = (key: string): DeviceIdentifier => {
  const [kind = '', id = ''] = key.split(':');
  return { kind: parseIdentifierKind(kind), id, reportedKind: kind };
};
const device = (index: number, keys: readonly string[], ...records: readonly (readonly string[])[]) => ({
  device: { index, keys },
  records: records.map((record) => record.map(identifier)),
});
const learnt = (...given: Parameters<typeof learnIdentifiers>) =>
  learnIdentifiers(...given).map(({ index, deviceIds }) => [
    index,
    ...deviceIds.map(({ kind, id, reportedKind }) => identifierKey(kind, id, reportedKind)),
  ]);

test('each device learns what its record says', () => {
  const told = [device(0, [ICCID[0]], [ICCID[0], IMEI[0], MDN[0]]), device(4, [EID[1]], [EID[1], IMEI[1]])];
  expect(learnt(told, [])).toEqual([
    [0, ICCID[0], IMEI[0], MDN[0]],
    [4, EID[1], IMEI[1]],
  ]);
});

test('a device of which the list says nothing new, or that it does not know, learns nothing', () => {
  expect(learnt([device(0, [ICCID[0], IMEI[0]], [IMEI[0], ICCID[0]]), device(1, [ICCID[1]])], [])).toEqual([]);
});

test('an identifier that two of the devices have names neither', () => {
  const told = [device(0, [ICCID[0]], [ICCID[0], IMEI[0], MDN[0]]), device(1, [ICCID[1]], [ICCID[1], IMEI[0], MDN[1]])];
  expect(learnt(told, [])).toEqual([
    [0, ICCID[0], MDN[0]],
    [1, ICCID[1], MDN[1]],
  ]);
  expect(learnt([device(0, [ICCID[0]], [ICCID[0], IMEI[0]]), device(1, [IMEI[0]])], [])).toEqual([]);
});

test('of two profiles of one EID only that counts in which they agree', () => {
  const records = [
    [EID[0], IMEI[0], ICCID[0], MDN[0]],
    [EID[0], IMEI[0], ICCID[1], MDN[1]],
  ];
  expect(learnt([device(0, [EID[0]], ...records)], [])).toEqual([[0, EID[0], IMEI[0]]]);
  expect(learnt([device(0, [EID[0], ICCID[1]], ...records)], [])).toEqual([[0, EID[0], IMEI[0], ICCID[1], MDN[1]]]);
});

test('a record whose stronger identifier disagrees is another device’s', () => {
  expect(learnt([device(0, [ICCID[0], IMEI[0]], [ICCID[1], IMEI[0], MDN[1]])], [])).toEqual([]);
});

test('identifiers of the hardware wait for a device that may be a second profile of it', () => {
  const told = [device(0, [ICCID[0], EID[0]], [ICCID[0], EID[0], IMEI[0], MDN[0]])];
  expect(learnt(told, [{ keys: [ICCID[1]] }])).toEqual([[0, ICCID[0], MDN[0]]]);
  expect(learnt(told, [{ keys: [ICCID[1], EID[1]] }])).toEqual([[0, ICCID[0], EID[0], IMEI[0], MDN[0]]]);
});
