import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { devices } from '../support/devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { FOLLOW, type FollowEvent } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { HandMadeSocket } from '../support/hand-made-socket.ts';
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
    `mutation ($account: String!) { activateDevices(input: { accountName: $account, target: { devices: [{ deviceIds: [{ kind: ICCID, value: "89148000000000009999" }, { kind: IMEI, value: "990000000099990" }] }] }, servicePlan: "m2m4G2GB", mdnZipCode: "98801" }) { __typename } }`,
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
  raw.send({ id: 'unknown', type: 'subscribe', payload: { query: 'query A { __typename }', operationName: 'B' } });
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
    'unknown',
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
    unknown: 'OPERATION_RESOLUTION_FAILURE',
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

test('10,000 devices are activated by one message', async () => {
  await using stack = await startStack({ register: false });
  await using raw = await RawWebSocket.ready(stack.gateway.urls.websocket);
  const input = { accountName: stack.account, target: { devices: devices(10_000) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
  raw.subscribe('1', 'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }', { input });
  expect(await raw.ending('1')).toMatchObject([
    { type: 'next', payload: { data: { activateDevices: { __typename: 'ActivateDevicesAccepted' } } } },
    { type: 'complete' },
  ]);
  expect(stack.simulator.ledger.posts[0]?.devices).toHaveLength(10_000);
});

test('a message may be as long as a body over HTTP, and one byte more closes this socket alone with 1009', async () => {
  await using stack = await startStack({ register: false, env: { M2M_GRAPHQL_MAX_BODY_BYTES: '100000' } });
  const url = stack.gateway.urls.websocket;
  await using raw = await RawWebSocket.ready(url);
  await using other = await RawWebSocket.ready(url);
  const sized = (bytes: number) => {
    const message = { id: '1', type: 'subscribe', payload: { query: '{ __typename }', variables: { unused: '' } } };
    message.payload.variables.unused = 'x'.repeat(bytes - JSON.stringify(message).length);
    return message;
  };
  raw.send(sized(100_000));
  expect(await raw.ending('1')).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
  raw.send(sized(100_001));
  expect(await raw.closed).toBe(1009);
  other.send(sized(100_000));
  expect(await other.ending('1')).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
});

const APP = 'https://app.example.com';

test.each([
  ['none', () => undefined, 101],
  ['the gateway’s own', (own: string) => own, 101],
  ['the gateway’s own behind a proxy that ends TLS', (own: string) => own.replace('http:', 'https:'), 101],
  ['one that is allowed', () => APP, 101],
  ['one that is allowed, in capitals', () => 'HTTPS://APP.EXAMPLE.COM', 101],
  ['a foreign one', () => 'https://evil.example', 403],
  ['one that begins like an allowed one', () => `${APP}.evil.example`, 403],
  ['one that ends like an allowed one', () => 'https://evil-app.example.com', 403],
  ['an allowed one over http', () => 'http://app.example.com', 403],
  ['an allowed one with another port', () => `${APP}:8443`, 403],
  ['the gateway’s own with another port', (own: string) => own.replace(/\d+$/, '1'), 403],
  ['null, as of a sandboxed frame or a file', () => 'null', 403],
  ['no origin at all', () => '*', 403],
  ['an allowed one and a foreign one', () => `${APP}, https://evil.example`, 403],
] as const)('a socket from %s: %s %i', async (_what, originOf, status) => {
  await using doors = await openGraphqlDoors({ origins: [APP] });
  const origin = originOf(new URL(doors.url).origin);
  const opened = HandMadeSocket.open(doors.websocketUrl, origin === undefined ? {} : { headers: { origin } });
  if (status === 101) await (await opened)[Symbol.asyncDispose]();
  else await expect(opened).rejects.toThrow(`HTTP/1.1 ${status} Forbidden`);
});

test.each(['/', '/graphql/', '/graphql/more', '/graphq', '/subscriptions'])('there is no socket at %s', async (path) => {
  await using doors = await openGraphqlDoors();
  await expect(HandMadeSocket.open(doors.websocketUrl.replace('/graphql', path))).rejects.toThrow('HTTP/1.1 404 Not Found');
});

test.each([null, 'graphql-ws', 'subscriptions-transport-ws', 'graphql-transport-ws2'])(
  'a socket whose sub-protocol is %s is closed with 4406',
  async (protocol) => {
    await using doors = await openGraphqlDoors();
    await using socket = await HandMadeSocket.open(doors.websocketUrl, { protocol });
    expect(await socket.closeCode()).toBe(4406);
  },
);

test('of several sub-protocols the one that is known is taken', async () => {
  await using doors = await openGraphqlDoors();
  await using socket = await HandMadeSocket.open(doors.websocketUrl, { protocol: 'graphql-ws, graphql-transport-ws' });
  await socket.write(HandMadeSocket.frame('text', '{"type":"connection_init"}'));
  await socket.until('connection_ack');
});

function eventOf(message: { readonly payload?: unknown }): FollowEvent {
  return (message.payload as { data: { requestStatus: FollowEvent } }).data.requestStatus;
}
