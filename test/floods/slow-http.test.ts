import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { createGraphqlServer, type GraphqlHttpOptions } from '../../src/server/graphql/graphql-http.ts';
import { unauthenticatedError } from '../../src/resolvers/access/caller.ts';
import { send } from '../graphql-http/support/send.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';

/** Short enough for a test; what is not under test is long. */
const LONG_MS = 600_000;
const SLOW_HEADERS = { headersMs: 400, requestMs: LONG_MS, keepAliveMs: LONG_MS, enforceEveryMs: 10 };
const SLOW_BODY = { headersMs: 400, requestMs: 500, keepAliveMs: LONG_MS, enforceEveryMs: 10 };
const QUERY = '{"query":"{ requests { nodes { id } } }"}';
const HELLO = '{"query":"{ __typename }"}';
const HOST = 'host: 127.0.0.1\r\n';
const JSON_TYPE = 'content-type: application/json\r\n';
const HEAD = `POST /graphql HTTP/1.1\r\n${HOST}${JSON_TYPE}`;
const post = (body: string, length = body.length) => `${HEAD}content-length: ${length}\r\n\r\n${body}`;

type Doors = Awaited<ReturnType<typeof openCountingDoors>>;

/** Both doors; who shows `Bearer bad` is refused, and queries that are run are counted. */
async function openCountingDoors(options: Parameters<typeof openGraphqlDoors>[0] = {}) {
  let executed = 0;
  const doors = await openGraphqlDoors({
    maxMessageBytes: 8_000_000,
    identify: async (authorization) => {
      if (authorization === 'Bearer bad') throw unauthenticatedError('INVALID', 'There is no such key.');
      return LOCAL_IDENTITY;
    },
    faulty: (log) => {
      const list = log.list.bind(log);
      log.list = (...args) => {
        executed++;
        return list(...args);
      };
      return log;
    },
    ...options,
  });
  return { ...doors, executed: () => executed };
}

let shared: Doors;
beforeAll(async () => {
  shared = await openCountingDoors();
});
afterAll(() => shared[Symbol.asyncDispose]());

function open({ url }: Pick<Doors, 'url'>): Socket {
  return connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
}

/** Everything that comes until the connection ends, in order or not. */
async function everything(socket: Socket): Promise<string> {
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  // No once(): a reset is an end as well.
  await new Promise((resolve) => socket.once('close', resolve));
  return received;
}

const statuses = (received: string) => [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));

/** What comes in answer to the bytes; `end` closes the client's side behind them. */
async function exchange(doors: Doors, bytes: string, { end = false } = {}): Promise<string> {
  const socket = open(doors);
  if (end) socket.end(bytes);
  else socket.write(bytes);
  return everything(socket);
}

test('a client has 10 seconds for the headers and 60 for all of it, and an idle connection is kept for 75', () => {
  const { headersTimeout, requestTimeout, keepAliveTimeout } = createGraphqlServer({} as GraphqlHttpOptions);
  expect({ headersTimeout, requestTimeout, keepAliveTimeout }).toEqual({
    headersTimeout: 10_000,
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
  });
});

test.each([
  ['sends nothing', SLOW_HEADERS, '', ''],
  ['dribbles its headers', SLOW_HEADERS, HEAD, 'x-more: 1\r\n'],
  ['dribbles one header', SLOW_HEADERS, `${HEAD}x-long: `, 'x'],
  ['dribbles the head of an upgrade', SLOW_HEADERS, `GET /graphql HTTP/1.1\r\n${HOST}connection: upgrade\r\n`, 'x-more: 1\r\n'],
  ['dribbles its body', SLOW_BODY, post(QUERY, 1_000_000), ' '],
  ['stops in its body', SLOW_BODY, post('{"query":"{ requests', 50), ''],
  ['stops before its body’s last byte', SLOW_BODY, post(QUERY, QUERY.length + 1), ''],
])('a client that %s is cut with 408; nothing of it is run, and others are answered', async (_what, limits, first, again) => {
  await using doors = await openCountingDoors({ limits });
  const socket = open(doors);
  socket.write(first);
  const more = setInterval(() => again !== '' && socket.writable && socket.write(again), 5);
  const cut = everything(socket);
  expect((await send(doors.url, HELLO)).status).toBe(200);
  expect(statuses(await cut)).toEqual([408]);
  clearInterval(more);
  expect((await send(doors.url, HELLO)).status).toBe(200);
  expect(doors.executed()).toBe(0);
  expect(doors.logged).toEqual([]);
});

test('200 clients that never end keep none from being answered, over HTTP and WebSocket alike', async () => {
  const slow = Array.from({ length: 200 }, (_, at) => {
    const socket = open(shared);
    socket.write(at % 2 === 0 ? HEAD : post('{"query":', 1_000));
    return socket;
  });
  await Promise.all(slow.map((socket) => once(socket, 'connect')));
  for (let turn = 0; turn < 20; turn++) {
    expect((await send(shared.url, HELLO)).status).toBe(200);
    await using raw = await RawWebSocket.ready(shared.websocketUrl);
    raw.subscribe('1', '{ __typename }');
    await raw.ending('1');
  }
  expect(slow.every((socket) => !socket.closed)).toBe(true);
  for (const socket of slow) socket.destroy();
});

/** Refused by the head alone: none of the 5 MB is sent. */
test.each([
  ['with a bad key', `POST /graphql HTTP/1.1\r\n${HOST}${JSON_TYPE}authorization: Bearer bad\r\ncontent-length: 5000000\r\n\r\n`, 401],
  ['longer than the limit', post('', 8_000_001), 413],
  ['much longer than the limit', post('', 99_999_999_999), 413],
  ['of no known length', `${HEAD}transfer-encoding: chunked\r\n\r\n`, 411],
  ['from a foreign page', `${HEAD}origin: https://evil.example\r\ncontent-length: 5000000\r\n\r\n`, 403],
  ['of another type', `POST /graphql HTTP/1.1\r\n${HOST}content-type: text/plain\r\ncontent-length: 5000000\r\n\r\n`, 415],
  ['to another path', `POST /elsewhere HTTP/1.1\r\n${HOST}${JSON_TYPE}content-length: 5000000\r\n\r\n`, 404],
  ['to another host', `POST /graphql HTTP/1.1\r\nhost: evil.example\r\n${JSON_TYPE}content-length: 5000000\r\n\r\n`, 421],
  ['by PUT', `PUT /graphql HTTP/1.1\r\n${HOST}${JSON_TYPE}content-length: 5000000\r\n\r\n`, 405],
  ['with headers of 20 kB', `${HEAD}x-long: ${'x'.repeat(20_000)}\r\ncontent-length: 5000000\r\n\r\n`, 431],
  ['of two lengths', `${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\n`, 400],
  ['of a length and in chunks', `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`, 400],
  ['of a length that is no number', `${HEAD}content-length: 5e6\r\n\r\n`, 400],
  ['of a negative length', `${HEAD}content-length: -1\r\n\r\n`, 400],
])('a body %s is refused before anything of it comes', async (_what, head, status) => {
  const socket = open(shared);
  socket.write(head);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(statuses(answer.toString())).toEqual([status]);
  socket.destroy();
});

test('5 MB with a bad key are thrown away as they come: the client is told, and not cut off', async () => {
  const answer = await send(shared.url, Buffer.alloc(5_000_000, ' '), {
    headers: { 'content-type': 'application/json', authorization: 'Bearer bad' },
  });
  expect(answer).toMatchObject({ status: 401, body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } });
});

test.each([
  ['shorter than its length', post(QUERY, QUERY.length + 10), [400]],
  ['of half of its length', post(QUERY.slice(0, 20), QUERY.length), [400]],
  ['none, where a length was given', post('', 10), [400]],
  ['longer than its length, which cuts it', post(QUERY, QUERY.length - 3), [400]],
])('a body that is %s is not run', async (_what, bytes, expected) => {
  await using doors = await openCountingDoors();
  expect(statuses(await exchange(doors, bytes, { end: true }))).toEqual(expected);
  expect(doors.executed()).toBe(0);
  expect(doors.logged).toEqual([]);
});

test('what follows a body that was whole and is no request ends the connection with 400: nothing behind it is read', async () => {
  await using doors = await openCountingDoors();
  expect(statuses(await exchange(doors, `${post(HELLO)}}}${post(QUERY)}`)).at(-1)).toBe(400);
  expect((await send(doors.url, HELLO)).status).toBe(200);
  expect(doors.executed()).toBe(0);
});

test('requests that come before the last was answered are answered in their order, whatever becomes of each', async () => {
  const COUNT = 200;
  const requests = Array.from({ length: COUNT }, (_, at) =>
    at % 10 === 5 ? post(HELLO).replace('application/json', 'text/plain') : post(`{"query":"{ a${at}: __typename }"}`),
  );
  const received = await exchange(shared, `${requests.join('')}${post(HELLO).replace('host', 'connection: close\r\nhost')}`);
  expect(statuses(received)).toEqual([...Array.from({ length: COUNT }, (_, at) => (at % 10 === 5 ? 415 : 200)), 200]);
  expect([...received.matchAll(/"a(\d+)":"Query"/g)].map(([, at]) => Number(at))).toEqual(
    Array.from({ length: COUNT }, (_, at) => at).filter((at) => at % 10 !== 5),
  );
});

test('a client that leaves with its requests half answered harms nobody', async () => {
  for (let turn = 0; turn < 20; turn++) {
    const socket = open(shared);
    socket.write(post(QUERY).repeat(50), () => socket.resetAndDestroy());
    await once(socket, 'close');
  }
  expect((await send(shared.url, HELLO)).status).toBe(200);
  expect(shared.logged).toEqual([]);
});
