import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { shareDescriptors } from '../../src/gateway/share-descriptors.ts';
import { createMetrics } from '../../src/metrics.ts';
import { DoorConnections } from '../../src/server/door-connections.ts';
import { listenOnLoopback } from '../support/listen-on-loopback.ts';
import { recordedLog } from '../support/recorded-log.ts';
import { until } from '../support/until.ts';

const MOST = 4;

/** A door that knows whoever asks for `/known`, each as an owner of its own, and whoever asks for `/of-…` as that one's. */
async function openDoor() {
  await using undo = new AsyncDisposableStack();
  const metrics = createMetrics();
  const log = recordedLog();
  const connections = undo.use(new DoorConnections({ listener: 'graphql', most: MOST, logger: log.logger, metrics }));
  const server = createServer((request, response) => {
    const owner = request.url === '/known' ? String(request.socket.remotePort) : /of-(.*)/.exec(request.url ?? '')?.[1];
    response.end(owner === undefined || connections.know(request.socket, owner) ? 'here' : 'too many');
  });
  connections.attach(server);
  const { origin } = undo.use(await listenOnLoopback(server));
  /** Asks once more over a connection. */
  const ask = async (socket: Socket, path: string): Promise<string> => {
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString().split('\r\n\r\n')[1] ?? '';
  };
  const open = async (path: string | null): Promise<Socket> => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    if (path === null) return socket.resume();
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    return socket;
  };
  const ended = async () => (await metrics.connectionsEnded.get()).values.map(({ value, labels }) => [labels.reason, value]);
  const count = async () => (await metrics.connections.get()).values[0]?.value;
  const built = undo.move();
  return { open, ask, count, ended, log, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

test('when a door has all the connections that it may have, the stranger who has been there longest makes room', async () => {
  await using door = await openDoor();
  const known = await door.open('/known');
  const [first, second, third] = [await door.open(null), await door.open('/unknown'), await door.open(null)];
  const firstClosed = once(first, 'close');
  const newest = await door.open('/known');
  await firstClosed;
  const secondClosed = once(second, 'close');
  const another = await door.open(null);
  await secondClosed;
  expect([known, third, newest, another].map(({ closed }) => closed)).toEqual([false, false, false, false]);
  expect(await door.ended()).toEqual([['room', 2]]);
  expect(door.log.of('connection_ended')).toMatchObject([{ level: 40, listener: 'graphql', reason: 'room', count: 1 }]);
  for (const socket of [known, third, newest, another]) socket.destroy();
});

test('when all of them are known, whoever comes next is cut off', async () => {
  await using door = await openDoor();
  const known = [];
  for (let count = 0; count < MOST; count++) known.push(await door.open('/known'));
  const next = await door.open(null);
  if (!next.closed) await once(next, 'close');
  expect(known.every(({ closed }) => !closed)).toBe(true);
  // There is room again when one of them leaves.
  known[0]?.destroy();
  await once(known[0] as Socket, 'close');
  const other = await door.open('/known');
  expect(other.closed).toBe(false);
  for (const socket of [...known, other]) socket.destroy();
});

test('one owner has half of the connections of a door at most; what it has beyond makes room first', async () => {
  await using door = await openDoor();
  const [first, second, third] = [await door.open(null), await door.open(null), await door.open(null)];
  expect([await door.ask(first, '/of-a'), await door.ask(second, '/of-a'), await door.ask(third, '/of-a')]).toEqual([
    'here',
    'here',
    'too many',
  ]);
  // A proxy sends for one caller after another over the same connection.
  expect([await door.ask(first, '/of-a'), await door.ask(first, '/of-b'), await door.ask(third, '/of-a')]).toEqual([
    'here',
    'here',
    'here',
  ]);
  const beyond = await door.open(null);
  expect(await door.ask(beyond, '/of-a')).toBe('too many');
  const beyondClosed = once(beyond, 'close');
  const other = await door.open('/of-c');
  await beyondClosed;
  third.destroy();
  await until(async () => (await door.count()) === MOST - 1);
  const again = await door.open(null);
  expect(await door.ask(again, '/of-a')).toBe('here');
  expect([first, second, other, again].map(({ closed }) => closed)).toEqual([false, false, false, false]);
  for (const socket of [first, second, other, again]) socket.destroy();
});

test.each([
  ['few', 1_024, { graphql: 330, callbacks: 330, admin: 47 }],
  ['hardly any', 90, { graphql: 4, callbacks: 4, admin: 4 }],
  ['no limit', Infinity, { graphql: Infinity, callbacks: Infinity, admin: Infinity }],
])('of descriptors that are free (%s) each door has its share, and a quarter is left', (_what, free, shares) => {
  expect(shareDescriptors(81, free)).toEqual(shares);
});
