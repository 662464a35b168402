import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createLastingIdentity, LOCAL_CALLER } from '../../src/server/identity/local-caller.ts';
import { OutgoingBytes } from '../../src/server/limits/outgoing-bytes.ts';
import { send } from '../graphql-http/support/send.ts';
import { iccid } from '../support/devices.ts';
import { FOLLOW } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { HandMadeSocket } from '../support/hand-made-socket.ts';
import { settledMemory } from '../support/memory-in-use.ts';
import { newRequest } from '../support/new-request.ts';
import { NOTHING_OPEN, openForClients } from '../support/open-for-clients.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { readSse } from '../support/sse-client.ts';
import { until } from '../support/until.ts';

const DEVICES = 1_000;
const MB = 1_000_000;
/** More than the system itself holds for a connection. */
const NAME = 'x'.repeat(8_000);
const SHORT = { query: '{ __typename }' };
/** Long enough that a loaded machine does not take a client that reads for one that does not. */
const STALLED_AFTER_MS = 3_000;

type Doors = Awaited<ReturnType<typeof open>>;

/** Doors with a Request whose outcomes are 8 MB; who asks is the caller of that name. */
async function open(options: Parameters<typeof openGraphqlDoors>[0] = {}) {
  let executed = 0;
  const doors = await openGraphqlDoors({
    stalledAfterMs: STALLED_AFTER_MS,
    pace: { perSecond: 1_000, atOnce: 1_000 },
    identify: (authorization) => Promise.resolve(createLastingIdentity({ ...LOCAL_CALLER, id: authorization ?? 'nobody' })),
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
  const request = newRequest(Array.from({ length: DEVICES }, (_, at) => [['ICCID', iccid(at)] as const]));
  await doors.requestLog.create(request);
  const long = { query: `{ requests { nodes { outcomes(first: ${DEVICES}) { nodes { ${NAME}: index } } } } }` };
  return { ...doors, id: request.id, long, executed: () => executed };
}

/** Asks, and reads nothing of the answer. */
function askUnread({ url }: Doors, params: object, caller: string, accept = 'application/json'): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  const body = JSON.stringify(params);
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${caller}\r\naccept: ${accept}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

async function ask({ url }: Doors, params: object, caller: string) {
  const { status, body } = await send(url, JSON.stringify(params), {
    headers: { 'content-type': 'application/json', authorization: caller },
  });
  const [error] = (body as { readonly errors?: readonly { readonly extensions: { readonly code: string } }[] }).errors ?? [];
  return { status, code: error?.extensions.code };
}

/** How many connections were ended because their clients did not read. */
async function stalled({ metrics }: Doors): Promise<number> {
  return (await metrics.connectionsEnded.get()).values.find(({ labels }) => labels.reason === 'stalled')?.value ?? 0;
}

test('60 long answers that nobody reads: most are not even made, no memory is held for the others, and their connections end', async () => {
  await using doors = await open();
  const before = await settledMemory();
  const sockets = Array.from({ length: 60 }, () => askUnread(doors, doors.long, 'greedy'));
  const { limits } = doors.outgoing;
  await until(async () => {
    const { connections, turns } = await openForClients(doors);
    return connections === 60 && turns === 0;
  });
  const made = doors.executed();
  expect(made).toBeLessThan(12);
  expect(doors.outgoing.total).toBeLessThan(limits.perCaller + 9 * MB);
  await until(async () => (await stalled(doors)) === made);
  await until(() => doors.outgoing.total === 0);
  for (const socket of sockets) socket.destroy();
  await until(async () => JSON.stringify(await openForClients(doors)) === JSON.stringify(NOTHING_OPEN));
  expect((await settledMemory()) - before).toBeLessThan(30 * MB);
});

test('a caller beyond its bound is refused with RATE_LIMITED before anything runs, over every transport, and nobody else; when it has read it is served again', async () => {
  await using doors = await open({ outgoing: new OutgoingBytes({ perCaller: 8 * MB, inAll: 80 * MB }) });
  const unread = askUnread(doors, doors.long, 'greedy');
  await until(() => doors.outgoing.total > 8 * MB);
  const before = doors.executed();
  for (const params of [SHORT, doors.long, { query: FOLLOW, variables: { id: doors.id } }])
    expect(await ask(doors, params, 'greedy')).toMatchObject({ code: expect.stringMatching(/RATE_LIMITED|BAD_REQUEST/) });
  expect(await ask(doors, SHORT, 'greedy')).toEqual({ status: 200, code: 'RATE_LIMITED' });
  await using socket = await RawWebSocket.ready(doors.websocketUrl, 'greedy');
  socket.subscribe('1', doors.long.query);
  socket.subscribe('2', FOLLOW, { id: doors.id });
  for (const id of ['1', '2']) expect(JSON.stringify(await socket.ending(id))).toContain('"code":"RATE_LIMITED","retryAfterMs":15000');
  const [first] = await Array.fromAsync(readSse(doors.url, FOLLOW, { id: doors.id }, 'greedy'));
  expect(first?.data).toContain('RATE_LIMITED');
  expect(doors.executed()).toBe(before);
  expect(await ask(doors, SHORT, 'other')).toEqual({ status: 200, code: undefined });

  unread.resume();
  await until(() => doors.outgoing.total === 0);
  expect(await ask(doors, SHORT, 'greedy')).toEqual({ status: 200, code: undefined });
  unread.destroy();
});

test('when all callers together have not read too much, every caller is told OVERLOADED before anything runs', async () => {
  await using doors = await open({ outgoing: new OutgoingBytes({ perCaller: 80 * MB, inAll: 8 * MB }) });
  const unread = askUnread(doors, doors.long, 'greedy');
  await until(() => doors.outgoing.total > 8 * MB);
  const before = doors.executed();
  expect(await ask(doors, SHORT, 'other')).toEqual({ status: 200, code: 'OVERLOADED' });
  expect(doors.executed()).toBe(before);
  await until(async () => (await stalled(doors)) === 1);
  unread.destroy();
  expect(await ask(doors, SHORT, 'other')).toEqual({ status: 200, code: undefined });
});

test('frames that a socket does not take count too, and another socket of its caller is refused', async () => {
  await using doors = await open({ outgoing: new OutgoingBytes({ perCaller: 8 * MB, inAll: 80 * MB }) });
  const greedy = await RawWebSocket.ready(doors.websocketUrl, 'greedy');
  greedy.socket.pause();
  greedy.subscribe('1', doors.long.query);
  await until(() => doors.outgoing.total > 8 * MB);
  expect(await ask(doors, SHORT, 'greedy')).toEqual({ status: 200, code: 'RATE_LIMITED' });
  await until(async () => (await stalled(doors)) === 1);
  greedy.socket.resume();
  // It has read all that was before the close frame, and is told to come back.
  expect(await greedy.closed).toBe(1013);
  await until(() => doors.outgoing.total === 0);
});

test('an event of an open stream waits until there is room for it, and then comes', async () => {
  await using doors = await open({ outgoing: new OutgoingBytes({ perCaller: 8 * MB, inAll: 80 * MB }) });
  await using socket = await RawWebSocket.ready(doors.websocketUrl, 'greedy');
  socket.subscribe('1', FOLLOW, { id: doors.id, batchSize: 1_000 });
  await socket.message(({ type }) => type === 'next');
  const unread = askUnread(doors, doors.long, 'greedy');
  await until(() => doors.outgoing.total > 8 * MB);
  await doors.requestLog.step(doors.id, 0, { type: 'SENDING' });
  // What comes at once to another caller is not executed for this one.
  await using other = await RawWebSocket.ready(doors.websocketUrl, 'other');
  other.subscribe('1', FOLLOW, { id: doors.id });
  await other.message(({ type }) => type === 'next');
  expect(socket.rest()).toEqual([]);
  unread.resume();
  expect(await socket.message(({ type }) => type === 'next')).toMatchObject({ id: '1' });
  unread.destroy();
});

/** Asks for the same answer over a WebSocket: it is one frame. */
async function askFrame({ websocketUrl }: Doors, params: object, caller: string): Promise<Socket> {
  const { frame } = HandMadeSocket;
  const made = await HandMadeSocket.open(websocketUrl);
  await made.write(frame('text', JSON.stringify({ type: 'connection_init', payload: { authorization: caller } })));
  await made.until('connection_ack');
  made.socket.removeAllListeners('data').pause();
  await made.write(frame('text', JSON.stringify({ id: '1', type: 'subscribe', payload: params })));
  return made.socket;
}

test.each([
  ['answer', (doors: Doors) => askUnread(doors, doors.long, 'slow')],
  ['event of a stream', (doors: Doors) => askUnread(doors, doors.long, 'slow', 'text/event-stream')],
  ['frame', (doors: Doors) => askFrame(doors, doors.long, 'slow')],
])('a client that reads slowly, but reads, is given all of a long %s; one that takes a byte at a time is ended', async (_what, begin) => {
  await using doors = await open({ stalledAfterMs: 1_000 });
  const slow = await begin(doors);
  const byte = await begin(doors);
  byte.on('readable', () => undefined);
  const trickle = setInterval(() => byte.read(1), 50);
  let read = 0;
  // A pause before each chunk, and longer in all than a client may stall.
  slow.on('data', (chunk: Buffer) => {
    read += chunk.length;
    slow.pause();
    setTimeout(() => slow.resume(), 20);
  });
  slow.resume();
  await until(() => read > 8 * MB);
  await until(() => byte.destroyed || doors.outgoing.total === 0);
  clearInterval(trickle);
  expect(await stalled(doors)).toBe(1);
  for (const socket of [slow, byte]) socket.destroy();
});

test('what strangers ask for and do not read ends as well, and they need no key for it', async () => {
  await using doors = await open({ stalledAfterMs: 500 });
  const socket = connect(Number(new URL(doors.url).port), '127.0.0.1').on('error', () => undefined);
  // Much more than a connection holds. Node stops reading when enough answers wait.
  socket.write('GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'.repeat(40_000));
  await until(async () => (await stalled(doors)) === 1);
  socket.destroy();
});
