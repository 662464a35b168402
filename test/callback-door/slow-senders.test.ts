import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { CallbackAddresses } from '../../src/server/callbacks/callback-addresses.ts';
import { createCallbackServer, type CallbackDoorOptions } from '../../src/server/callbacks/callbacks.ts';
import { until } from '../support/until.ts';
import { openDoor } from './support/open-door.ts';
import { openLimitedDoor, type LimitedDoor } from './support/open-limited-door.ts';

/** Short limits where they are under test, long ones elsewhere. */
const LONG_MS = 600_000;
const SLOW_HEADERS = { headersMs: 600, requestMs: LONG_MS, keepAliveMs: LONG_MS, enforceEveryMs: 10 };
const SLOW_BODY = { headersMs: 600, requestMs: 800, keepAliveMs: LONG_MS, enforceEveryMs: 10 };
const BODY = JSON.stringify({ requestId: 'of-another-tool', status: 'Success' });

test('a sender has 10 seconds for the headers and 30 for the whole request, and an idle connection is kept for 75', () => {
  const addresses = new CallbackAddresses({ allowed: ['any'], proxyHops: 0, isOnLoopback: true, publicUrl: null });
  const { headersTimeout, requestTimeout, keepAliveTimeout } = createCallbackServer({
    addresses: () => addresses,
    now: Date.now,
  } as CallbackDoorOptions);
  expect({ headersTimeout, requestTimeout, keepAliveTimeout }).toEqual({
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
  });
});

test.concurrent.each([
  ['sends nothing', SLOW_HEADERS, () => ['']],
  ['dribbles its headers', SLOW_HEADERS, (path: string) => [`POST ${path} HTTP/1.1\r\nhost: x\r\n`, 'x-more: 1\r\n']],
  ['dribbles one header', SLOW_HEADERS, (path: string) => [`POST ${path} HTTP/1.1\r\nhost: x\r\nx-long: `, 'x']],
  ['dribbles its body', SLOW_BODY, (path: string) => [`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n`, ' ']],
  [
    'dribbles chunks',
    SLOW_BODY,
    (path: string) => [`POST ${path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
  ],
  ['stops in its body', SLOW_BODY, (path: string) => [`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{`]],
] as const)('a sender that %s is cut off with 408, counted and logged; others are acknowledged', async (_what, limits, lines) => {
  await using door = await openLimitedDoor(limits);
  const [first = '', again = ''] = lines(door.path);
  const slow = dribble(door, first, again);
  expect(await post(door)).toBe(200);
  expect(await slow).toMatch(/^HTTP\/1\.1 408 /);
  expect(await post(door)).toBe(200);
  expect(await door.metric('m2m_callbacks_refused_total{status="408"}')).toBe(1);
  expect(door.log.of('callback_cut')).toMatchObject([{ level: 40, status: '408 Request Timeout', count: 1 }]);
  expect(await door.stored()).toBe(1);
});

test('an idle connection is closed when its time is over', async () => {
  await using door = await openLimitedDoor({ keepAliveMs: 50, enforceEveryMs: 10 });
  const socket = connect(door.port, '127.0.0.1');
  socket.write(`POST ${door.path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`);
  expect(await everything(socket)).toMatch(/^HTTP\/1\.1 200 /);
  expect(await door.metric('m2m_callbacks_refused_total{status="408"}')).toBe(Number.NaN);
});

test('an endless body is answered 413 once it passes the limit, and the connection is cut; nothing is stored', async () => {
  await using door = await openLimitedDoor({});
  const head = `POST ${door.path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`;
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  expect(await dribble(door, head, chunk)).toMatch(/^HTTP\/1\.1 413 /);
  expect(await door.metric('m2m_callbacks_refused_total{status="413"}')).toBe(1);
  expect(await door.stored()).toBe(0);
});

test('hundreds of senders that never end do not delay the acknowledgement of others', async () => {
  await using door = await openDoor();
  const { port } = new URL(door.origin);
  const slow = Array.from({ length: 400 }, (_, at) => {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
    const head = `POST ${door.path()} HTTP/1.1\r\nhost: x\r\n`;
    socket.write(at % 2 === 0 ? head : `${head}content-length: 1000\r\n\r\n{"requestId":`);
    return socket;
  });
  await Promise.all(slow.map((socket) => once(socket, 'connect')));
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect(slow.every((socket) => !socket.closed)).toBe(true);
  for (const socket of slow) socket.destroy();
});

test('bytes that are not HTTP are answered 400 and counted', async () => {
  await using door = await openLimitedDoor({});
  const socket = connect(door.port, '127.0.0.1');
  socket.write('nonsense\r\n\r\n');
  expect(await everything(socket)).toMatch(/^HTTP\/1\.1 400 /);
  expect(await door.metric('m2m_callbacks_refused_total{status="400"}')).toBe(1);
});

test('a sender that hangs up is logged, and counted as one without an answer', async () => {
  await using door = await openLimitedDoor({});
  const socket = connect(door.port, '127.0.0.1');
  socket.write(`POST ${door.path} HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{`);
  // The door has read the head when the next sender is acknowledged.
  expect(await post(door)).toBe(200);
  socket.resetAndDestroy();
  await until(() => door.log.of('callback_cut').length > 0);
  expect(door.log.of('callback_cut')).toMatchObject([
    { level: 40, service: 'CarrierService', reason: expect.stringContaining('hung up') as string },
  ]);
  expect(await door.metric('m2m_callbacks_refused_total{status="none"}')).toBe(1);
  for (const status of ['400', '408']) expect(await door.metric(`m2m_callbacks_refused_total{status="${status}"}`)).toBe(Number.NaN);
  expect(await door.stored()).toBe(1);
});

async function post({ port, path }: LimitedDoor): Promise<number> {
  const answer = await request(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: BODY, reset: true });
  await answer.body.dump();
  return answer.statusCode;
}

/** Sends `first`, then `again` every few milliseconds until the connection ends. Returns what came back. */
async function dribble({ port }: LimitedDoor, first: string, again: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(first);
  const more = setInterval(() => again !== '' && socket.writable && socket.write(again), 5);
  const received = await everything(socket);
  clearInterval(more);
  return received;
}

/** All bytes that come until the connection ends, also by an error. */
async function everything(socket: Socket): Promise<string> {
  let received = '';
  socket.on('data', (data: Buffer) => (received += data.toString())).on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
  return received;
}
