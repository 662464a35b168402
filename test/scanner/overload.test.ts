import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { send } from '../graphql-http/support/send.ts';
import { expectSilent } from './support/expect-silent.ts';
import { openScanned, type Scanned } from './support/open-scanned.ts';
import { overTransports } from './support/over-transports.ts';

let scanned: Scanned;
beforeAll(async () => {
  scanned = await openScanned();
});
afterAll(() => scanned[Symbol.asyncDispose]());

const times = (count: number, each: (at: number) => string) => Array.from({ length: count }, (_, at) => each(at)).join(' ');
const CANCEL = 'cancelRequest(input: { requestId: "x" }) { __typename }';

/** [what a scanner sends, the document, what the refusal says]: a caller may do everything and is refused all the same. */
const OVERLOADS: readonly (readonly [what: string, query: string, says: RegExp])[] = [
  ['101 aliases', `{ ${times(101, (at) => `alias${at}: __typename`)} }`, /^Aliases of the operation.*: 101, and the limit is 15/],
  ['101 aliases of a mutation', `mutation { ${times(101, (at) => `a${at}: ${CANCEL}`)} }`, /^Aliases of the operation.*: 101/],
  ['1,000 aliases of a mutation', `mutation { ${times(1_000, (at) => `a${at}: ${CANCEL}`)} }`, /^Tokens of the document: more than 2000/],
  ['500 times one field', `{ ${'__typename '.repeat(500)} }`, /^Root fields of the operation.*: 500/],
  ['1,500 times one field within', `{ request(id: "x") { ${'id '.repeat(1_500)} } }`, /^Comparisons of repeated fields/],
  ['20,000 times one field', `{ ${'__typename '.repeat(20_000)} }`, /^Bytes of the document/],
  ['10 directives that are not there', `{ __typename ${'@aa'.repeat(10)} }`, /^Unknown directive "@aa"/],
  ['60 directives that are not there', `{ __typename ${'@aa'.repeat(60)} }`, /^Directives of the document: 60/],
  ['60 directives that are there', `{ __typename ${'@skip(if: false) '.repeat(60)} }`, /^Directives of the document: 60/],
  [
    'a circle through the introspection',
    `{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }`,
    /^Maximum introspection depth exceeded/,
  ],
  [
    'a circle of fragments',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
    /^Cannot spread fragment "A" within itself via "B"/,
  ],
  ['a fragment in itself', '{ ...A } fragment A on Query { __typename ...A }', /^Cannot spread fragment "A" within itself/],
  [
    'a bomb of fragments',
    `{ request(id: "x") { ...f0 } } ${times(60, (at) => `fragment f${at} on Request { ${at === 59 ? 'id' : `retryOf { ...f${at + 1} ...f${at + 1} }`} }`)}`,
    /^Fields within fields: 61/,
  ],
  ['100 fields within fields', `{ request(id: "x") ${'{ retryOf '.repeat(98)}{ id }${' }'.repeat(99)}`, /^Fields within fields: 100/],
  ['20,000 braces', '{a'.repeat(20_000), /^(?:Tokens of the document|Bytes of the document)/],
  ['600 spreads', `{ ${'...f '.repeat(600)} } fragment f on Query { __typename }`, /^Root fields of the operation.*: 600/],
  ['10 introspections in one', `{ ${times(16, (at) => `s${at}: __schema { types { name } }`)} }`, /^Aliases of the operation/],
  [
    'pages within pages',
    '{ requests(first: 1000) { nodes { outcomes(first: 1000) { nodes { deviceIds { value } } } } } }',
    /^Nothing was run: the operation may ask for more than 50000 objects/,
  ],
  ['a document of 100 kB', `{ __typename } #${'x'.repeat(100_000)}`, /^Bytes of the document/],
  ['100 operations', times(100, (at) => `query Q${at} { __typename }`), /operation/],
  ['a list 300 deep', `{ requests(filter: { status: ${'['.repeat(300)}${']'.repeat(300)} }) { nodes { id } } }`, /^./],
  ['2,000 variables', `query (${times(500, (at) => `$v${at}: Int`)}) { __typename }`, /^./],
];

describe('an overload is refused as a whole, over every transport', () => {
  test.each(OVERLOADS)('%s', async (_what, query, says) => {
    for (const { transport, status, data, errors } of await overTransports(scanned, 'full', { query })) {
      expect([transport, data]).toEqual([transport, null]);
      expect(errors[0]?.message).toMatch(says);
      expect(errors.length).toBeLessThanOrEqual(6);
      if (transport === 'HTTP') expect(status).toBe(400);
    }
    await scanned.expectUntouched();
  });

  test.each(OVERLOADS)('a stranger is not even told: %s', async (_what, query) => {
    const answers = await overTransports(scanned, 'stranger', { query });
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 4401]);
    for (const { text } of answers) expect(text).not.toMatch(/limit|alias|field|document|operation/i);
  });
});

describe('a batch is no request', () => {
  const query = '{ __typename }';
  test.each([
    ['of two', [{ query }, { query }]],
    ['of one', [{ query }]],
    ['of none', []],
    ['of 1,000', Array.from({ length: 1_000 }, () => ({ query }))],
    ['of a login each, as brute force', Array.from({ length: 100 }, (_, at) => ({ query, variables: { at } }))],
    ['of batches', [[{ query }], [{ query }]]],
    ['in an object', { 0: { query }, 1: { query }, length: 2 }],
    ['as a document that is a list', { query: [query, query] }],
  ])('%s', async (_what, body) => {
    const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
    for (const authorization of [scanned.authorization.plain, scanned.authorization.full]) {
      const answer = await send(scanned.url, JSON.stringify(body), { headers: { ...headers, authorization: authorization ?? '' } });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ message: expect.any(String) as string }] } });
      expect(answer.body).not.toHaveProperty('data');
      expectSilent(answer);
    }
    const stranger = await send(scanned.url, JSON.stringify(body), { headers });
    expect(stranger.status).toBe(401);
    await scanned.expectUntouched();
  });
});

test('what scanners have for a baseline is answered: one field, and the introspection for whom it is granted', async () => {
  for (const { data } of await overTransports(scanned, 'plain', { query: 'query cop { __typename }' }))
    expect(data).toEqual({ __typename: 'Query' });
  for (const { data } of await overTransports(scanned, 'full', { query: '{ __schema { queryType { name } } }' }))
    expect(data).toEqual({ __schema: { queryType: { name: 'Query' } } });
});
