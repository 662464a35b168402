import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { FOLLOW, type FollowEvent } from '../support/follow.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

test('queries and mutations are answered over the socket as over HTTP', async () => {
  await using stack = await startStack();
  const { id } = await activateDevices(stack, 2);
  await stack.simulator.idle();
  await using raw = await RawWebSocket.ready(stack.gateway.urls.websocket);
  const query = 'query ($id: ID!) { request(id: $id) { id status progress { succeeded } } }';
  raw.subscribe('query', query, { id });
  const [answer, end] = await raw.ending('query');
  expect(answer?.payload).toEqual(await stack.query(query, { id }));
  expect(end?.type).toBe('complete');
  raw.subscribe(
    'mutation',
    `mutation ($account: String!) { activateDevices(input: { accountName: $account, devices: [{ deviceIds: [{ kind: ICCID, id: "89148000000000009999" }, { kind: IMEI, id: "990000000099990" }] }], servicePlan: "m2m4G2GB", mdnZipCode: "98801" }) { __typename } }`,
    { account: stack.account },
  );
  expect((await raw.ending('mutation')).map(({ type, payload }) => [type, payload])).toEqual([
    ['next', { data: { activateDevices: { __typename: 'ActivateDevicesAccepted' } } }],
    ['complete', undefined],
  ]);
});

test('an operation that fails is answered under its own id, and neither the socket nor another subscription notices', async () => {
  await using stack = await startStack();
  stack.simulator.holdCallbacks();
  const { id } = await activateDevices(stack, 50);
  await using raw = await RawWebSocket.ready(stack.gateway.urls.websocket);
  raw.subscribe('running', FOLLOW, { id });
  const ledger = new EventLedger(50);
  ledger.add(eventOf(await raw.message((message) => message.id === 'running')));

  raw.subscribe('syntax', 'query {');
  raw.subscribe('field', '{ nothingOfTheKind }');
  raw.subscribe('validation', 'query ($id: Int) { request(id: $id) { id } }', { id: 1 });
  raw.subscribe('variables', FOLLOW, { id, batchSize: 'many' });
  raw.subscribe('operation', 'query A { __typename } query B { __typename }');
  raw.subscribe('not-found', FOLLOW, { id: 'unknown' });
  raw.subscribe('query-error', '{ unclaimedCallbacks(after: "forged") { nodes { id } } }');
  raw.subscribe('bad-input', 'mutation { activateDevices(input: {}) { __typename } }');
  raw.subscribe(
    'refused-input',
    'mutation { activateDevices(input: { accountName: "nobody’s", servicePlan: "", mdnZipCode: "" }) { __typename } }',
  );
  const answers: Record<string, unknown> = {};
  for (const name of [
    'syntax',
    'field',
    'validation',
    'variables',
    'operation',
    'not-found',
    'query-error',
    'bad-input',
    'refused-input',
  ]) {
    const [answer] = await raw.ending(name);
    const payload = answer?.payload;
    const errors = Array.isArray(payload) ? payload : payload && 'errors' in payload ? payload.errors : undefined;
    answers[name] = errors?.[0]?.extensions?.code ?? errors?.[0]?.message ?? payload;
  }
  expect(answers).toEqual({
    syntax: 'GRAPHQL_PARSE_FAILED',
    field: 'GRAPHQL_VALIDATION_FAILED',
    validation: 'GRAPHQL_VALIDATION_FAILED',
    variables: expect.stringContaining('$batchSize'),
    operation: 'OPERATION_RESOLUTION_FAILURE',
    'not-found': 'NOT_FOUND',
    'query-error': 'CURSOR_INVALID',
    'bad-input': 'GRAPHQL_VALIDATION_FAILED',
    'refused-input': { data: { activateDevices: { __typename: 'InvalidInput' } } },
  });

  stack.simulator.releaseCallbacks();
  for (const message of await raw.ending('running')) if (message.type === 'next') ledger.add(eventOf(message));
  expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
  await until(async () => (await openSubscriptions(stack.gateway)) === 0);
});

test.each<{ what: string; code: number; act: (raw: RawWebSocket) => void }>([
  { what: 'subscribes before ConnectionAck', code: 4401, act: (raw) => raw.subscribe('1', '{ __typename }') },
  { what: 'never initialises', code: 4408, act: () => undefined },
  { what: 'sends something else than the protocol', code: 4400, act: (raw) => raw.send('hello') },
  {
    what: 'initialises twice',
    code: 4429,
    act: (raw) => {
      raw.send({ type: 'connection_init' });
      raw.send({ type: 'connection_init' });
    },
  },
])('a client that $what is closed with $code', async ({ code, act }) => {
  await using stack = await startStack({ register: false });
  await using raw = await RawWebSocket.open(stack.gateway.urls.websocket);
  act(raw);
  expect(await raw.closed).toBe(code);
});

test('a client that uses the id of a running subscription again is closed with 4409, and leaves nothing behind', async () => {
  await using stack = await startStack();
  stack.simulator.holdCallbacks();
  const { id } = await activateDevices(stack, 1);
  await using raw = await RawWebSocket.ready(stack.gateway.urls.websocket);
  raw.subscribe('1', FOLLOW, { id });
  await raw.message((message) => message.id === '1');
  raw.subscribe('1', FOLLOW, { id });
  expect(await raw.closed).toBe(4409);
  await until(async () => (await openSubscriptions(stack.gateway)) === 0);
});

test('a foreign origin, another path and another sub-protocol get no socket', async () => {
  await using stack = await startStack({ register: false });
  const url = stack.gateway.urls.websocket;
  const own = url.replace('ws:', 'http:').replace('/graphql', '');
  await using allowed = await RawWebSocket.open(url, { origin: own });
  expect(allowed.socket.protocol).toBe('graphql-transport-ws');
  await expect(RawWebSocket.open(url, { origin: 'http://evil.example' })).rejects.toThrow('403');
  await expect(RawWebSocket.open(url, { origin: 'null' })).rejects.toThrow('403');
  await expect(RawWebSocket.open(`${url}/more`)).rejects.toThrow('404');
  await expect(RawWebSocket.open(url, { protocol: 'graphql-ws' })).rejects.toThrow();
});

function eventOf(message: { readonly payload?: unknown }): FollowEvent {
  return (message.payload as { data: { requestStatus: FollowEvent } }).data.requestStatus;
}
