import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchIdentified } from '../../src/datasources/request-log/match-device.ts';
import type { DeviceIdentifierKind } from '../../src/datasources/thingspace/wire/device-identifier.ts';
import { identifierKey, isSameKey, readIdentifier } from '../../src/datasources/thingspace/wire/same-identifier.ts';
import { activateDevices } from '../../src/operations/activate-devices.ts';
import { successCallback } from '../support/callback-samples.ts';
import { RequestInMemory } from '../support/rows-in-memory.ts';
import { ACTIVATE } from '../support/valid-inputs.ts';

interface Named {
  readonly kind: DeviceIdentifierKind;
  readonly id: string;
}

/** By kind, the numbers of digits that its identifiers may have. */
const LENGTHS = { ICCID: [18, 19, 20], EID: [32], IMEI: [14, 15, 16], MDN: [10], MSISDN: [11], MEID: [14], ESN: [11] } as const;
const KINDS = Object.keys(LENGTHS) as (keyof typeof LENGTHS)[];

/** Few digits, so that many identifiers begin alike and some are equal. */
const digits = (length: number) =>
  fc
    .tuple(fc.constantFrom('8914', '9900'), fc.string({ unit: fc.constantFrom('0', '1'), minLength: 2, maxLength: 2 }))
    .map(([start, end]) => `${start}${'7'.repeat(length)}`.slice(0, length - 2) + end);
const named: fc.Arbitrary<Named> = fc
  .constantFrom(...KINDS)
  .chain((kind) =>
    fc.tuple(
      fc.constant(kind),
      fc.constantFrom(...LENGTHS[kind]).chain((length) => digits(length)),
    ),
  )
  .map(([kind, id]) => ({ kind, id: kind === 'MSISDN' ? `1${id.slice(1)}` : id }));

/** The rules, written down a second time and without keys. */
function areOne(one: Named, other: Named): boolean {
  const [left, right] = [phone(one), phone(other)];
  if (left.kind !== right.kind) return false;
  if (left.id.length === right.id.length) return left.id === right.id;
  const [short, long] = left.id.length < right.id.length ? [left.id, right.id] : [right.id, left.id];
  if (left.kind === 'ICCID') return short.length === 19 && long.startsWith(short);
  return left.kind === 'IMEI' && long.slice(0, 14) === short.slice(0, 14);
}

function phone({ kind, id }: Named): Named {
  return kind === 'MSISDN' ? { kind: 'MDN', id: id.slice(1) } : { kind, id };
}

const key = ({ kind, id }: Named) => identifierKey(kind, id, kind);

/** Another spelling of the same digits. */
const spelling = ({ kind, id }: Named): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(fc.constantFrom('', '', '', ' ', '-', '.', '\u00a0', '\u200b', '\u2011'), { minLength: id.length, maxLength: id.length }),
      fc.boolean(),
    )
    .map(([gaps, isPadded]) => {
      const text = id
        .split('')
        .map((digit, at) => `${gaps[at]}${digit}`)
        .join('');
      if (kind === 'ICCID' && isPadded) return `${text}F`;
      if (kind === 'MDN' && isPadded) return `+1 ${text}`;
      return kind === 'MSISDN' && isPadded ? `+${text}` : text;
    });

test('two identifiers are one by the rules and not otherwise, in whatever order and spelling', () => {
  const both = fc
    .tuple(named, named)
    .chain(([one, other]) => fc.tuple(fc.constant(one), fc.constant(other), spelling(one), spelling(other)));
  fc.assert(
    fc.property(both, ([one, other, spelt, otherwise]) => {
      const [left, right] = [key({ ...one, id: spelt }), key({ ...other, id: otherwise })];
      expect([isSameKey(left, right), isSameKey(right, left)]).toEqual([areOne(one, other), areOne(one, other)]);
      expect(readIdentifier(one.kind, spelt)).toBe(one.id);
    }),
    { numRuns: 5_000 },
  );
});

test('two that differ in a digit stay two, but for the last of an ICCID and those behind the 14th of an IMEI', () => {
  const changed = named.chain((one) => fc.tuple(fc.constant(one), fc.nat(one.id.length - 1), named));
  fc.assert(
    fc.property(changed, ([one, at, { id: otherLength }]) => {
      const other = { ...one, id: `${one.id.slice(0, at)}${(Number(one.id[at]) + 1) % 10}${one.id.slice(at + 1)}` };
      expect(isSameKey(key(one), key(other))).toBe(false);
      const cut = one.kind === 'ICCID' ? 19 : one.kind === 'IMEI' ? 14 : 0;
      if (cut > 0 && at < cut && otherLength.length >= cut)
        expect(isSameKey(key(one), key({ ...other, id: other.id.slice(0, cut) }))).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

test('a list has the same doubles in every order', () => {
  const lists = fc
    .array(named, { minLength: 2, maxLength: 6 })
    .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
  const hasDoubles = (list: readonly Named[]) => {
    const devices = list.map(({ kind, id }) => ({ deviceIds: [{ kind, value: id }] }));
    const parsed = activateDevices.parse({ ...ACTIVATE, target: { devices } });
    return 'faults' in parsed && parsed.faults.every(({ code }) => code === 'DUPLICATE_DEVICE');
  };
  fc.assert(
    fc.property(lists, ([list, shuffled]) => {
      const expected = list.some((one, at) => list.slice(at + 1).some((other) => areOne(one, other)));
      expect([hasDoubles(list), hasDoubles(shuffled)]).toEqual([expected, expected]);
    }),
    { numRuns: 1_000 },
  );
});

test('a callback means the one device that its identifier fits, and no device when it fits none or several', () => {
  fc.assert(
    fc.property(fc.array(named, { minLength: 1, maxLength: 8 }), named, (list, reported) => {
      const request = new RequestInMemory(list.map(({ kind, id }) => ({ deviceIds: [{ kind, id }] })));
      const { message } = successCallback({ requestId: 'r', ids: [[reported.kind, reported.id]] });
      const fitting = list.flatMap((each, at) => (areOne(each, reported) ? [at] : []));
      expect(matchIdentified(request.set(), 0, message)).toBe(fitting.length === 1 ? fitting[0] : null);
    }),
    { numRuns: 2_000 },
  );
});
