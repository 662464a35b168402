import { connect } from 'node:net';
import { once } from 'node:events';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { callback, openDoor, OTHER_ACCOUNT, type Door } from './support/open-door.ts';

const GOOD = JSON.stringify(callback());
const NOTHING = { kept: [], unclaimed: [], applied: [] };
const LIMIT = 1_048_576;

/** A message of exactly so many bytes. */
function sized(bytes: number): string {
  const empty = JSON.stringify(callback({ comment: '' })).length;
  return JSON.stringify(callback({ comment: 'x'.repeat(bytes - empty) }));
}

test.each(['GET', 'PUT', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS'] as const)(
  '%s without a body is answered 405 and stores nothing',
  async (method) => {
    await using door = await openDoor();
    const answer = await request(`${door.origin}${door.path()}`, { method });
    await answer.body.dump();
    expect(answer.statusCode).toBe(405);
    expect(answer.headers['allow']).toBe('POST');
    expect(await door.stillApplies()).toBe('SUCCEEDED');
    expect(await door.stored()).toEqual(NOTHING);
  },
);

test.each(['PUT', 'PATCH', 'DELETE'] as const)('a message that comes by %s is applied: it may never come again', async (method) => {
  await using door = await openDoor();
  const answer = await request(`${door.origin}${door.path()}`, { method, body: GOOD });
  expect(answer.statusCode).toBe(200);
  await answer.body.dump();
  expect((await door.stored()).applied).toHaveLength(1);
});

test('a message that comes by PUT to another path is answered 405', async () => {
  await using door = await openDoor();
  const answer = await request(`${door.origin}/callbacks/wrong`, { method: 'PUT', body: GOOD });
  await answer.body.dump();
  expect(answer.statusCode).toBe(405);
});

test.each([
  ['a wrong token', (path: string) => `${path.slice(0, -1)}${path.endsWith('A') ? 'B' : 'A'}`],
  ['a token in the other case', (path: string) => path.replace(/[a-z]/g, (letter) => letter.toUpperCase())],
  ['no token', () => '/callbacks/'],
  ['something after the token', (path: string) => `${path}/x`],
  ['a path of 10,000 letters', () => `/callbacks/${'x'.repeat(10_000)}`],
  ['another path', () => '/'],
])('%s is answered 404 and stores nothing', async (_what, change) => {
  await using door = await openDoor();
  expect((await door.post(GOOD, {}, change(door.path()))).status).toBe(404);
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect(await door.stored()).toEqual(NOTHING);
});

test('a query after the path does no harm', async () => {
  await using door = await openDoor();
  expect((await door.post(GOOD, {}, `${door.path()}?a=1`)).status).toBe(200);
  expect((await door.stored()).applied).toHaveLength(1);
});

test('a body as long as the limit is taken', async () => {
  await using door = await openDoor();
  expect((await door.post(sized(LIMIT))).status).toBe(200);
  expect((await door.stored()).applied).toHaveLength(1);
});

test('a body longer by one byte is answered 413 before it is read', async () => {
  await using door = await openDoor();
  // Only the head is sent: the answer does not wait for the body.
  const answer = await rawAnswer(door, `POST ${door.path()} HTTP/1.1\r\nhost: x\r\ncontent-length: ${LIMIT + 1}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect(await door.stored()).toEqual(NOTHING);
});

test('a chunked body without end is answered 413 as soon as it passes the limit', async () => {
  await using door = await openDoor();
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  const answer = await rawAnswer(door, `POST ${door.path()} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(17)}`);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect(await door.stored()).toEqual(NOTHING);
});

test('a chunked body within the limit is taken', async () => {
  await using door = await openDoor();
  const chunked = `${GOOD.length.toString(16)}\r\n${GOOD}\r\n0\r\n\r\n`;
  const answer = await rawAnswer(
    door,
    `POST ${door.path()} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunked}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect((await door.stored()).applied).toHaveLength(1);
});

test.each([
  ['no Content-Type', ''],
  ['an empty Content-Type', 'content-type:\r\n'],
  ['Expect: 100-continue', 'expect: 100-continue\r\n'],
])('a message with %s is taken', async (_what, header) => {
  await using door = await openDoor();
  const head = `POST ${door.path()} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${header}content-length: ${GOOD.length}\r\n\r\n`;
  expect(await rawAnswer(door, head + GOOD)).toMatch(/^HTTP\/1\.1 (?:100|200) /);
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect((await door.stored()).applied).toHaveLength(1);
});

test.each([
  ['a negative length', 'content-length: -1'],
  ['a length that is no number', 'content-length: many'],
  ['two lengths', 'content-length: 5\r\ncontent-length: 6'],
  ['a length beside chunks', 'content-length: 5\r\ntransfer-encoding: chunked'],
  ['a header with a NUL', 'x-odd: a\0b'],
])('a request with %s is answered 400 and stores nothing', async (_what, header) => {
  await using door = await openDoor();
  const answer = await rawAnswer(door, `POST ${door.path()} HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n${GOOD}`);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect(await door.stored()).toEqual(NOTHING);
});

test('a body that its sender cuts off stores nothing and disturbs nothing', async () => {
  await using door = await openDoor();
  const { port } = new URL(door.origin);
  const socket = connect(Number(port), '127.0.0.1');
  socket.end(`POST ${door.path()} HTTP/1.1\r\nhost: x\r\ncontent-length: ${GOOD.length}\r\n\r\n${GOOD.slice(0, 50)}`);
  socket.resume();
  await once(socket, 'close');
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  expect(await door.stored()).toEqual(NOTHING);
});

test('a message on the path of another account is kept, and not applied to the request of the first', async () => {
  await using door = await openDoor();
  expect((await door.post(GOOD, {}, door.path('CarrierService', OTHER_ACCOUNT))).status).toBe(200);
  expect(await door.outcome()).toMatchObject({ status: 'PENDING' });
  const { kept, unclaimed, applied } = await door.stored();
  expect(kept).toMatchObject([{ account: OTHER_ACCOUNT, reason: 'FOREIGN_REQUEST' }]);
  expect({ unclaimed, applied }).toEqual({ unclaimed: [], applied: [] });
});

test('a message on the path of a service that reports no outcome is kept with its request and settles nothing', async () => {
  await using door = await openDoor();
  expect((await door.post(GOOD, {}, door.path('DeviceUsage'))).status).toBe(200);
  expect(await door.outcome()).toMatchObject({ status: 'PENDING' });
  expect((await door.stored()).applied).toHaveLength(1);
});

test('every account and service has a path of its own', async () => {
  await using door = await openDoor();
  const paths = [door.path(), door.path('NiddService'), door.path('CarrierService', OTHER_ACCOUNT)];
  expect(new Set(paths).size).toBe(3);
  for (const path of paths) expect(path).toMatch(/^\/callbacks\/[\w-]{43}$/);
});

/** Sends the text over its own socket and returns the first bytes of the answer. */
async function rawAnswer(door: Door, text: string): Promise<string> {
  const { port } = new URL(door.origin);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(text);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.on('error', () => undefined).destroy();
  return answer.toString();
}
