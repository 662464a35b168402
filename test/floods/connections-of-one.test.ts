import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createLastingIdentity, LOCAL_CALLER } from '../../src/server/identity/local-caller.ts';
import { iccid } from '../support/devices.ts';
import { FOLLOW } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { NOTHING_OPEN, openForClients } from '../support/open-for-clients.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { until } from '../support/until.ts';

const MOST = 20;
const HELLO = '{"query":"{ __typename }"}';

/** Who asks is the caller of that name. `slow` is asked who it is until the test answers. */
async function open(options: Parameters<typeof openGraphqlDoors>[0] = {}) {
  const answered = Promise.withResolvers<void>();
  const doors = await openGraphqlDoors({
    identify: async (authorization) => {
      if (authorization === 'slow') await answered.promise;
      return createLastingIdentity({ ...LOCAL_CALLER, id: authorization ?? 'nobody' });
    },
    ...options,
  });
  const request = newRequest([[['ICCID', iccid(1)]]]);
  await doors.requestLog.create(request);
  return { ...doors, id: request.id, answer: () => answered.resolve() };
}

type Doors = Awaited<ReturnType<typeof open>>;

const post = (caller: string, body = HELLO, accept = 'application/json') =>
  `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${caller}\r\naccept: ${accept}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

/** A connection that stays open after its first answer, and what has come of that. */
async function keepAlive({ url }: Doors, request: string): Promise<{ readonly socket: Socket; readonly answer: string }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  socket.write(request);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return { socket, answer: answer.toString() };
}

const TOO_MANY = /^HTTP\/1\.1 429 [^]*retry-after: 1\r\n[^]*connection: close\r\n[^]*"code":"RATE_LIMITED"/;

test.each([
  ['kept alive', () => post('greedy')],
  ['event streams', (doors: Doors) => post('greedy', JSON.stringify({ query: FOLLOW, variables: { id: doors.id } }), 'text/event-stream')],
])('one caller may have half of the connections (%s); the next is refused with a sentence, and others are served', async (_what, ask) => {
  await using doors = await open({ mostConnections: MOST });
  const opened = await Promise.all(Array.from({ length: MOST / 2 }, () => keepAlive(doors, ask(doors))));
  expect(opened.map(({ answer }) => answer.slice(0, 15))).toEqual(opened.map(() => 'HTTP/1.1 200 OK'));
  const refused = await keepAlive(doors, ask(doors));
  expect(refused.answer).toMatch(TOO_MANY);
  // A WebSocket of the same caller counts among them.
  await using socket = await RawWebSocket.open(doors.websocketUrl);
  socket.send({ type: 'connection_init', payload: { authorization: 'greedy' } });
  expect(await socket.closed).toBe(1013);
  const other = await keepAlive(doors, post('other'));
  expect(other.answer).toMatch(/^HTTP\/1\.1 200 OK/);
  const [first] = opened;
  first?.socket.destroy();
  await until(async () => (await openForClients(doors)).connections <= MOST / 2);
  const next = await keepAlive(doors, ask(doors));
  expect(next.answer).toMatch(/^HTTP\/1\.1 200 OK/);
  for (const { socket: each } of [...opened, refused, other, next]) each.destroy();
  await socket[Symbol.asyncDispose]();
  await until(async () => JSON.stringify(await openForClients(doors)) === JSON.stringify(NOTHING_OPEN));
  expect(doors.logged).toEqual([]);
});

test('of requests that come before the last was answered 256 are begun; a connection with more of them is refused and ended', async () => {
  await using doors = await open();
  const { port } = new URL(doors.url);
  const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  const closed = once(socket, 'close');
  socket.write(post('slow').repeat(257));
  // Behind them, so all have come.
  const other = await keepAlive(doors, post('other'));
  expect(other.answer).toMatch(/^HTTP\/1\.1 200 OK/);
  doors.answer();
  await closed;
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
  expect(statuses).toEqual([...Array.from({ length: 256 }, () => 200), 429]);
  other.socket.destroy();
  await until(async () => JSON.stringify(await openForClients(doors)) === JSON.stringify(NOTHING_OPEN));
  expect(doors.logged).toEqual([]);
});
