import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getIntrospectionQuery, GraphQLError } from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { checkBytes, DOCUMENT_LIMITS, limitFaults, parseWithin, validateWithin } from '../../src/server/limits/document-limits.ts';

const documents = join(import.meta.dirname, '../../documents');
const textOf = (file: string) => readFileSync(join(documents, file), 'utf8');
const times = (count: number, each: (at: number) => string) => Array.from({ length: count }, (_, at) => each(at)).join(' ');
const nested = (depth: number) => `{ request(id: 1) ${'{ retryOf '.repeat(depth - 2)}{ id }${' }'.repeat(depth - 1)}`;
/** Fragments of which each holds the next as `spread` says, and the last one field. */
const chain = (count: number, spread: (next: string) => string) =>
  `{ request(id: 1) { ...f0 } } ${times(count, (at) => `fragment f${at} on Request { ${at === count - 1 ? 'id' : spread(`...f${at + 1}`)} }`)}`;

/** What a document is refused for, as its caller reads it; nothing when it may run. */
function refusals(text: string): readonly GraphQLError[] {
  try {
    checkBytes(text);
    return validateWithin(schema, parseWithin(text));
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}

const said = (text: string) => refusals(text).map(({ message }) => message.replace(/\. Ask in several .*/, ''));

describe('a document over a limit is refused with the limit and what was found', () => {
  const cancel = (at: number) => `a${at}: cancelRequest(input: { requestId: "x" }) { __typename }`;
  test.each([
    ['64 KiB and a byte', `{ __typename } # ${'é'.repeat(32_760)}`, ['Bytes of the document: 65537, and the limit is 65536']],
    [
      '1,000 aliases of one mutation',
      `mutation { ${times(1_000, cancel)} }`,
      ['Tokens of the document: more than 2000, and the limit is 2000'],
    ],
    [
      '100 aliases of one mutation',
      `mutation { ${times(100, cancel)} }`,
      [
        'Aliases of the operation, with those of its fragments: 100, and the limit is 15',
        'Root fields of the operation, with those of its fragments: 100, and the limit is 10',
      ],
    ],
    ['20,000 repeated fields', `{ ${'id '.repeat(20_000)} }`, ['Tokens of the document: more than 2000, and the limit is 2000']],
    [
      '1,900 repeated fields',
      `{ request(id: 1) { ${'id '.repeat(1_900)} } }`,
      ['Comparisons of repeated fields: more than 500000, and the limit is 500000'],
    ],
    ['20,000 nested braces', '{a'.repeat(20_000), ['Tokens of the document: more than 2000, and the limit is 2000']],
    ['600 nested braces', `${'{a'.repeat(600)}${'}'.repeat(600)}`, ['Fields within fields: 600, and the limit is 10']],
    ['20,000 comments', '#\n'.repeat(20_000), ['Comments of the document: more than 500, and the limit is 500']],
    ['60 directives on one field', `{ __typename ${'@a '.repeat(60)} }`, ['Directives of the document: 60, and the limit is 20']],
    [
      '60 directives in many places',
      `query ($a: Int @a) @a { ${'...f @a '.repeat(8)} } fragment f on Query ${'@a '.repeat(49)} { __typename @a }`,
      ['Directives of the document: 60, and the limit is 20'],
    ],
    [
      'a batch of 11 root fields',
      `{ ${'__typename '.repeat(11)} }`,
      ['Root fields of the operation, with those of its fragments: 11, and the limit is 10'],
    ],
    [
      '11 root fields by fragments',
      `{ ...f ... { ...f ...f } __typename __typename } fragment f on Query { ${'__typename '.repeat(3)} }`,
      ['Root fields of the operation, with those of its fragments: 11, and the limit is 10'],
    ],
    ['11 fields within fields', nested(11), ['Fields within fields: 11, and the limit is 10']],
    [
      '100 fields within fields by fragments',
      chain(100, (next) => `retryOf { ${next} }`),
      ['Fields within fields: 101, and the limit is 10'],
    ],
    [
      'fragments that each hold the next twice, under aliases',
      chain(9, (next) => `a: retryOf { ${next} } b: retryOf { ${next} }`),
      ['Aliases of the operation, with those of its fragments: 510, and the limit is 15'],
    ],
    [
      'the same so often that nobody can count it',
      chain(60, (next) => `a: id ${next} ${next}`),
      ['Aliases of the operation, with those of its fragments: more than 1000000, and the limit is 15'],
    ],
    [
      'a fragment that is spread 600 times',
      `{ ${'...f '.repeat(600)} } fragment f on Query { __typename }`,
      ['Root fields of the operation, with those of its fragments: 600, and the limit is 10'],
    ],
    [
      'an operation that is fine beside one that is not',
      `query A { __typename } query B { ${'__typename '.repeat(11)} }`,
      ['Root fields of the operation, with those of its fragments: 11, and the limit is 10'],
    ],
    [
      '21 fields within fields of the introspection',
      `{ __schema { types { ${'ofType { '.repeat(18)} name ${'} '.repeat(20)} }`,
      ['Fields within fields of the introspection: 21, and the limit is 20'],
    ],
    [
      'the same by a fragment',
      `{ __type(name: "Query") { ...f } } fragment f on __Type { ${'ofType { '.repeat(19)} name ${'} '.repeat(19)} }`,
      ['Fields within fields of the introspection: 21, and the limit is 20'],
    ],
  ])('%s', (_what, text, expected) => {
    expect(said(text)).toEqual(expected);
    for (const { extensions } of refusals(text))
      expect(extensions).toEqual({ code: 'OPERATION_TOO_LARGE', http: { spec: true, status: 400 } });
  });
});

test.each([
  ['directly', '{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }'],
  [
    'by fragments',
    '{ __schema { types { ...f } } } fragment f on __Type { fields { type { ...g } } } fragment g on __Type { fields { type { fields { name } } } }',
  ],
  ['by __type', '{ __type(name: "Query") { interfaces { possibleTypes { interfaces { name } } } } }'],
])('introspection that goes round in circles is refused: %s', (_how, text) => {
  expect(said(text)).toEqual(['Maximum introspection depth exceeded']);
});

test.each([
  ['bytes', `{ __typename } # ${'é'.repeat(32_759)}x`],
  ['comments', `${'#\n'.repeat(500)} { __typename }`],
  ['depth', nested(10)],
  ['aliases', `{ request(id: 1) { ${times(15, (at) => `a${at}: id`)} } }`],
  ['root fields', `{ ${'__typename '.repeat(10)} }`],
  ['directives', `{ request(id: 1) { ${'... @skip(if: false) { id } '.repeat(20)} } }`],
  ['depth of the introspection', `{ __schema { types { ${'ofType { '.repeat(17)} name ${'} '.repeat(19)} }`],
])('what is just within the limit of %s may be asked', (_limit, text) => expect(said(text)).toEqual([]));

test('exactly 2,000 tokens are taken', () => {
  expect(limitFaults(parseWithin(parseable(1_990)))).toEqual([]);
  expect(() => parseWithin(parseable(1_991))).toThrow('Tokens of the document: more than 2000');
});

/** A document of 10 tokens and so many fields. */
function parseable(fields: number): string {
  return `{ request(id: 1) { ${'id '.repeat(fields)} } }`;
}

test.each([
  [
    'fragments in a circle',
    '{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }',
    'Cannot spread fragment "f" within itself via "g".',
  ],
  ['a fragment that is not there', '{ ...f }', 'Unknown fragment "f".'],
])('%s: counted as nothing, and validation says what is wrong', (_what, text, message) => {
  expect(said(text)).toContain(message);
});

test('of a hundred faults five are reported, without names of the schema', () => {
  const messages = said(`{ request(id: 1) { ${times(100, (at) => `statu${at}`)} } }`);
  expect(messages).toHaveLength(DOCUMENT_LIMITS.errors + 1);
  expect(messages.at(-1)).toContain('Too many validation errors');
  expect(messages.join()).not.toContain('Did you mean');
});

describe('documents that clients have are within the limits', () => {
  const examples = readdirSync(join(documents, 'examples')).filter((file) => file.endsWith('.graphql'));
  test.each(examples)('examples/%s', (file) => expect(said(textOf(`examples/${file}`))).toEqual([]));

  const persisted = JSON.parse(textOf('gql/persisted-documents.json')) as Record<string, string>;
  test.each(Object.entries(persisted))('persisted %s', (_id, text) => expect(said(text)).toEqual([]));

  const sources = readdirSync(documents).filter((file) => file.endsWith('.graphql') && file !== 'fragments.graphql');
  test.each(sources)('%s, with every fragment beside it', (file) => {
    const text = `${textOf(file)}${textOf('fragments.graphql')}`;
    checkBytes(text);
    expect(limitFaults(parseWithin(text))).toEqual([]);
  });

  test('the standard introspection query with all it can ask', () => {
    const query = getIntrospectionQuery({
      descriptions: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    });
    expect(said(query)).toEqual([]);
  });
});
