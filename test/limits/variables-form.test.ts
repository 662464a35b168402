import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openScanned, type Scanned } from '../scanner/support/open-scanned.ts';
import { overTransports } from '../scanner/support/over-transports.ts';
import { keptParamsFault, VARIABLES_LIMITS, variablesFault } from '../../src/server/limits/variables-form.ts';

const { characters, fields, depth, values, charactersKept } = VARIABLES_LIMITS;
const text = (length: number) => 'x'.repeat(length);
const wide = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`x${at}`, 1]));
const deep = (levels: number): unknown => (levels === 0 ? 1 : levels % 2 ? [deep(levels - 1)] : { a: deep(levels - 1) });
const long = (count: number) => Array.from({ length: count }, () => 1);

/** [limit, variables just within it, variables just over it, what the refusal says] */
const LIMITS: readonly (readonly [limit: string, within: object, over: object, says: string])[] = [
  ['of a text', { v: text(characters) }, { v: text(characters + 1) }, `Characters of one text, in the variables: more than ${characters}`],
  ['of a text in a list', { v: [[text(characters)]] }, { v: [['a', text(characters + 1)]] }, 'Characters of one text'],
  ['of a name', { v: { [text(characters)]: 1 } }, { v: { [text(characters + 1)]: 1 } }, 'Characters of one text'],
  ['of an object', { v: wide(fields) }, { v: wide(fields + 1) }, `Fields of one object, in the variables: more than ${fields}`],
  ['of an object in a list', { v: [wide(fields)] }, { v: [{}, wide(fields + 1)] }, 'Fields of one object'],
  ['of nesting', { v: deep(depth - 1) }, { v: deep(depth) }, `Objects and lists within each other, in the variables: more than ${depth}`],
  ['of nesting without end', {}, { v: deep(5_000) }, 'Objects and lists within each other'],
  ['of values', { v: long(values - 2) }, { v: long(values - 1) }, `Values, in the variables: more than ${values}`],
  ['of values over all lists', { v: [[1], [2]] }, { v: [long(values / 2), long(values / 2)] }, 'Values, in the variables'],
];

test.each(LIMITS)('the limit %s', (_limit, within, over, says) => {
  expect(variablesFault(within)).toBeNull();
  expect(variablesFault(over)).toMatchObject({
    message: expect.stringContaining(`Nothing was run. ${says}`) as string,
    extensions: { code: 'OPERATION_TOO_LARGE', http: { spec: true, status: 400 } },
  });
});

test('as many variables as one likes: those that are not declared are passed over', () => {
  expect(variablesFault(wide(10_000))).toBeNull();
  for (const none of [undefined, null, {}]) expect(variablesFault(none)).toBeNull();
});

test('10,000 devices with all seven identifiers are within the limits', () => {
  const deviceIds = Array.from({ length: 7 }, () => ({ kind: 'ICCID', value: '89148000000000000001' }));
  expect(variablesFault({ input: { devices: Array.from({ length: 10_000 }, () => ({ deviceIds, ipAddress: '10.1.1.1' })) } })).toBeNull();
});

test('a subscription may bring little beside its document, because all of it is kept for hours', () => {
  const query = text(60_000);
  expect(keptParamsFault({ query, variables: { v: text(charactersKept - 100) } })).toBeNull();
  for (const more of [
    { variables: { v: text(charactersKept) } },
    { variables: { v: Array.from({ length: 5 }, () => text(charactersKept / 5)) } },
    { extensions: { v: text(charactersKept) } },
    { nobodyKnows: text(charactersKept) },
    { operationName: text(charactersKept) },
    { extensions: deep(5_000) as object },
  ])
    expect(keptParamsFault({ query, ...more })).toMatchObject({ extensions: { code: 'OPERATION_TOO_LARGE' } });
});

describe('over every transport', () => {
  let scanned: Scanned;
  beforeAll(async () => {
    scanned = await openScanned();
  });
  afterAll(() => scanned[Symbol.asyncDispose]());

  const ACTIVATE = 'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }';
  const FOLLOW = 'subscription ($id: ID!) { requestStatus(requestId: $id) { cursor } }';
  test.each([
    ['300,000 fields that no input has', ACTIVATE, { input: wide(300_000) }],
    ['a text of 5 MB', ACTIVATE, { input: { accountName: text(5_000_000) } }],
    ['a text of 5 MB that nobody asked for', '{ requests { nodes { id } } }', { unknown: text(5_000_000) }],
    ['lists 1,000 deep', ACTIVATE, { input: { devices: deep(1_000) } }],
    ['600,000 numbers', 'query ($v: [RequestStatus!]) { requests(filter: { status: $v }) { nodes { id } } }', { v: long(600_000) }],
    ['a subscription with 5 kB', FOLLOW, { id: text(5_000) }],
  ])('%s: refused, and nothing is run', async (_what, query, variables) => {
    const answers = await overTransports(scanned, 'full', { query, variables: variables as Record<string, unknown> });
    for (const { transport, data, errors } of answers) {
      // Without an event stream no subscription is looked at.
      if (query === FOLLOW && transport === 'HTTP') continue;
      expect([transport, data, errors.map(({ extensions }) => extensions?.code)]).toEqual([transport, null, ['OPERATION_TOO_LARGE']]);
    }
    await scanned.expectUntouched();
  });

  const REQUIRED = { accountName: 'a', servicePlan: 's', mdnZipCode: 'z', target: { devices: [] } };
  test('only a few errors are reported for values that do not fit', async () => {
    for (const { errors } of await overTransports(scanned, 'full', {
      query: ACTIVATE,
      variables: { input: { ...REQUIRED, ...wide(fields - 5) } },
    })) {
      expect(errors.length).toBeLessThanOrEqual(6);
      expect(errors[0]?.message).toContain('not to include unknown field');
    }
  });
});
