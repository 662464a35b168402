import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { FOLLOW, type FollowEvent } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { HandMadeSocket } from '../support/hand-made-socket.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket, type ProtocolMessage } from '../support/raw-websocket.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const LIMIT = 1_000_000;
/** Of one socket. */
const OPERATIONS = 100;
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
  const message = { id: '1', type: 'subscribe', payload: { query: HELLO, variables: { unused: '' } } };
  message.payload.variables.unused = 'x'.repeat(bytes - JSON.stringify(message).length);
  return JSON.stringify(message);
};

test('a message as long as a body may be is taken; one byte more closes the socket with 1009', async () => {
  await using doors = await openGraphqlDoors({ maxMessageBytes: LIMIT });
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.send(sized(LIMIT));
  expect((await raw.ending('1')).at(-1)).toMatchObject({ type: 'complete' });
  raw.send(sized(LIMIT + 1));
  expect(await raw.closed).toBe(1009);
  await unharmed(doors.websocketUrl);
});

test('200 fragments with pings in between are one message; more than 256 close the socket with 1008', async () => {
  await using doors = await openGraphqlDoors();
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  const padded = SUBSCRIBE.replace('}}', '}}'.padEnd(202 - SUBSCRIBE.length));
  for (const [at, letter] of padded.split('').entries()) {
    raw.socket.send(letter, { fin: at === padded.length - 1 });
    if (at % 10 === 0) raw.socket.ping();
  }
  expect(padded).toHaveLength(200);
  expect(await raw.ending('1')).toHaveLength(2);
  for (let part = 0; part < 257; part++) raw.socket.send(' ', { fin: false });
  expect(await raw.closed).toBe(1008);
  await unharmed(doors.websocketUrl);
});

test('fragments without end close the socket with 1009 as soon as they pass the limit', async () => {
  await using doors = await openGraphqlDoors({ maxMessageBytes: LIMIT });
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
  await using socket = await HandMadeSocket.open(doors.websocketUrl);
  await socket.write(frame);
  expect(await socket.closeCode()).toBe(code);
  await unharmed(doors.websocketUrl);
  expect(doors.logged).toEqual([]);
});

test('100 operations run on one socket; each one more is refused under its id, and the 100 are given everything', async () => {
  await using stack = await startStack();
  stack.simulator.holdCallbacks();
  const { id } = await activateDevices(stack, 30);
  await using raw = await RawWebSocket.ready(stack.gateway.urls.websocket);
  const ledgers = new Map(['in its place', ...numbers(1, OPERATIONS).map(String)].map((of) => [of, new EventLedger(30)] as const));
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const refused: ProtocolMessage[] = [];
  const completed = new Set<string>();
  raw.socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as ProtocolMessage & { readonly id: string };
    if (message.type === 'next')
      ledgers.get(message.id)?.add((message.payload as { data: { requestStatus: FollowEvent } }).data.requestStatus);
    if (message.type === 'error' && refused.push(message) === 10) begun.resolve();
    if (message.type === 'complete' && completed.add(message.id).size === OPERATIONS) ended.resolve();
  });
  for (let number = 1; number <= OPERATIONS + 10; number++) raw.subscribe(String(number), FOLLOW, { id });
  await begun.promise;
  expect(refused.map(({ id: of }) => Number(of)).toSorted((left, right) => left - right)).toEqual(numbers(OPERATIONS + 1, 10));
  for (const { payload } of refused) expect(payload).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
  expect(await openSubscriptions(stack.gateway)).toBe(OPERATIONS);

  // A place is free again with the operation that had it.
  raw.send({ id: '1', type: 'complete' });
  ledgers.delete('1');
  raw.subscribe('in its place', FOLLOW, { id });
  await raw.message((message) => message.id === 'in its place');
  stack.simulator.releaseCallbacks();
  await ended.promise;
  expect(ledgers.size).toBe(OPERATIONS);
  for (const ledger of ledgers.values())
    expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
  await until(async () => (await openSubscriptions(stack.gateway)) === 0);
});

test('10,000 pings at once are 10,000 pongs, in their order, however slowly they are taken', async () => {
  await using doors = await openGraphqlDoors({ pace: { perSecond: 10_000, atOnce: 10 } });
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  for (let number = 0; number < 10_000; number++) raw.send({ type: 'ping', payload: { number } });
  for (let number = 0; number < 10_000; number++)
    expect(await raw.message(({ type }) => type === 'pong')).toEqual({ type: 'pong', payload: { number } });
});

test('a client that asks and asks and does not read is not read from either; when it reads, everything is answered once', async () => {
  const ASKED = 5_000;
  let executed = 0;
  await using doors = await openGraphqlDoors({
    pace: { perSecond: 100_000, atOnce: ASKED },
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
  const query = '{ requests { nodes { id } } __schema { types { description } } }';
  for (let number = 0; number < ASKED; number++) raw.subscribe(String(number), query, { unused: 'x'.repeat(10_000) });
  await using other = await RawWebSocket.ready(doors.websocketUrl);
  for (let turn = 0; turn < 300 && raw.socket.bufferedAmount > 0; turn++) {
    other.subscribe(String(turn), HELLO);
    await other.ending(String(turn));
  }
  expect(executed).toBeLessThan(ASKED);
  expect(raw.socket.bufferedAmount).toBeGreaterThan(0);
  const answered = new Map<string, number>();
  const ended = Promise.withResolvers<void>();
  raw.socket.on('message', (data: Buffer) => {
    const [, id, type] = /"id":"(\d+)","type":"(complete|error)"/.exec(data.toString('latin1', 0, 100)) ?? [];
    if (id === undefined) return;
    answered.set(id, (answered.get(id) ?? 0) + 1);
    if (type === 'error') expect(data.toString()).toContain('RATE_LIMITED');
    if (answered.size === ASKED) ended.resolve();
  });
  raw.socket.resume();
  await ended.promise;
  expect(new Set(answered.values())).toEqual(new Set([1]));
});

function numbers(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}
