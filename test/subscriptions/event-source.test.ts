import { EventSource, request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { FOLLOW, type FollowEvent } from '../support/follow.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { send } from '../graphql-http/support/send.ts';

const DEVICES = 40;
const EVENTS = { accept: 'text/event-stream' };

let stack: Stack;
let id: string;
beforeAll(async () => {
  stack = await startStack();
  ({ id } = await activateDevices(stack, DEVICES));
  await stack.simulator.idle();
  // On a busy machine the callbacks leave an overload behind, which passes.
  await until(async () => !(await stack.query('{ __typename }')).errors);
});
afterAll(() => stack[Symbol.asyncDispose]());

const addressOf = (query: string, variables: Record<string, unknown>) =>
  `${stack.gateway.urls.graphql}?${new URLSearchParams({ query, variables: JSON.stringify(variables) }).toString()}`;

interface Block {
  readonly id: string | null;
  readonly event: FollowEvent;
}

/** All events of a stream that ends by itself. */
async function read(
  variables: Record<string, unknown>,
  headers: Record<string, string> = {},
  method: 'GET' | 'POST' = 'GET',
): Promise<Block[]> {
  const { body, statusCode } =
    method === 'GET'
      ? await request(addressOf(FOLLOW, variables), { headers: { ...EVENTS, ...headers } })
      : await request(stack.gateway.urls.graphql, {
          method,
          headers: { ...EVENTS, 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ query: FOLLOW, variables }),
        });
  expect(statusCode).toBe(200);
  return (await body.text())
    .split('\n\n')
    .filter((block) => block.startsWith('event: next'))
    .map((block) => {
      const { data } = JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '') as { data: { requestStatus: FollowEvent } };
      return { id: /^id: (.*)$/m.exec(block)?.[1] ?? null, event: data.requestStatus };
    });
}

test.each(['GET', 'POST'] as const)('every event has its cursor for an id (%s)', async (method) => {
  const blocks = await read({ id, batchSize: 10 }, {}, method);
  expect(blocks.length).toBeGreaterThan(3);
  for (const block of blocks) expect(block.id).toBe(block.event.cursor);
});

test.each(['GET', 'POST'] as const)(
  'Last-Event-ID goes on where the stream was lost, and wins over an older `after` (%s)',
  async (method) => {
    const ledger = new EventLedger(DEVICES);
    const [first, second, ...rest] = await read({ id, batchSize: 10 }, {}, method);
    for (const block of [first, second]) if (block) ledger.add(block.event);
    for (const after of [null, first?.id]) {
      const again = await read({ id, batchSize: 10, after }, { 'last-event-id': second?.id ?? '' }, method);
      expect(again.map((block) => block.id)).toEqual(rest.map((block) => block.id));
    }
    for (const { event } of rest) ledger.add(event);
    expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
    expect(await read({ id, batchSize: 10 }, { 'last-event-id': rest.at(-1)?.id ?? '' }, method)).toEqual([]);
  },
);

test('a Last-Event-ID that is no cursor ends the stream with CURSOR_INVALID', async () => {
  const { body } = await request(addressOf(FOLLOW, { id }), { headers: { ...EVENTS, 'last-event-id': '7' } });
  expect(await body.text()).toContain('CURSOR_INVALID');
});

test('an EventSource follows a request to its end', async () => {
  await using own = await startStack();
  own.simulator.holdCallbacks();
  const { id: requestId } = await activateDevices(own, 3);
  const search = new URLSearchParams({ query: FOLLOW, variables: JSON.stringify({ id: requestId }) });
  const source = new EventSource(`${own.gateway.urls.graphql}?${search.toString()}`);
  const seen: string[] = [];
  await new Promise<void>((resolve, reject) => {
    source.addEventListener('next', (event) => {
      const { data } = JSON.parse((event as MessageEvent<string>).data) as { data: { requestStatus: FollowEvent } };
      if (seen.push(data.requestStatus.status) === 1) own.simulator.releaseCallbacks();
    });
    source.addEventListener('complete', () => resolve());
    source.addEventListener('error', () => reject(new Error('the stream was lost')));
  });
  source.close();
  expect(seen.at(-1)).toBe('SUCCEEDED');
});

test('an EventSource whose line is cut again and again comes back by itself, and misses and repeats nothing', async () => {
  await using proxy = await startTcpFaultProxy(stack.gateway.urls.graphql, (connection) =>
    connection <= 2 ? { afterBytes: 6_000, how: 'close' } : {},
  );
  const source = new EventSource(proxy.through(addressOf(FOLLOW, { id, batchSize: 5 })));
  const ledger = new EventLedger(DEVICES);
  await new Promise<void>((resolve) => {
    source.addEventListener('next', (event) => {
      ledger.add((JSON.parse((event as MessageEvent<string>).data) as { data: { requestStatus: FollowEvent } }).data.requestStatus);
    });
    source.addEventListener('complete', () => resolve());
  });
  source.close();
  expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
  expect(proxy.struck).toBeGreaterThan(0);
});

test.each([
  ['a query', '{ __typename }'],
  ['a mutation', 'mutation { cancelRequest(requestId: "req_x") { __typename } }'],
])('%s is not run as a GET', async (_what, query) => {
  const { body } = await request(addressOf(query, {}), { headers: EVENTS });
  const text = await body.text();
  expect(text).toMatch(/POST/);
  expect(text).not.toContain('"__typename"');
});

test('a GET that is no event stream is 405', async () => {
  for (const accept of ['application/json', '*/*', 'application/json, text/event-stream'])
    expect((await send(addressOf(FOLLOW, { id }), undefined, { method: 'GET', headers: { accept } })).status).toBe(405);
});

test('a foreign page cannot open streams, neither with its origin nor without one', async () => {
  for (const headers of [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    { 'sec-fetch-site': 'same-site' },
  ])
    expect((await send(addressOf(FOLLOW, { id }), undefined, { method: 'GET', headers: { ...EVENTS, ...headers } })).status).toBe(403);
  const own = { ...EVENTS, 'sec-fetch-site': 'same-origin' };
  expect((await send(addressOf(FOLLOW, { id }), undefined, { method: 'GET', headers: own })).status).toBe(200);
});

test('with authentication a stream needs its key too', async () => {
  await using guarded = await startStack({ env: { M2M_AUTH: 'on' }, register: false });
  const url = `${guarded.gateway.urls.graphql}?query=${encodeURIComponent('subscription { requestStatus(requestId: "x") { cursor } }')}`;
  expect((await send(url, undefined, { method: 'GET', headers: EVENTS })).status).toBe(401);
});

test.each([
  ['PUT', {}],
  ['DELETE', {}],
  ['GET', { 'x-graphql-event-stream-token': 'a' }],
  ['POST', { 'x-graphql-event-stream-token': 'a', 'content-type': 'application/json' }],
] as const)('the single connection mode of graphql-sse is refused with a sentence: %s %j', async (method, headers) => {
  const answer = await send(stack.gateway.urls.graphql, method === 'POST' ? '{"query":"{ __typename }"}' : undefined, { method, headers });
  expect(answer).toMatchObject({ status: 405, body: { errors: [{ message: expect.stringContaining('singleConnection') as string }] } });
});
