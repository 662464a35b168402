import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Question } from '../authorization/support/ask.ts';
import { send } from '../graphql-http/support/send.ts';
import { expectSilent } from './support/expect-silent.ts';
import { CALLERS, openScanned, type Scanned } from './support/open-scanned.ts';
import { overTransports } from './support/over-transports.ts';

let scanned: Scanned;
beforeAll(async () => {
  scanned = await openScanned();
});
afterAll(() => scanned[Symbol.asyncDispose]());

/** [place, the operation with a slip in it, the name that is right and must not be told] */
const MISSPELT: readonly (readonly [place: string, question: Question, right: string])[] = [
  ['a field of the query', { query: '{ requets { nodes { id } } }' }, 'requests'],
  ['a field of a mutation', { query: 'mutation { activateDevice(input: {}) { __typename } }' }, 'activateDevices'],
  ['a field of a subscription', { query: 'subscription { requestStatu(requestId: "x") { cursor } }' }, 'requestStatus'],
  ['a field of an object', { query: '{ request(id: "x") { statu } }' }, 'status'],
  ['a field of an interface', { query: '{ node(id: "x") { accountName } }' }, 'Request"'],
  ['a field of a union', { query: 'mutation { cancelRequest(input: { requestId: "x" }) { request { id } } }' }, 'RequestCancelled'],
  ['an argument', { query: '{ request(i: "x", id: "x") { id } }' }, '"id"'],
  ['an argument of a nested field', { query: '{ request(id: "x") { outcomes(firs: 1) { nodes { id } } } }' }, '"first"'],
  ['a type', { query: '{ node(id: "x") { ... on Requst { id } } }' }, 'Request'],
  ['the type of a fragment', { query: '{ ...F } fragment F on Qery { __typename }' }, 'Query'],
  ['the type of a variable', { query: 'query ($f: RequestFilte) { requests(filter: $f) { nodes { id } } }' }, 'RequestFilter"'],
  ['an enum value', { query: '{ requests(filter: { status: [FAILD] }) { nodes { id } } }' }, 'FAILED'],
  [
    'an enum value in a variable',
    { query: 'query ($f: RequestFilter) { requests(filter: $f) { nodes { id } } }', variables: { f: { operation: 'RESUME_PROFIL' } } },
    'RESUME_PROFILE',
  ],
  ['an enum value in other letters', { query: '{ requests(filter: { status: [failed] }) { nodes { id } } }' }, 'FAILED'],
  ['an input field', { query: '{ requests(filter: { statu: [FAILED] }) { nodes { id } } }' }, '"status"'],
  [
    'an input field in a variable',
    {
      query: 'query ($f: RequestFilter) { requests(filter: $f) { nodes { id } } }',
      variables: { f: { deviceId: { kin: 'ICCID', kind: 'ICCID', value: '1' } } },
    },
    '"kind"',
  ],
  ['a directive', { query: '{ __typename @skp(if: true) }' }, '@skip'],
  ['an argument of a directive', { query: '{ __typename @skip(i: true, if: true) }' }, '"if"'],
  ['a field of the introspection', { query: '{ __schema { querType { name } } }' }, 'queryType'],
  ['a type of the introspection', { query: '{ __type(nam: "Query") { name } }' }, '"name"'],
  ['a root field of the introspection', { query: '{ __schem { types { name } } }' }, '__schema'],
  ['a variable', { query: 'query ($first: Int) { requests(first: $firs) { nodes { id } } }' }, 'Did'],
  ['a fragment', { query: '{ ...Al } fragment All on Query { __typename }' }, 'Did'],
  ['an operation', { query: 'query One { __typename } query Two { __typename }', operationName: 'On' }, 'Did'],
];

describe.each(['plain', 'full'] as const)('to the caller who is %s no name is suggested', (caller) => {
  test.each(MISSPELT)('for %s', async (_place, question, right) => {
    for (const { transport, data, errors, text } of await overTransports(scanned, caller, question)) {
      expect([transport, data]).toEqual([transport, null]);
      expect(errors.length).toBeGreaterThan(0);
      const said = errors.map(({ message }) => message).join('\n');
      expect(said).not.toContain(right);
      expect(text).not.toMatch(/did you mean|perhaps|suggest/i);
    }
  });
});

test.each(MISSPELT)('a stranger learns nothing of %s, not even that it is wrong', async (_place, question) => {
  const wrong = await overTransports(scanned, 'stranger', question);
  expect(wrong).toEqual(await overTransports(scanned, 'stranger', { query: '{ __typename }' }));
  expect(wrong.map(({ status }) => status)).toEqual([401, 401, 4401]);
});

/** Ways to ask for the schema. */
const INTROSPECTIONS: readonly (readonly [how: string, question: Question])[] = [
  ['whole', { query: getIntrospectionQuery() }],
  ['by its types', { query: '{ __schema { types { name } } }' }],
  ['by one type', { query: '{ __type(name: "Mutation") { fields { name } } }' }],
  ['by one type that is not there', { query: '{ __type(name: "Nothing") { name } }' }],
  ['by its directives', { query: '{ __schema { directives { name args { name } } } }' }],
  ['under another name', { query: '{ requests: __schema { queryType { name } } }' }],
  ['in a fragment', { query: '{ ...F } fragment F on Query { ... { __schema { queryType { name } } } }' }],
  ['skipped', { query: '{ __typename __schema @skip(if: true) { queryType { name } } }' }],
  ['by a variable', { query: 'query ($v: Boolean = false) { __schema @include(if: $v) { queryType { name } } }' }],
  ['of two operations', { query: 'query A { __typename } query B { __schema { queryType { name } } }', operationName: 'B' }],
  ['beside something else', { query: '{ requests { nodes { id } } __schema { queryType { name } } }' }],
  ['spread over lines, which a pattern would miss', { query: '{\n__schema\n,{,queryType{name}}}' }],
];

test.each(INTROSPECTIONS)('the schema is not shown %s without the grant', async (_how, question) => {
  for (const { transport, status, data, errors } of await overTransports(scanned, 'plain', question)) {
    expect([transport, data, errors.map(({ extensions }) => extensions?.code)]).toEqual([transport, null, ['FORBIDDEN']]);
    if (transport === 'HTTP') expect(status).toBe(403);
  }
  const strange = await overTransports(scanned, 'stranger', question);
  expect(strange.map(({ status }) => status)).toEqual([401, 401, 4401]);
});

test.each(['{ __typename }', 'mutation { __typename }', '{ requests { __typename nodes { __typename } } }'])(
  'the name of a type tells what every client knows: %s',
  async (query) => {
    for (const { errors } of await overTransports(scanned, 'plain', { query })) expect(errors).toEqual([]);
    expect((await overTransports(scanned, 'stranger', { query })).map(({ status }) => status)).toEqual([401, 401, 4401]);
  },
);

const CURIOUS: Readonly<Record<string, string>> = {
  'x-apollo-tracing': '1',
  'apollo-federation-include-trace': 'ftv1',
  'apollo-query-plan-experimental': '1',
  'apollo-require-preflight': 'true',
  'x-hasura-admin-secret': 'x',
  'x-graphql-debug': '1',
  'x-debug': '1',
  'x-debug-token': '1',
  'x-forwarded-host': 'localhost',
  'x-original-url': '/metrics',
  'x-rewrite-url': '/metrics',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  cookie: 'debug=1; XDEBUG_SESSION=1',
  'user-agent': 'graphql-cop/1.13',
};

test.each(['', '?debug=1', '?debug=true&tracing=1', '?explain', '?profile=1', '?trace=true', '?XDEBUG_SESSION_START=1'])(
  'headers, extensions and “%s” in the URL turn nothing on: the answer is the data and no more',
  async (search) => {
    const body = JSON.stringify({
      query: '{ __typename requests { nodes { id } } }',
      extensions: { tracing: true, debug: true, explain: true, persistedQuery: null, federationTrace: 'ftv1' },
    });
    const headers = { ...CURIOUS, 'content-type': 'application/json', authorization: scanned.authorization.full ?? '' };
    const answer = await send(`${scanned.url}${search}`, body, { headers });
    expect([answer.status, answer.text]).toEqual([200, '{"data":{"__typename":"Query","requests":{"nodes":[]}}}']);
    expectSilent(answer);
    const { authorization: _authorization, ...strange } = headers;
    const refused = await send(`${scanned.url}${search}`, body, { headers: strange });
    expect(refused.status).toBe(401);
    expectSilent(refused);
  },
);

/** What tells servers apart by how they fail. */
const FINGERPRINTS: readonly (readonly [what: string, body: string])[] = [
  ['no JSON', '{"query": hunter2-hunter2'],
  ['half of it', '{"query":"{ __typename }'],
  ['another encoding', '{"query":"{ __typename }"}'.split('').join('\u0000')],
  ['a byte order mark twice', '\ufeff\ufeff{"query":"{ __typename }"}'],
  ['a query that is an object', '{"query":{"hunter2":1}}'],
  ['a query that is nothing', '{"query":""}'],
  ['an empty selection', '{"query":"{ }"}'],
  ['a selection of a scalar', '{"query":"{ __typename { hunter2 } }"}'],
  ['no operation', '{"query":"fragment F on Query { __typename }"}'],
  ['an anonymous operation beside another', '{"query":"{ __typename } query A { __typename }"}'],
  ['one name twice', '{"query":"query A { __typename } query A { __typename }"}'],
  ['a directive at the operation', '{"query":"query @deprecated { __typename }"}'],
  ['@include without its argument', '{"query":"{ __typename @include }"}'],
  ['@include with a number', '{"query":"{ __typename @include(if: 1) }"}'],
  ['@skip twice', '{"query":"{ __typename @skip(if: false) @skip(if: false) }"}'],
  ['@defer', '{"query":"{ requests { nodes { id } ... @defer { pageInfo { hasNextPage } } } }"}'],
  ['@stream', '{"query":"{ requests { nodes @stream { id } } }"}'],
  ['a type definition', '{"query":"type A { b: Int }"}'],
  ['a word that is none', '{"query":"queryy { __typename }"}'],
  ['a string that does not end', '{"query":"{ request(id: \\"hunter2) { id } }"}'],
  ['an alias that begins with two underscores', '{"query":"{ __a: __typename }"}'],
  ['variables that are a number', '{"query":"{ __typename }","variables":1}'],
  ['an operation that is a list', '{"query":"{ __typename }","operationName":["B"]}'],
  ['an operation of another name', '{"query":"query A { __typename }","operationName":"B"}'],
  ['a name of JavaScript for an operation', '{"query":"query A { __typename }","operationName":"__proto__"}'],
  ['names of JavaScript for fields', '{"query":"{ constructor __proto__ toString hasOwnProperty }"}'],
  ['names of JavaScript for arguments', '{"query":"{ requests(__proto__: 1, constructor: 2) { nodes { id } } }"}'],
  ['an upper half alone', '{"query":"{ request(id: \\"\\ud800\\") { id } }"}'],
  ['NUL', '{"query":"{ \\u0000 }"}'],
];

describe.each(CALLERS)('to the caller who is %s no failure tells what failed inside', (caller) => {
  test.each(FINGERPRINTS)('%s', async (_what, body) => {
    const authorization = scanned.authorization[caller];
    for (const accept of ['application/graphql-response+json', 'application/json', 'text/event-stream', '*/*']) {
      const headers = { 'content-type': 'application/json', accept, ...(authorization !== null && { authorization }) };
      const answer = await send(scanned.url, Buffer.from(body), { headers });
      expectSilent(answer);
      if (caller === 'stranger') expect(answer.status).toBe(401);
      expect(answer.text).not.toContain('hunter2');
    }
  });
});
