import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { devices } from '../support/devices.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { send } from './support/send.ts';

/**
 * Clauses of the GraphQL-over-HTTP specification (September 2026) that its audit suite does not look at. Where the two disagree
 * about a SHOULD the gateway does as the audit suite, and as clients expect: 400 where that edition would rather have 422 (no
 * request, not valid, variables that do not fit), 200 where it would rather have 294 (data beside errors).
 */
let stack: Stack;
let url: string;

beforeAll(async () => {
  stack = await startStack({ register: false });
  url = stack.gateway.urls.graphql;
});
afterAll(() => stack[Symbol.asyncDispose]());

const JSON_TYPE = 'application/json';
const GRAPHQL_TYPE = 'application/graphql-response+json';
const HELLO = '{"query":"{ __typename }"}';
const accepting = (accept: string) => ({ headers: { 'content-type': JSON_TYPE, accept } });
const typeOf = (answer: { readonly headers: Readonly<Record<string, unknown>> }) => String(answer.headers['content-type']);
const activation = (first: number) => ({
  query: 'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }',
  variables: {
    input: { accountName: stack.account, target: { devices: devices(1, first) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' },
  },
});

/** §5.1: the answer has the type that the client wants most, in UTF-8. */
const CHOICES: readonly (readonly [accept: string, type: string])[] = [
  [`${GRAPHQL_TYPE}; charset=utf-8, ${JSON_TYPE}; charset=utf-8`, GRAPHQL_TYPE],
  [`${GRAPHQL_TYPE}, ${JSON_TYPE};q=0.9`, GRAPHQL_TYPE],
  [`${JSON_TYPE}, ${GRAPHQL_TYPE}`, JSON_TYPE],
  [`${JSON_TYPE};q=0.1, ${GRAPHQL_TYPE}`, GRAPHQL_TYPE],
  [`${JSON_TYPE};q=0.1, ${GRAPHQL_TYPE};q=0.2`, GRAPHQL_TYPE],
  [`${GRAPHQL_TYPE};q=0, */*`, JSON_TYPE],
  [`${JSON_TYPE};q=0, application/*`, GRAPHQL_TYPE],
  ['Application/GraphQL-Response+JSON; Charset="UTF-8"', GRAPHQL_TYPE],
  [`${GRAPHQL_TYPE}; charset=utf-16, ${JSON_TYPE};q=0.5`, JSON_TYPE],
  [`text/html, application/xhtml+xml, ${JSON_TYPE};q=0.1`, JSON_TYPE],
  ['application/json, text/plain, */*', JSON_TYPE],
  [`multipart/mixed;deferSpec=20220824, ${GRAPHQL_TYPE}`, GRAPHQL_TYPE],
  [`text/event-stream, ${JSON_TYPE}`, 'text/event-stream'],
  [`text/html;title="a, b", ${GRAPHQL_TYPE};title="*/*";q=0.1, ${JSON_TYPE};q=0.2`, JSON_TYPE],
  [`${JSON_TYPE}, text/event-stream;q=0.9`, JSON_TYPE],
  ['', JSON_TYPE],
];

test.each(CHOICES)('Accept: %s is answered as %s', async (accept, type) => {
  const answer = await send(url, HELLO, accepting(accept));
  expect(answer.status).toBe(200);
  expect(typeOf(answer).split(';')[0]).toBe(type);
  if (type !== 'text/event-stream') expect(typeOf(answer)).toMatch(/; charset=utf-8$/);
});

test.each([
  'text/html',
  'image/png',
  'application/json; charset=utf-16',
  `${JSON_TYPE};q=0`,
  'multipart/mixed',
  'nonsense',
  // Of a header that is very long only the beginning is read.
  `${'text/html, '.repeat(100)}${JSON_TYPE}`,
])('Accept: %s takes no answer of ours: 406, and the mutation does not happen', async (accept) => {
  const before = stack.simulator.ledger.posts.length;
  const answer = await send(url, JSON.stringify(activation(1)), accepting(accept));
  expect(answer).toMatchObject({ status: 406, body: { errors: [{ message: expect.stringContaining('application/json') }] } });
  expect(stack.simulator.ledger.posts).toHaveLength(before);
});

test.each([JSON_TYPE, GRAPHQL_TYPE, 'text/event-stream;q=0, */*'])(
  'a subscription with Accept: %s is answered 406 and followed for nobody',
  async (accept) => {
    stack.simulator.holdCallbacks();
    const { id } = await activateDevices(stack, 1, { first: 100 });
    const query = 'subscription ($id: ID!) { requestStatus(requestId: $id) { cursor } }';
    const answer = await send(url, JSON.stringify({ query, variables: { id } }), accepting(accept));
    expect(answer).toMatchObject({ status: 406, body: { errors: [{ message: expect.stringContaining('text/event-stream') }] } });
    expect(await openSubscriptions(stack.gateway)).toBe(0);
  },
);

test.each([
  ['a key of later editions', { documentId: 'x' }],
  ['a key of JavaScript', JSON.parse('{"__proto__":{"query":"{ nothing }"}}') as object],
])('§4.4.1: %s in the body is ignored', async (_what, more) => {
  const answer = await send(url, JSON.stringify({ query: '{ __typename }', ...more }), accepting(GRAPHQL_TYPE));
  expect(answer).toMatchObject({ status: 200, body: { data: { __typename: 'Query' } } });
});

test('§4.4.1: null for an optional parameter is the same as none', async () => {
  const body = '{"query":"{ __typename }","operationName":null,"variables":null,"extensions":null}';
  expect(await send(url, body, accepting(GRAPHQL_TYPE))).toMatchObject({ status: 200, body: { data: { __typename: 'Query' } } });
});

test.each(['application/json; charset=utf-16', 'application/json; charset=iso-8859-1', 'application/json;CHARSET="us-ascii"'])(
  '§3.1: a body as %s is answered 415, it would be read as something else',
  async (contentType) => {
    const answer = await send(url, HELLO, { headers: { 'content-type': contentType } });
    expect(answer).toMatchObject({ status: 415, body: { errors: [{ message: expect.stringContaining('UTF-8') }] } });
  },
);

test('a body with Content-Encoding is answered 415', async () => {
  const answer = await send(url, HELLO, { headers: { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' } });
  expect(answer).toMatchObject({ status: 415, body: { errors: [{ message: expect.stringContaining('Content-Encoding') }] } });
});

test('§5.4: headers that are too large are answered 431', async () => {
  const answer = await send(url, HELLO, { headers: { 'content-type': JSON_TYPE, 'x-long': 'x'.repeat(100_000) } });
  expect(answer.status).toBe(431);
});

describe.each([JSON_TYPE, GRAPHQL_TYPE])('§5.4, with Accept: %s', (accept) => {
  test.each([
    ['nothing', ''],
    ['no JSON', '{"query":'],
    ['null', 'null'],
    ['a number', '1'],
    ['a batch', `[${HELLO}]`],
    ['no query', '{}'],
    ['a misspelt query', '{"qeury":"{ __typename }"}'],
    ['null for the query', '{"query":null}'],
    ['a query that is a number', '{"query":1}'],
    ['an operationName that is a list', '{"query":"{ __typename }","operationName":[]}'],
    ['variables that are a list', '{"query":"{ __typename }","variables":[7]}'],
    ['extensions that are a string', '{"query":"{ __typename }","extensions":"x"}'],
  ])('a body with %s is no request: 400', async (_what, body) => {
    const answer = await send(url, body, accepting(accept));
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ message: expect.any(String) }] } });
    expect(answer.body).not.toHaveProperty('data');
  });

  test.each([
    ['a document that does not parse', '{"query":"{"}'],
    ['a document nested too deep to be read', JSON.stringify({ query: '{a'.repeat(20_000) })],
    ['a document that does not validate', '{"query":"{ nothing }"}'],
    ['an operation that is not there', '{"query":"query A { __typename }","operationName":"B"}'],
    ['variables that do not fit', '{"query":"query ($id: ID!) { request(id: $id) { id } }","variables":{"id":null}}'],
  ])('%s is a request that cannot be executed: 200 for the older type, 400 for the newer', async (_what, body) => {
    const answer = await send(url, body, accepting(accept));
    expect(answer).toMatchObject({ status: accept === JSON_TYPE ? 200 : 400, body: { errors: [{ message: expect.any(String) }] } });
    expect(answer.body).not.toHaveProperty('data');
  });

  test('an error of a field is part of a result: 200', async () => {
    const answer = await send(url, '{"query":"{ unclaimedCallbacks(after: \\"x\\") { nodes { id } } }"}', accepting(accept));
    expect(answer).toMatchObject({ status: 200, body: { data: null, errors: [{ message: expect.any(String) }] } });
  });
});

test('the answer to a body that is no JSON does not repeat it', async () => {
  const answer = await send(url, '{"password": hunter2-hunter2', accepting(GRAPHQL_TYPE));
  expect(answer.status).toBe(400);
  expect(answer.text).not.toMatch(/hunter2|password|SyntaxError/);
});
