import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { execute, GraphQLError, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { parseWithin, validateWithin } from '../../src/server/limits/document-limits.ts';
import { removeValues } from '../../src/server/limits/variable-values.ts';

const SECRET = 'Kowalczyk-4711';
const NUMBER = 987_654_321_012;

/** What a caller reads of a document, or else of its variables, that cannot be run. */
async function errorsOf(text: string, variableValues: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
  const faults = faultsOf(text);
  if (faults.length > 0) return faults.map(({ message }) => message);
  const { errors = [] } = await execute({ schema, document: parse(text), variableValues, hideSuggestions: true });
  return errors.map((error) => removeValues(error).message);
}

function faultsOf(text: string): readonly GraphQLError[] {
  try {
    return validateWithin(schema, parseWithin(text));
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}

const activate = 'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }';
const filtered = 'query ($filter: RequestFilter) { requests(filter: $filter) { nodes { id } } }';
const input = (fields: object) => ({ input: { accountName: 'a', servicePlan: 's', mdnZipCode: 'z', target: { devices: [] }, ...fields } });

describe('a variable that does not fit is reported by its name, place and type, without its value', () => {
  test.each<[string, string, Record<string, unknown>, string]>([
    [
      'a number for a text',
      activate,
      input({ accountName: NUMBER }),
      'Variable "$input" has invalid value at .accountName: String cannot represent a non string value.',
    ],
    [
      'an object for a text',
      activate,
      input({ accountName: { SECRET } }),
      'Variable "$input" has invalid value at .accountName: String cannot represent a non string value.',
    ],
    [
      'a text for an object',
      activate,
      { input: SECRET },
      'Variable "$input" has invalid value: Expected value of type "ActivateDevicesInput" to be an object.',
    ],
    [
      'a text for an item',
      activate,
      input({ target: { devices: [{ deviceIds: [] }, SECRET] } }),
      'Variable "$input" has invalid value at .target.devices[1]: Expected value of type "ActivateDeviceInput" to be an object.',
    ],
    [
      'null where there must be a value',
      activate,
      input({ target: { devices: [{ deviceIds: [null] }] } }),
      'Variable "$input" has invalid value at .target.devices[0].deviceIds[0]: Expected value of non-null type "DeviceIdentifierInput!" not to be null.',
    ],
    [
      'a field that is missing',
      activate,
      input({ target: { devices: [{ deviceIds: [{ value: SECRET }] }] } }),
      'Variable "$input" has invalid value at .target.devices[0].deviceIds[0]: Expected value of type "DeviceIdentifierInput" to include required field "kind".',
    ],
    [
      'a misspelt field',
      activate,
      input({ target: { devices: [{ deviceIds: [], devicIds: SECRET }] } }),
      'Variable "$input" has invalid value at .target.devices[0]: Expected value of type "ActivateDeviceInput" not to include unknown field "devicIds".',
    ],
    [
      'a field that is named by a value',
      activate,
      input({ target: { devices: [{ deviceIds: [], [SECRET]: 1 }] } }),
      'Variable "$input" has invalid value at .target.devices[0]: Expected value of type "ActivateDeviceInput" not to include unknown fields.',
    ],
    [
      'a misspelt enum value',
      filtered,
      { filter: { status: [SECRET] } },
      'Variable "$filter" has invalid value at .status[0]: The value does not exist in "RequestStatus" enum.',
    ],
    [
      'a number for an enum value',
      filtered,
      { filter: { operation: NUMBER } },
      'Variable "$filter" has invalid value at .operation: Enum "Operation" cannot represent non-string value.',
    ],
    [
      'a text for a boolean',
      activate,
      input({ validateOnly: SECRET }),
      'Variable "$input" has invalid value at .validateOnly: Boolean cannot represent a non boolean value.',
    ],
    [
      'a moment that is none',
      filtered,
      { filter: { since: SECRET } },
      'Variable "$filter" has invalid value at .since: A DateTime names a moment, for example "2026-11-22T09:30:00Z". It must be a date, `T`, a time with seconds, and `Z` or an offset, as in RFC 3339.',
    ],
    [
      'an object for an ID',
      'query ($id: ID!) { request(id: $id) { id } }',
      { id: { SECRET } },
      'Variable "$id" has invalid value: ID cannot represent value.',
    ],
    [
      'a list for an ID',
      'query ($id: ID!) { request(id: $id) { id } }',
      { id: [SECRET] },
      'Variable "$id" has invalid value: ID cannot represent value.',
    ],
    [
      'no value',
      'query ($id: ID!) { request(id: $id) { id } }',
      {},
      'Variable "$id" has invalid value: Expected a value of non-null type "ID!" to be provided.',
    ],
    [
      'a text for an Int',
      'query ($first: Int) { requests(first: $first) { nodes { id } } }',
      { first: SECRET },
      'Variable "$first" has invalid value: Int cannot represent non-integer value.',
    ],
    [
      'a number too large for an Int',
      'query ($first: Int) { requests(first: $first) { nodes { id } } }',
      { first: NUMBER },
      'Variable "$first" has invalid value: Int cannot represent non 32-bit signed integer value.',
    ],
    [
      'a cursor that is none',
      'subscription ($after: Cursor) { requestStatus(requestId: 1, after: $after) { cursor } }',
      { after: { SECRET } },
      'Variable "$after" has invalid value: A Cursor is a short text that the gateway gave you: a `cursor` or an `endCursor`.',
    ],
  ])('%s', async (_what, text, variables, expected) => expect(await errorsOf(text, variables)).toEqual([expected]));
});

describe('a literal that does not fit is reported by its type, without its value', () => {
  const request = (id: string) => `{ request(id: ${id}) { id } }`;
  const requests = (args: string) => `{ requests(${args}) { nodes { id } } }`;
  test.each([
    ['a text for an Int', requests(`first: "${SECRET}"`), 'Int cannot represent non-integer value.'],
    ['a number too large for an Int', requests(`first: ${NUMBER}`), 'Int cannot represent non 32-bit signed integer value.'],
    ['an object for an ID', request(`{ a: "${SECRET}" }`), 'ID cannot represent a non-string and non-integer value.'],
    ['a number for a text', requests(`accountName: ${NUMBER}`), 'String cannot represent a non string value.'],
    [
      'a text in three quotes for a list of enum values',
      requests(`filter: { status: """${SECRET}""" }`),
      'Enum "RequestStatus" cannot represent non-enum value.',
    ],
    [
      'a misspelt enum value',
      requests(`filter: { operation: ${SECRET.replace('-', '_')} }`),
      'The value does not exist in "Operation" enum.',
    ],
    [
      'a moment that is none',
      requests(`filter: { since: "${SECRET}" }`),
      'A DateTime names a moment, for example "2026-11-22T09:30:00Z". It must be a date, `T`, a time with seconds, and `Z` or an offset, as in RFC 3339.',
    ],
    ['a text for an object', requests(`filter: "${SECRET}"`), 'Expected value of type "RequestFilter" to be an object.'],
    [
      'a field that is missing',
      requests(`filter: { deviceId: { value: "${SECRET}" } }`),
      'Expected value of type "DeviceIdentifierFilter" to include required field "kind".',
    ],
    [
      'a misspelt field',
      requests(`filter: { statu: "${SECRET}" }`),
      'Expected value of type "RequestFilter" not to include unknown field "statu".',
    ],
    ['null where there must be a value', request('null'), 'Expected value of non-null type "ID!" not to be null.'],
    [
      'the default of a variable',
      `query ($first: Int = "${SECRET}") { requests(first: $first) { nodes { id } } }`,
      'Int cannot represent non-integer value.',
    ],
    ['a text for a condition', `{ __typename @skip(if: "${SECRET}") }`, 'Boolean cannot represent a non boolean value.'],
  ])('%s', async (_what, text, expected) => expect(await errorsOf(text)).toEqual([expected]));

  test('a variable that fails a place in a literal', async () => {
    const text = 'query ($id: String = "x") { requests(filter: { deviceId: { kind: ICCID, value: $id } }) { nodes { id } } }';
    expect(await errorsOf(text, { id: null })).toEqual([
      'Argument "Query.requests(filter:)" has invalid value at .deviceId.value: Expected variable "$id" provided to non-null type "String!" not to be null.',
    ]);
  });
});

test.each([
  [`{ requests(accountName: "a" "${SECRET}") }`, 'Syntax Error: Expected Name, found String.'],
  [`{ requests(accountName: "a" """${SECRET}""") }`, 'Syntax Error: Expected Name, found BlockString.'],
  [`{ requests(accountName: Jan ${SECRET.replace('-', '_')}) }`, 'Syntax Error: Expected ":", found ")".'],
  [`{ requests(accountName: [Jan: ${NUMBER}]) }`, 'Syntax Error: Unexpected ":".'],
  [`{ requests(first: ${NUMBER} ${NUMBER}) }`, 'Syntax Error: Expected Name, found Int.'],
  [`${SECRET.slice(0, 9)} { id }`, 'Syntax Error: Unexpected Name.'],
  ['{ requests(accountName: "\\u{4711999}") }', 'Syntax Error: Invalid Unicode escape sequence.'],
  ['{ requests(accountName: "\\q") }', 'Syntax Error: Invalid character escape sequence.'],
  ['{ requests(first: .4711) }', 'Syntax Error: Invalid number, expected digit before ".".'],
])('a text that is no document is told by its place, without what stands there: %s', async (text, expected) => {
  expect(await errorsOf(text)).toEqual([expected]);
  expect(faultsOf(text)[0]?.locations).toHaveLength(1);
});

test('whatever is given for an input, nothing of it is repeated', async () => {
  const forms = [
    '',
    '", found: ',
    '. Found: ',
    'Value "',
    '" does not exist in "Operation" enum.',
    ' cannot represent value: ',
    ' but got: ',
    '\n"""',
    '", ',
  ];
  const text = fc.tuple(fc.constantFrom(...forms), fc.constantFrom(...forms)).map(([before, after]) => `${before}${SECRET}${after}`);
  const names = ['input', 'accountName', 'devices', 'deviceIds', 'kind', 'id', 'validateOnly', 'target', 'group', 'groupName'];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'large' },
      text,
      fc.constant(NUMBER),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(fc.oneof(fc.constantFrom(...names), text), tie('value'), { maxKeys: 4 }),
  }));
  const check = async (given: unknown) => {
    const messages = [...(await errorsOf(activate, { input: given })), ...(await errorsOf(filtered, { filter: given }))];
    expect(messages.join('\n')).not.toMatch(/Kowalczyk|4711|987654321/);
  };
  await fc.assert(fc.asyncProperty(value, check), { numRuns: 400 });
});

test('a scalar that throws what is no GraphQLError, another executor, a result that is not of its type: not repeated either', () => {
  const thrown = `Variable "$a" has invalid value: Expected value of type "Zip", but encountered error "bad ${SECRET}"; found: "${SECRET}".`;
  expect(removeValues(new GraphQLError(thrown)).message).toBe('Variable "$a" has invalid value: Expected value of type "Zip".');
  const another = `Variable "$a" got invalid value "${SECRET}" at "a.b"; Int cannot represent non-integer value: "${SECRET}"`;
  expect(removeValues(new GraphQLError(another)).message).toBe('Variable "$a" got invalid value.');
  const result = new GraphQLError(`Expected value of type "Request" but got: { id: "${SECRET}" }.`, { path: ['request'] });
  expect(removeValues(result)).toMatchObject({ message: 'Expected value of type "Request".', path: ['request'] });
});

test('an error of another kind, and the place and code of any, stay as they are', () => {
  const other = new GraphQLError('The request was not found: "req_1".', { extensions: { code: 'NOT_FOUND' } });
  expect(removeValues(other)).toBe(other);
  const [fault] = faultsOf(`{ request(id: { a: "${SECRET}" }) { id } }`);
  expect(fault?.toJSON()).toEqual({
    message: 'ID cannot represent a non-string and non-integer value.',
    locations: [{ line: 1, column: 15 }],
  });
});

/** A new version of graphql-js may repeat values in a new form: read what it says there, then change the numbers. */
test.each([
  ['utilities/validateInputValue.js', 8],
  ['utilities/coerceInputValue.js', 1],
  ['type/scalars.js', 28],
  ['type/definition.js', 25],
  ['execution/Executor.js', 7],
  ['execution/execute.js', 1],
  ['execution/values.js', 0],
  ['language/parser.js', 5],
])('graphql-js prints values in %s as often as was looked at', (file, count) => {
  const text = readFileSync(join(import.meta.dirname, '../../node_modules/graphql', file), 'utf8');
  expect(text.match(/inspect\)\(|printForError\)\(|getTokenDesc\(/g) ?? []).toHaveLength(count);
});
