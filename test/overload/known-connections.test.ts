import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openLimitedDoor } from '../callback-door/support/open-limited-door.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';

/** One caller or path may have half of them. */
const MOST = 4;

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket.resume();
}

/** Sends a POST and waits for its answer. The connection stays open. */
async function post(socket: Socket, path: string, body: string): Promise<void> {
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await once(socket, 'data');
}

/** Two connections are of somebody known. Strangers take the rest, and so many more come that each of the first ones must make room. */
async function crowd(port: number): Promise<void> {
  const strangers = [];
  for (let count = 2; count < MOST; count++) strangers.push(await open(port));
  for (let more = 0; more < MOST; more++) {
    const oldest = once(strangers[more] as Socket, 'close');
    strangers.push(await open(port));
    await oldest;
  }
  for (const stranger of strangers) stranger.destroy();
}

test('a sender with a right path keeps its connection, however many strangers come', async () => {
  await using door = await openLimitedDoor({}, 'any', MOST);
  const senders = [await open(door.port), await open(door.port)];
  for (const sender of senders) await post(sender, door.path, '{}');
  await crowd(door.port);
  expect(senders.map(({ closed }) => closed)).toEqual([false, false]);
  for (const sender of senders) sender.destroy();
});

test('a caller keeps its connection over HTTP and its WebSocket, however many strangers come', async () => {
  await using doors = await openGraphqlDoors({ mostConnections: MOST });
  const { port } = new URL(doors.url);
  await using websocket = await RawWebSocket.ready(doors.websocketUrl);
  const caller = await open(Number(port));
  await post(caller, '/graphql', '{"query":"{ __typename }"}');
  await crowd(Number(port));
  expect([caller.closed, websocket.socket.readyState]).toEqual([false, websocket.socket.OPEN]);
  caller.destroy();
});
