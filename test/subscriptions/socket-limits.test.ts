import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { FOLLOW, type FollowEvent } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const LIMIT = 4 * 1024 * 1024;
const HELLO = '{ __typename }';
const SUBSCRIBE = JSON.stringify({ id: '1', type: 'subscribe', payload: { query: HELLO } });

/** Whatever a test did to its own socket: another one is answered. */
async function unharmed(url: string): Promise<void> {
  await using raw = await RawWebSocket.ready(url);
  raw.subscribe('1', HELLO);
  expect(await raw.ending('1')).toEqual([
    { id: '1', type: 'next', payload: { data: { __typename: 'Query' } } },
    { id: '1', type: 'complete' },
  ]);
}

const sized = (bytes: number) => {
  const message = { id: '1', type: 'subscribe', payload: { query: `${HELLO} #` } };
  message.payload.query += 'x'.repeat(bytes - JSON.stringify(message).length);
  return JSON.stringify(message);
};

test('a message of the limit is taken; one byte more closes the socket with 1009', async () => {
  await using doors = await openGraphqlDoors();
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.send(sized(LIMIT));
  expect((await raw.ending('1')).at(-1)).toMatchObject({ type: 'complete' });
  raw.send(sized(LIMIT + 1));
  expect(await raw.closed).toBe(1009);
  await unharmed(doors.websocketUrl);
});

test('a message in fragments is one message, also with pings in between', async () => {
  await using doors = await openGraphqlDoors();
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  for (const [at, letter] of SUBSCRIBE.split('').entries()) {
    raw.socket.send(letter, { fin: at === SUBSCRIBE.length - 1 });
    if (at % 10 === 0) raw.socket.ping();
  }
  expect(await raw.ending('1')).toHaveLength(2);
});

test('fragments without end close the socket with 1009 as soon as they pass the limit', async () => {
  await using doors = await openGraphqlDoors();
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  const part = 'x'.repeat(65_536);
  for (let sent = 0; sent <= LIMIT; sent += part.length) raw.socket.send(part, { fin: false });
  expect(await raw.closed).toBe(1009);
  await unharmed(doors.websocketUrl);
});

test.each([
  ['no JSON', 'hello'],
  ['an empty message', ''],
  ['null', 'null'],
  ['a number', '1'],
  ['a list', `[${SUBSCRIBE}]`],
  ['no type', '{"id":"1"}'],
  ['an unknown type', '{"type":"start","id":"1","payload":{"query":"{ __typename }"}}'],
  ['a type of the server', '{"type":"next","id":"1","payload":{}}'],
  ['a __proto__ for a type', '{"__proto__":{"type":"ping"}}'],
  ['no id', '{"type":"subscribe","payload":{"query":"{ __typename }"}}'],
  ['an empty id', '{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}'],
  ['a number for an id', '{"type":"subscribe","id":1,"payload":{"query":"{ __typename }"}}'],
  ['no payload', '{"type":"subscribe","id":"1"}'],
  ['no query', '{"type":"subscribe","id":"1","payload":{}}'],
  ['a number for a query', '{"type":"subscribe","id":"1","payload":{"query":1}}'],
  ['a string for variables', '{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":"x"}}'],
  ['a list 100,000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
])('a message with %s closes the socket with 4400', async (_what, message) => {
  await using doors = await openGraphqlDoors();
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.send(message);
  expect(await raw.closed).toBe(4400);
  await unharmed(doors.websocketUrl);
  expect(doors.logged).toEqual([]);
});

/** Frames a WebSocket library would not send, as bytes: text "x" or "\xff" with a wrong head. */
test.each([
  ['that is not UTF-8', Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]), 1007],
  ['that is not masked', Buffer.from([0x81, 0x01, 0x78]), 1002],
  ['that claims to be compressed', Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x78]), 1002],
  ['of a kind that does not exist', Buffer.from([0x83, 0x81, 0, 0, 0, 0, 0x78]), 1002],
  ['that goes on with no message', Buffer.from([0x80, 0x81, 0, 0, 0, 0, 0x78]), 1002],
  ['that is a ping of 126 bytes', Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)]), 1002],
])('a frame %s closes the socket', async (_what, frame, code) => {
  await using doors = await openGraphqlDoors();
  expect(await closeCode(doors.websocketUrl, frame)).toBe(code);
  await unharmed(doors.websocketUrl);
  expect(doors.logged).toEqual([]);
});

test('1,000 subscriptions on one socket are all given everything, and end', async () => {
  await using stack = await startStack();
  stack.simulator.holdCallbacks();
  const { id } = await activateDevices(stack, 30);
  await using raw = await RawWebSocket.ready(stack.gateway.urls.websocket);
  const ledgers = new Map<string, EventLedger>();
  const ended = Promise.withResolvers<void>();
  let left = 1_000;
  raw.socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { id: string; type: string; payload: { data: { requestStatus: FollowEvent } } };
    if (message.type === 'next') ledgers.get(message.id)?.add(message.payload.data.requestStatus);
    if (message.type === 'complete' && --left === 0) ended.resolve();
  });
  for (let number = 0; number < 1_000; number++) {
    ledgers.set(String(number), new EventLedger(30));
    raw.subscribe(String(number), FOLLOW, { id });
  }
  await until(async () => (await openSubscriptions(stack.gateway)) === 1_000);
  stack.simulator.releaseCallbacks();
  await ended.promise;
  for (const ledger of ledgers.values())
    expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
  await until(async () => (await openSubscriptions(stack.gateway)) === 0);
});

test('10,000 pings are 10,000 pongs', async () => {
  await using doors = await openGraphqlDoors();
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  for (let number = 0; number < 10_000; number++) raw.send({ type: 'ping', payload: { number } });
  for (let number = 0; number < 10_000; number++) await raw.message(({ type }) => type === 'pong');
});

test('a client that asks and asks and does not read is not read from either; when it reads, it is given every answer', async () => {
  const ASKED = 5_000;
  let executed = 0;
  await using doors = await openGraphqlDoors({
    faulty: (log) => {
      const list = log.list.bind(log);
      log.list = (...args) => {
        executed++;
        return list(...args);
      };
      return log;
    },
  });
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.socket.pause();
  // About 10 kB each way, ten times what the connection holds.
  const query = `{ requests { nodes { id } } __schema { types { description } } } #${'x'.repeat(10_000)}`;
  for (let number = 0; number < ASKED; number++) raw.subscribe(String(number), query);
  await using other = await RawWebSocket.ready(doors.websocketUrl);
  for (let turn = 0; turn < 300 && raw.socket.bufferedAmount > 0; turn++) {
    other.subscribe(String(turn), HELLO);
    await other.ending(String(turn));
  }
  expect(executed).toBeLessThan(ASKED);
  expect(raw.socket.bufferedAmount).toBeGreaterThan(0);
  const answered = new Set<string>();
  const ended = Promise.withResolvers<void>();
  raw.socket.on('message', (data: Buffer) => {
    const [, id] = /"id":"(\d+)","type":"complete"/.exec(data.toString('latin1', 0, 100)) ?? [];
    if (id !== undefined && answered.add(id).size === ASKED) ended.resolve();
  });
  raw.socket.resume();
  await ended.promise;
  expect(executed).toBe(ASKED);
});

/** Opens a socket by hand, sends the bytes, and reads the code of the close frame that comes back. */
async function closeCode(url: string, frame: Buffer): Promise<number> {
  const { port, host, pathname } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    [
      `GET ${pathname} HTTP/1.1`,
      `host: ${host}`,
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-protocol: graphql-transport-ws',
      `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
      '\r\n',
    ].join('\r\n'),
  );
  await once(socket, 'data');
  const answer = once(socket, 'data') as Promise<[Buffer]>;
  socket.write(frame);
  const [close] = await answer;
  socket.destroy();
  expect(close[0]).toBe(0x88);
  return close.readUInt16BE(2);
}
