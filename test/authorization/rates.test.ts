import { expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { ask } from './support/ask.ts';
import { ACCOUNTS } from './support/two-accounts.ts';

const ALL = { '*': ['read', 'write', 'admin'] } as const;

const open = (env: Readonly<Record<string, string>>) => startStack({ env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent', ...env } });

const input = (first: number, more: object = {}) => ({
  accountName: ACCOUNTS.mine,
  target: { devices: devices(1, first) },
  servicePlan: 'm2m4G2GB',
  mdnZipCode: '98801',
  ...more,
});
const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename ... on RateLimited { code message retryAfterMs }
  ... on ActivateDevicesAccepted { request { id } } } }`;

function activate({ gateway }: Stack, { authorization }: TestKey, first: number, more: object = {}) {
  return ask(gateway.urls.graphql, authorization, { query: ACTIVATE, variables: { input: input(first, more) } });
}

test('a caller with too many operations is told by every door when to come back, and other callers are not affected', async () => {
  await using stack = await open({ M2M_CALLER_OPERATIONS_PER_MINUTE: '3' });
  const { graphql: url, websocket } = stack.gateway.urls;
  const busy = await makeKey(stack.gateway, { scopes: ALL, name: 'busy' });
  const same = await makeKey(stack.gateway, { scopes: ALL, name: 'busy' });
  const other = await makeKey(stack.gateway, { scopes: ALL });
  const query = '{ requests { nodes { id } } }';
  await using socket = await RawWebSocket.ready(websocket, busy.authorization);
  socket.subscribe('1', query);
  expect(JSON.stringify(await socket.ending('1'))).toContain('"data"');
  expect((await ask(url, busy.authorization, { query })).status).toBe(200);
  // Two keys of a name are one caller.
  expect((await ask(url, same.authorization, { query })).status).toBe(200);
  const refused = [
    await ask(url, busy.authorization, { query }),
    await ask(url, same.authorization, { query: ACTIVATE, variables: { input: input(1) } }),
  ];
  for (const { status, headers, text } of refused) {
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    const { errors, ...rest } = JSON.parse(text) as { errors: { message: string; extensions: { code: string; retryAfterMs: number } }[] };
    expect(rest).toEqual({});
    expect(errors[0]?.extensions.code).toBe('RATE_LIMITED');
    expect(errors[0]?.extensions.retryAfterMs).toBeGreaterThan(0);
    expect(errors[0]?.extensions.retryAfterMs).toBeLessThanOrEqual(20_000);
    expect(errors[0]?.message).toContain('Nothing was run');
  }
  expect(
    (await ask(url, busy.authorization, { query: 'subscription { requestStatus(requestId: "x") { cursor } }' }, 'text/event-stream')).text,
  ).toContain('RATE_LIMITED');
  socket.subscribe('2', query);
  expect(JSON.stringify(await socket.ending('2'))).toMatch(/"code":"RATE_LIMITED","retryAfterMs":\d+/);
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);
  expect((await ask(url, other.authorization, { query })).status).toBe(200);
  expect(stack.simulator.ledger.posts).toEqual([]);
});

test('a caller with too many mutations can still query, and each mutation field counts', async () => {
  await using stack = await open({ M2M_CALLER_MUTATIONS_PER_MINUTE: '4' });
  const { graphql: url } = stack.gateway.urls;
  const busy = await makeKey(stack.gateway, { scopes: ALL });
  const other = await makeKey(stack.gateway, { scopes: ALL });
  const three = `mutation ($a: ActivateDevicesInput!, $b: ActivateDevicesInput!, $c: ActivateDevicesInput!) {
    a: activateDevices(input: $a) { __typename } ...More b: activateDevices(input: $b) { __typename } }
    fragment More on Mutation { ... { c: activateDevices(input: $c) { __typename } } }`;
  const many = (first: number) =>
    ask(url, busy.authorization, { query: three, variables: { a: input(first), b: input(first + 1), c: input(first + 2) } });
  expect((await many(1)).text.match(/ActivateDevicesAccepted/g)).toHaveLength(3);
  const refused = await many(11);
  expect(refused.status).toBe(429);
  expect(refused.text).toContain('too many mutations');
  expect(refused.text).not.toContain('"data"');
  expect((await activate(stack, busy, 21)).text).toContain('ActivateDevicesAccepted');
  expect((await activate(stack, busy, 22)).status).toBe(429);
  expect((await ask(url, busy.authorization, { query: '{ requests { nodes { id } } }' })).status).toBe(200);
  expect((await activate(stack, other, 31)).text).toContain('ActivateDevicesAccepted');
  expect(stack.simulator.ledger.posts).toHaveLength(5);
  expect([...stack.simulator.ledger.postsPerDevice().keys()].some((device) => device.endsWith('22'))).toBe(false);
});

test('the waiting requests of a caller are limited, also when they come all at once, and other callers are not affected', async () => {
  await using stack = await open({
    M2M_CALLER_MAX_QUEUED_REQUESTS: '3',
    M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '1',
    M2M_SUBMIT_WAIT_MS: '300',
  });
  const busy = await makeKey(stack.gateway, { scopes: ALL });
  const other = await makeKey(stack.gateway, { scopes: ALL });
  // The one that is sent at once, so that all others wait.
  expect((await activate(stack, other, 1)).text).toContain('ActivateDevicesAccepted');
  await stack.simulator.ledger.until(({ posts }) => posts.length === 1);
  const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => activate(stack, busy, 10 + at, { idempotencyKey: `key-${at}` })));
  const limited = answers.filter(({ text }) => text.includes('RateLimited'));
  expect(answers.length - limited.length).toBe(3);
  for (const { status, text } of limited) {
    expect(status).toBe(200);
    expect(text).toMatch(/"code":"RATE_LIMITED".*Nothing was accepted.*"retryAfterMs":\d+/);
  }
  expect((await activate(stack, other, 40)).text).toContain('ActivateDevicesAccepted');
  const { data } = await stack.query<{ requests: { nodes: { id: string; createdBy: string }[] } }>(
    '{ requests { nodes { id createdBy } } }',
    {},
    busy.authorization,
  );
  const waiting = data?.requests.nodes.filter(({ createdBy }) => createdBy === busy.caller) ?? [];
  expect(waiting).toHaveLength(3);
  expect(stack.simulator.ledger.posts).toHaveLength(1);
  // A place that is given back is free, and the key of what was not taken on as well.
  const cancel = `mutation { cancelRequest(input: { requestId: "${waiting[0]?.id}" }) { __typename } }`;
  expect((await ask(stack.gateway.urls.graphql, busy.authorization, { query: cancel })).text).toContain('RequestCancelled');
  const again = answers.findIndex(({ text }) => text.includes('RateLimited'));
  expect((await activate(stack, busy, 10 + again, { idempotencyKey: `key-${again}` })).text).toContain('ActivateDevicesAccepted');
});

test('a repeat of a waiting request takes no second place, so it shuts nobody out', async () => {
  await using stack = await open({
    M2M_CALLER_MAX_QUEUED_REQUESTS: '3',
    M2M_MAX_QUEUED_REQUESTS: '5',
    M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '1',
    M2M_SUBMIT_WAIT_MS: '100',
  });
  const patient = await makeKey(stack.gateway, { scopes: ALL });
  const other = await makeKey(stack.gateway, { scopes: ALL });
  expect((await activate(stack, other, 1)).text).toContain('ActivateDevicesAccepted');
  await stack.simulator.ledger.until(({ posts }) => posts.length === 1);
  for (let repeat = 0; repeat < 6; repeat++)
    expect((await activate(stack, patient, 2, { idempotencyKey: 'once' })).text).toContain('ActivateDevicesAccepted');
  expect((await activate(stack, patient, 3)).text).toContain('ActivateDevicesAccepted');
  expect((await activate(stack, other, 4)).text).toContain('ActivateDevicesAccepted');
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('the sockets of each caller are limited, and a socket that closes makes room', async () => {
  await using stack = await open({ M2M_CALLER_SOCKETS: '2' });
  const { websocket } = stack.gateway.urls;
  const busy = await makeKey(stack.gateway, { scopes: ALL });
  const other = await makeKey(stack.gateway, { scopes: ALL });
  await using first = await RawWebSocket.ready(websocket, busy.authorization);
  await using second = await RawWebSocket.ready(websocket, busy.authorization);
  await using third = await RawWebSocket.open(websocket);
  third.send({ type: 'connection_init', payload: { authorization: busy.authorization } });
  expect(await third.closed).toBe(1013);
  await using others = await RawWebSocket.ready(websocket, other.authorization);
  first.socket.close();
  await first.closed;
  await using again = await RawWebSocket.ready(websocket, busy.authorization);
  for (const socket of [second, others, again]) expect(socket.socket.readyState).toBe(socket.socket.OPEN);
});
