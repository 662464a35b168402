import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';
import { Overload } from '../../src/server/overload.ts';
import { successCallback } from '../support/callback-samples.ts';
import { iccid } from '../support/devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { FOLLOW, followOverSse, type FollowEvent } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { RawWebSocket, type ProtocolMessage } from '../support/raw-websocket.ts';

const HELLO = '{ __typename }';
const LIMIT = 3;
const REFUSED = {
  errors: [{ message: expect.stringContaining('callbacks go first'), extensions: { code: 'OVERLOADED' } }],
};

/** Both GraphQL doors, and callbacks that wait for their commit until the test says otherwise. */
async function openLoadedDoors() {
  const overload = new Overload({ callbacks: LIMIT, lagMs: Infinity });
  const doors = await openGraphqlDoors({ overload });
  const waiting: PromiseWithResolvers<void>[] = [];
  return {
    ...doors,
    /** One more callback waits. */
    load: () => {
      const commit = Promise.withResolvers<void>();
      waiting.push(commit);
      void overload.during(commit.promise);
    },
    /** One of them is committed. */
    async relieve() {
      waiting.pop()?.resolve();
      await nextTurn();
    },
    shed: async () => (await doors.metrics.operationsShed.get()).values[0]?.value,
    [Symbol.asyncDispose]: () => doors[Symbol.asyncDispose](),
  };
}

test('with as many callbacks waiting as the limit allows a query is refused with 503 and Retry-After, and with one fewer answered', async () => {
  await using doors = await openLoadedDoors();
  for (let waiting = 1; waiting < LIMIT; waiting++) doors.load();
  expect(await ask(doors.url)).toMatchObject({ status: 200, body: { data: { __typename: 'Query' } } });
  doors.load();
  expect(await ask(doors.url)).toMatchObject({ status: 503, retryAfter: '1', body: REFUSED });
  doors.load();
  expect(await ask(doors.url)).toMatchObject({ status: 503 });
  expect(await doors.shed()).toBe(2);
  for (let left = 0; left < 2; left++) await doors.relieve();
  expect(await ask(doors.url)).toMatchObject({ status: 200, body: { data: { __typename: 'Query' } } });
});

test('the refusal waits for no byte of the body', async () => {
  await using doors = await openLoadedDoors();
  for (let waiting = 0; waiting < LIMIT; waiting++) doors.load();
  const socket = connect(Number(new URL(doors.url).port), '127.0.0.1');
  socket.write('POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 900000\r\n\r\n');
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1/i);
  socket.destroy();
});

test.each([100, 100_000, 900_000])('a client that reads only when it has sent all %i bytes is told, and not cut off', async (bytes) => {
  await using doors = await openLoadedDoors();
  for (let waiting = 0; waiting < LIMIT; waiting++) doors.load();
  const socket = connect(Number(new URL(doors.url).port), '127.0.0.1').pause();
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error as Error));
  socket.write(`POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`);
  for (let sent = 0; sent < bytes; sent += bytes / 10) {
    await Promise.race([new Promise((resolve) => socket.write(Buffer.alloc(bytes / 10, ' '), resolve)), failed]);
    await nextTurn();
  }
  socket.resume();
  const [head] = await Promise.race([once(socket, 'data') as Promise<[Buffer]>, failed]);
  expect(head.toString()).toMatch(/^HTTP\/1\.1 503 /);
  failed.catch(() => undefined);
  socket.destroy();
});

test('a small query that is refused keeps its connection, and is answered on it afterwards', async () => {
  await using doors = await openLoadedDoors();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let waiting = 0; waiting < LIMIT; waiting++) doors.load();
  const refused = await ask(doors.url, agent);
  await doors.relieve();
  const answered = await ask(doors.url, agent);
  expect([refused.status, answered.status]).toEqual([503, 200]);
  expect(answered.localPort).toBe(refused.localPort);
  agent.destroy();
});

test('an operation on a WebSocket is refused by its id, and the socket stays', async () => {
  await using doors = await openLoadedDoors();
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  for (let waiting = 0; waiting < LIMIT; waiting++) doors.load();
  for (const [id, query] of [
    ['query', HELLO],
    ['subscription', FOLLOW],
    ['mutation', 'mutation { cancelRequest(input: { requestId: "req_x" }) { __typename } }'],
  ] as const) {
    raw.subscribe(id, query, { id: 'req_x' });
    expect(await raw.ending(id)).toMatchObject([{ id, type: 'error', payload: REFUSED.errors }]);
  }
  // A socket may also be opened, and tells when it is over.
  await using another = await RawWebSocket.ready(doors.websocketUrl);
  await doors.relieve();
  for (const socket of [raw, another]) {
    socket.subscribe('query', HELLO);
    expect(await socket.ending('query')).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
  }
  expect(await doors.shed()).toBe(3);
});

test('subscriptions that were there go on over both transports, and miss nothing', async () => {
  const DEVICES = 300;
  await using doors = await openLoadedDoors();
  const request = newRequest(Array.from({ length: DEVICES }, (_, at) => [['ICCID', iccid(at)] as const]));
  const { id, account } = request;
  await doors.requestLog.create(request);
  await doors.requestLog.step(id, 0, { type: 'SENDING' });
  await doors.requestLog.step(id, 0, { type: 'ACCEPTED', carrierRequestId: 'a-carrier-id' });
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.subscribe('1', FOLLOW, { id });
  const socketLedger = new EventLedger(DEVICES);
  take(socketLedger, await raw.message((message) => message.id === '1'));
  const sse = followOverSse(doors.url, { id });
  const sseLedger = new EventLedger(DEVICES);
  const first = await sse.next();
  if (first.value) sseLedger.add(first.value);

  for (let waiting = 0; waiting < LIMIT; waiting++) doors.load();
  for (let at = 0; at < DEVICES; at++)
    await doors.requestLog.append(successCallback({ requestId: 'a-carrier-id', ids: [['ICCID', iccid(at)]], account }));
  for (const message of await raw.ending('1')) take(socketLedger, message);
  for await (const event of sse) sseLedger.add(event);
  expect(await ask(doors.url)).toMatchObject({ status: 503 });
  for (const ledger of [socketLedger, sseLedger])
    expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
});

test.each([
  ['one stall of the event loop among callbacks', { stalls: [600], callbacks: 20 }, false],
  ['stall after stall while callbacks come', { stalls: Array<number>(12).fill(80), callbacks: 20 }, true],
  ['stall after stall without callbacks', { stalls: Array<number>(12).fill(80), callbacks: 0 }, false],
])('%s (%o) is an overload: %s', async (_what, { stalls, callbacks }, isOverload) => {
  using overload = new Overload({ callbacks: Infinity, lagMs: 30 });
  for (const milliseconds of stalls) {
    for (let callback = 0; callback < callbacks; callback++) void overload.during(Promise.resolve());
    await stall(milliseconds);
  }
  expect(overload.active).toBe(isOverload);
});

test('the work of callers, which waits for its turns, is no overload, however much it is', async () => {
  const scheduler = new FairScheduler();
  using overload = new Overload({ callbacks: Infinity, lagMs: 30, callersMs: () => scheduler.servedMs });
  for (let piece = 0; piece < 12; piece++) {
    for (let callback = 0; callback < 20; callback++) void overload.during(Promise.resolve());
    await scheduler.waitForTurn('greedy', 'ask');
    await stall(80);
  }
  expect(scheduler.servedMs).toBeGreaterThan(500);
  expect(overload.active).toBe(false);
});

/** Holds the event loop up, and lets it come to its timers. */
async function stall(milliseconds: number): Promise<void> {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
  await new Promise((resolve) => setTimeout(resolve, 0));
}

interface Answer {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
  readonly body: unknown;
  readonly localPort: number | undefined;
}

function ask(url: string, agent = new Agent()): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ query: HELLO });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = httpRequest(url, { method: 'POST', agent, headers }, (response: IncomingMessage) => {
      const { localPort } = response.socket;
      text(response).then(
        (content) =>
          resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'], body: JSON.parse(content), localPort }),
        reject,
      );
    });
    request.once('error', reject);
    request.end(body);
  });
}

function take(ledger: EventLedger, { type, payload }: ProtocolMessage): void {
  if (type === 'next') ledger.add((payload as { data: { requestStatus: FollowEvent } }).data.requestStatus);
}
