import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { send } from './support/send.ts';

let stack: Stack;
let url: string;

beforeAll(async () => {
  stack = await startStack({ register: false, env: { M2M_GRAPHQL_MAX_BODY_BYTES: '100000' } });
  url = stack.gateway.urls.graphql;
});
afterAll(() => stack[Symbol.asyncDispose]());

const HELLO = '{"query":"{ __typename }"}';
const NEWER = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
const ERRORS = { errors: [{ message: expect.any(String) }] };
const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }`;

/** After whatever a test did: nothing was sent to the carrier, and the door answers. */
async function unharmed(): Promise<void> {
  expect(await send(url, HELLO)).toMatchObject({ status: 200, body: { data: { __typename: 'Query' } } });
  expect(stack.simulator.ledger.posts).toEqual([]);
}

test.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset=UTF-8', 'APPLICATION/JSON'])(
  'a POST of %s is answered',
  async (contentType) => {
    const answer = await send(url, HELLO, { headers: { 'content-type': contentType } });
    expect(answer).toMatchObject({ status: 200, body: { data: { __typename: 'Query' } } });
    expect(answer.headers['content-type']).toMatch(/^application\/(?:graphql-response\+)?json/);
  },
);

test('a client that asks for application/graphql-response+json gets it', async () => {
  const answer = await send(url, HELLO, { headers: NEWER });
  expect(answer.headers['content-type']).toMatch(/^application\/graphql-response\+json/);
});

test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'] as const)('%s is answered 405 with Allow: POST', async (method) => {
  const answer = await send(`${url}?query=%7B__typename%7D`, undefined, { method });
  expect(answer.status).toBe(405);
  expect(answer.headers['allow']).toBe('POST');
  await unharmed();
});

test('a mutation by GET does nothing', async () => {
  const answer = await send(`${url}?query=${encodeURIComponent(ACTIVATE)}`, undefined, {
    method: 'GET',
    headers: { accept: 'application/json' },
  });
  expect(answer).toMatchObject({ status: 405, body: ERRORS });
  await unharmed();
});

test.each([
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain',
  'application/graphql',
  'application/jsonp',
  '',
])('a body of type "%s" is answered 415: a foreign page could send it without asking', async (contentType) => {
  expect(await send(url, HELLO, { headers: { 'content-type': contentType } })).toMatchObject({ status: 415, body: ERRORS });
  await unharmed();
});

test('another path is answered 404', async () => {
  expect(await send(url.replace('/graphql', '/graphql2'), HELLO)).toMatchObject({ status: 404, body: ERRORS });
  expect(await send(`${url}/x`, HELLO)).toMatchObject({ status: 404 });
});

test('a body over the limit is answered 413 before it is read, naming the limit', async () => {
  const answer = await send(url, JSON.stringify({ query: `{ __typename } # ${'x'.repeat(100_000)}` }));
  expect(answer).toMatchObject({ status: 413, body: { errors: [{ message: expect.stringContaining('M2M_GRAPHQL_MAX_BODY_BYTES') }] } });
  await unharmed();
});

test('a body far over the limit is answered 413, not cut off', async () => {
  expect((await send(url, Buffer.alloc(50_000_000, 'x'))).status).toBe(413);
  await unharmed();
});

test('a body of exactly the limit is read', async () => {
  const frame = JSON.stringify({ query: '{ __typename } # ' }).length;
  expect((await send(url, JSON.stringify({ query: `{ __typename } # ${'x'.repeat(100_000 - frame)}` }))).status).toBe(200);
});

test('a body without a length is answered 411', async () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const head = `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
  socket.write(`${head}${HELLO.length.toString(16)}\r\n${HELLO}\r\n0\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 411 /);
  socket.destroy();
  await unharmed();
});

test.each([
  ['nothing', ''],
  ['no JSON', '{'],
  ['null', 'null'],
  ['a number', '1'],
  ['a string', '"{ __typename }"'],
  ['a batch', `[${HELLO},${HELLO}]`],
  ['an empty batch', '[]'],
  ['no query', '{}'],
  ['a query that is a number', '{"query":1}'],
  ['an empty query', '{"query":""}'],
  ['variables that are a string', '{"query":"{ __typename }","variables":"x"}'],
  ['variables that are a list', '{"query":"{ __typename }","variables":[{}]}'],
  ['extensions that are a number', '{"query":"{ __typename }","extensions":1}'],
  ['an operationName that is a number', '{"query":"{ __typename }","operationName":1}'],
  ['a document that does not parse', '{"query":"{"}'],
  ['two operations without a name', '{"query":"query A { __typename } query B { __typename }"}'],
  ['an operation name that is not there', '{"query":"query A { __typename }","operationName":"B"}'],
  ['a field that is not there', '{"query":"{ nothing }"}'],
  ['NaN for a variable', '{"query":"query ($first: Int) { requests(first: $first) { nodes { id } } }","variables":{"first":NaN}}'],
  ['a variable named twice', '{"query":"query ($a: Int, $a: Int) { __typename }"}'],
  ['a NUL in the document', JSON.stringify({ query: '{ __typename\0 }' })],
  ['a document without an operation', '{"query":"type Query { a: Int }"}'],
  ['a document of a comment', '{"query":"# nothing"}'],
  ['a fragment of itself', '{"query":"{ ...A } fragment A on Query { ...A }"}'],
  ['fragments that go in a circle', '{"query":"{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"}'],
  ['60 directives at one place', JSON.stringify({ query: `{ __typename ${'@include(if: true) '.repeat(60)} }` })],
  ['60 directives that are not there', JSON.stringify({ query: `{ __typename ${'@nothing '.repeat(60)} }` })],
])('a body with %s is a client’s fault (4xx) and says so', async (_what, body) => {
  const answer = await send(url, body, { headers: NEWER });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.body).toMatchObject({ errors: expect.arrayContaining([expect.objectContaining({ message: expect.any(String) })]) });
  await unharmed();
});

test.each([100, 1_000, 3_000, 20_000])('a document nested %i deep is a client’s fault and no unexpected error', async (depth) => {
  const query = `${'{a'.repeat(depth)}${'}'.repeat(depth)}`;
  const answer = await send(url, JSON.stringify({ query }), { headers: NEWER });
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ message: expect.any(String) }] } });
  expect(answer.text).not.toContain('INTERNAL_SERVER_ERROR');
  await unharmed();
});

test('a query in the URL of a POST is not taken', async () => {
  const answer = await send(`${url}?query=${encodeURIComponent('{ __typename }')}`, '{}');
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ message: expect.stringContaining('query') }] } });
});

test('20,000 times the same field is no unexpected error', async () => {
  const answer = await send(url, JSON.stringify({ query: `{ ${'a '.repeat(20_000)} }` }), { headers: NEWER });
  expect(answer.status).toBe(400);
  expect(answer.text).not.toContain('INTERNAL_SERVER_ERROR');
});

test('of two operations the named one runs', async () => {
  const body = '{"query":"query A { a: __typename } query B { b: __typename }","operationName":"B"}';
  expect(await send(url, body)).toMatchObject({ status: 200, body: { data: { b: 'Query' } } });
});

test.each([
  ['a string for an object', { input: 'x' }],
  ['nothing', {}],
  ['a list for a string', { input: { accountName: ['a'], servicePlan: 'x', mdnZipCode: '98801', target: { devices: [] } } }],
  ['a number for a string', { input: { accountName: 1, servicePlan: 'x', mdnZipCode: '98801', target: { devices: [] } } }],
  ['an unknown field', { input: { accountName: 'a', servicePlan: 'x', mdnZipCode: '98801', target: { devices: [] }, devises: [] } }],
  [
    'an unknown kind of identifier',
    { input: { accountName: 'a', servicePlan: 'x', mdnZipCode: '1', target: { devices: [{ deviceIds: [{ kind: 'X', value: '1' }] }] } } },
  ],
])('variables with %s are refused before anything runs', async (_what, variables) => {
  const answer = await send(url, JSON.stringify({ query: ACTIVATE, variables }));
  expect(answer.body).toMatchObject({ errors: [{ message: expect.stringContaining('$input') }] });
  expect(answer.body).not.toHaveProperty('data.activateDevices');
  await unharmed();
});

test.each([2 ** 31, -(2 ** 31) - 1, 1.5, 1e300, '5'])('%s is no Int', async (first) => {
  const answer = await send(
    url,
    JSON.stringify({ query: 'query ($first: Int) { requests(first: $first) { nodes { id } } }', variables: { first } }),
  );
  expect(answer.status).toBeLessThan(500);
  expect(answer.body).toMatchObject({ errors: [{ message: expect.stringContaining('Int') }] });
});

test('a misspelt field is named, so that its writer finds it', async () => {
  const answer = await send(url, '{"query":"{ requets { nodes { id } } }"}');
  expect(answer.body).toMatchObject({ errors: [{ message: expect.stringContaining('"requets"'), locations: [{ line: 1, column: 3 }] }] });
});

test('__proto__ in variables changes nothing', async () => {
  const body = `{"query":"query ($a: String) { __typename }","variables":{"__proto__":{"polluted":1},"a":"x"}}`;
  expect((await send(url, body)).status).toBeLessThan(500);
  expect(Object.prototype).not.toHaveProperty('polluted');
  await unharmed();
});

test('the answer never says what runs behind it', async () => {
  const { headers } = await send(url, HELLO);
  expect(headers).not.toHaveProperty('x-powered-by');
  expect(headers).not.toHaveProperty('server');
  expect(headers).not.toHaveProperty('access-control-allow-origin');
});

test('10,000 devices pass the default limit', async () => {
  await using full = await startStack({ register: false });
  const input = {
    accountName: full.account,
    servicePlan: 'm2m4G2GB',
    mdnZipCode: '98801',
    target: { devices: devices(10_000) },
  };
  const answer = await send(full.gateway.urls.graphql, JSON.stringify({ query: ACTIVATE, variables: { input } }));
  expect(answer.body).toEqual({ data: { activateDevices: { __typename: 'ActivateDevicesAccepted' } } });
  expect(full.simulator.ledger.posts[0]?.devices).toHaveLength(10_000);
});
