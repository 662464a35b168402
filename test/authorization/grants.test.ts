import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import type { Grant } from '../../src/resolvers/access/caller.ts';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { ask, codeOf, type Question } from './support/ask.ts';
import { openWithSecrets, type WithSecrets } from './support/with-secrets.ts';

let world: WithSecrets;
/** By the one grant it has. */
let holders: Record<Grant, TestKey>;
beforeAll(async () => {
  world = await openWithSecrets();
  const holder = (grant: Grant) =>
    makeKey(world.stack.gateway, { scopes: { [world.account]: ['read', 'write', 'admin'] }, grants: [grant] });
  holders = {
    deviceCredential: await holder('deviceCredential'),
    activationCode: await holder('activationCode'),
    introspection: await holder('introspection'),
  };
});
afterAll(() => world[Symbol.asyncDispose]());

type Shape = readonly [what: string, question: (secret: string, request: string, outcome: string) => Question];

/** Ways to select a secret; `secret` is its selection. */
const SHAPES: readonly Shape[] = [
  ['by itself', (secret, request) => ({ query: `{ request(id: "${request}") { id outcomes { nodes { id ${secret} } } } }` })],
  ['under another name', (secret, request) => ({ query: `{ request(id: "${request}") { outcomes { nodes { status: ${secret} } } } }` })],
  [
    'in a fragment',
    (secret, request) => ({
      query: `query { request(id: "${request}") { outcomes { edges { node { ...Named } } } } } fragment Named on DeviceOutcome { id ${secret} }`,
    }),
  ],
  [
    'in a fragment of a fragment',
    (secret, request) => ({
      query: `fragment In on DeviceOutcome { ${secret} } fragment Out on DeviceOutcome { ...In }
        query { request(id: "${request}") { outcomes { nodes { ...Out } } } }`,
    }),
  ],
  [
    'in a fragment without a type',
    (secret, request) => ({ query: `{ request(id: "${request}") { outcomes { nodes { ... { ${secret} } } } } }` }),
  ],
  ['of a node', (secret, _request, outcome) => ({ query: `{ node(id: "${outcome}") { id ... on DeviceOutcome { ${secret} } } }` })],
  [
    'of a node that is a node',
    (secret, _request, outcome) => ({
      query: `{ node(id: "${outcome}") { ... on Node { ... on Node { ... on DeviceOutcome { ${secret} } } } } }`,
    }),
  ],
  [
    'of a request that is a node',
    (secret, request) => ({ query: `{ node(id: "${request}") { ... on Request { outcomes { nodes { ${secret} } } } } }` }),
  ],
  ['of the requests of a list', (secret) => ({ query: `{ requests { nodes { outcomes { nodes { ${secret} } } } } }` })],
  [
    'included by a variable',
    (secret, request) => ({
      query: `query ($v: Boolean!) { request(id: "${request}") { outcomes { nodes { id ... @include(if: $v) { ${secret} } } } } }`,
      variables: { v: true },
    }),
  ],
  [
    'in the second of two operations',
    (secret, request) => ({
      query: `query A { __typename } query B { request(id: "${request}") { outcomes { nodes { ${secret} } } } }`,
      operationName: 'B',
    }),
  ],
];

const SECRETS = [
  ['deviceCredential', 'deviceCredential { password }', () => world.activated.password, () => world.activated],
  ['activationCode', 'activationCode', () => world.renewed.activationCode, () => world.renewed],
] as const;

const CASES = SECRETS.flatMap(([grant, selection, value, where]) =>
  SHAPES.map(([what, question]) => ({ grant, what, selection, value, where, question })),
);

test.each(CASES)('$grant $what: refused without its grant, there with it', async ({ grant, selection, value, where, question }) => {
  const { id, outcomeId } = where();
  const asked = question(selection, id, outcomeId);
  const other = grant === 'deviceCredential' ? holders.activationCode : holders.deviceCredential;
  for (const { authorization } of [world.plain, other, holders.introspection]) {
    const answer = await ask(world.url, authorization, asked);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
    expect(answer.text).toContain(`the grant ${grant} (DeviceOutcome.${grant})`);
    expect(answer.text).not.toContain('"data"');
    expect(answer.text).not.toContain(value());
  }
  expect(value().length).toBeGreaterThan(5);
  expect((await ask(world.url, holders[grant].authorization, asked)).text).toContain(value());
});

test.each([
  ['skipped', `{ request(id: "x") { outcomes { nodes { activationCode @skip(if: true) } } } }`],
  ['not included', `query ($v: Boolean = false) { request(id: "x") { outcomes { nodes { activationCode @include(if: $v) } } } }`],
  ['of what is not there', `{ request(id: "req_01ARZ3NDEKTSV4RRFFQ69G5FAV") { outcomes { nodes { activationCode } } } }`],
])('what is selected is asked for, also where it is %s', async (_what, query) => {
  expect(codeOf(await ask(world.url, world.plain.authorization, { query }))).toBe('FORBIDDEN');
  expect(codeOf(await ask(world.url, holders.activationCode.authorization, { query }))).toBeNull();
});

test('each operation is judged by itself: another one in the same document may need a grant that the caller lacks', async () => {
  const query = `query Secret { request(id: "x") { ...Code } } query Plain { request(id: "${world.renewed.id}") { id } }
    fragment Code on Request { outcomes { nodes { activationCode } } }`;
  const { status, text } = await ask(world.url, world.plain.authorization, { query, operationName: 'Plain' });
  expect([status, text]).toEqual([200, JSON.stringify({ data: { request: { id: world.renewed.id } } })]);
});

test.each(['deviceCredential { username }', 'activationCode', 'deviceCredential { __typename }'])(
  'a mutation that selects %s without the grant does nothing',
  async (secret) => {
    const { simulator } = world.stack;
    const before = { posts: simulator.ledger.posts.length, requests: await requestCount() };
    const accepted = `... on ActivateDevicesAccepted { request { id outcomes { nodes { ${secret} } } } }`;
    const query = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename ${accepted} } }`;
    const input = { accountName: world.account, target: { devices: devices(1, 50) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
    expect(codeOf(await ask(world.url, world.plain.authorization, { query, variables: { input } }))).toBe('FORBIDDEN');
    // The same first, harmless by itself.
    const two = query.replace('{ activateDevices', '{ first: activateDevices(input: $input) { __typename } activateDevices');
    expect(codeOf(await ask(world.url, world.plain.authorization, { query: two, variables: { input } }))).toBe('FORBIDDEN');
    expect({ posts: simulator.ledger.posts.length, requests: await requestCount() }).toEqual(before);
  },
);

async function requestCount(): Promise<number> {
  const { data } = await world.stack.query<{ requests: { nodes: unknown[] } }>(
    '{ requests { nodes { id } } }',
    {},
    world.owner.authorization,
  );
  return data?.requests.nodes.length ?? -1;
}

test.each([
  ['an event', 'outcomes { ...Code }'],
  ['the request of an event', 'request { outcomes { nodes { ...Code } } }'],
])('a subscription that selects a secret of %s without the grant gets no event', async (_what, selection) => {
  const query = `subscription { requestStatus(requestId: "${world.renewed.id}") { cursor ${selection} } } fragment Code on DeviceOutcome { activationCode }`;
  const over = async ({ authorization }: TestKey) => {
    await using socket = await RawWebSocket.ready(world.stack.gateway.urls.websocket, authorization);
    socket.subscribe('1', query);
    const stream = await ask(world.url, authorization, { query }, 'text/event-stream');
    return [JSON.stringify(await socket.ending('1')), stream.text];
  };
  for (const text of await over(world.plain)) {
    expect(text).toContain('FORBIDDEN');
    expect(text).not.toContain('cursor');
  }
  for (const text of await over(holders.activationCode)) expect(text).toContain(world.renewed.activationCode);
});

test('a dead letter’s body may hold either secret, and needs both grants', async () => {
  const query = '{ deadLetters { nodes { id body } } }';
  for (const key of [world.plain, ...Object.values(holders)])
    expect(codeOf(await ask(world.url, key.authorization, { query }))).toBe('FORBIDDEN');
  const both = await makeKey(world.stack.gateway, {
    scopes: { [world.account]: ['admin'] },
    grants: ['deviceCredential', 'activationCode'],
  });
  expect((await ask(world.url, both.authorization, { query })).text).toContain('not a message');
  expect((await ask(world.url, world.plain.authorization, { query: '{ deadLetters { nodes { id byteLength } } }' })).text).toContain('13');
});

const INTROSPECTION = [
  ['all of it', getIntrospectionQuery()],
  ['__schema', '{ __schema { queryType { name } } }'],
  ['__type', '{ __type(name: "Request") { name } }'],
  ['beside another field', `{ requests { nodes { id } } __type(name: "Request") { name } }`],
  ['under another name', '{ a: __type(name: "Request") { name } }'],
  ['in a fragment', '{ ...Look } fragment Look on Query { __schema { types { name } } }'],
  ['in a fragment without a type', '{ ... { ... on Query { __schema { types { name } } } } }'],
  ['skipped', '{ __typename __schema @skip(if: true) { types { name } } }'],
] as const;

test.each(INTROSPECTION)('the schema is for who has the grant: %s', async (_what, query) => {
  for (const key of [world.plain, holders.activationCode]) {
    const answer = await ask(world.url, key.authorization, { query });
    expect([codeOf(answer), answer.text.includes('"name"')]).toEqual(['FORBIDDEN', false]);
    expect(answer.text).toContain('the grant introspection');
  }
  expect(codeOf(await ask(world.url, holders.introspection.authorization, { query }))).toBeNull();
});

test('__typename is for everybody, wherever it stands', async () => {
  const query = `{ __typename requests(first: 1) { __typename nodes { __typename outcomes { nodes { __typename } } } } }`;
  expect(codeOf(await ask(world.url, world.plain.authorization, { query }))).toBeNull();
  const alone = await ask(world.url, world.plain.authorization, { query: 'mutation { __typename }' });
  expect(alone.text).toBe('{"data":{"__typename":"Mutation"}}');
});
