import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { DocumentPool } from '../../src/server/limits/document-pool.ts';
import { newRequest } from '../support/new-request.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';

const ofLength = (length: number, name = 'a') => parse(`{ ${name}: __typename #${'x'.repeat(length - 18)}\n}`);

test('a text counts once for each caller, however many follow with it, and no more when all have left', () => {
  const pool = new DocumentPool(250);
  const [one, two, three] = [ofLength(100, 'a'), ofLength(100, 'b'), ofLength(100, 'c')] as const;
  for (let follower = 0; follower < 10; follower++) expect(pool.acquire('x', one)).toBe(one);
  expect([pool.acquire('x', two), pool.acquire('x', three)]).toEqual([two, null]);
  expect(pool.acquire('y', three)).toBe(three);
  for (let follower = 0; follower < 9; follower++) pool.release('x', one);
  expect(pool.acquire('x', three)).toBeNull();
  pool.release('x', one);
  expect(pool.acquire('x', three)).toBe(three);
  // Who was refused had nothing to leave.
  pool.release('x', one);
  expect(pool.acquire('x', one)).toBeNull();
});

test('subscriptions with the same text share one document while any of them is open', () => {
  const pool = new DocumentPool(250);
  const [first, again, later] = [ofLength(100), ofLength(100), ofLength(100)] as const;
  expect(pool.acquire('x', first)).toBe(first);
  expect(pool.acquire('y', again)).toBe(first);
  pool.release('x', first);
  expect(pool.acquire('x', later)).toBe(first);
  pool.release('x', later);
  pool.release('y', again);
  expect(pool.acquire('x', later)).toBe(later);
});

test('the first document is taken however long it is, because documents have their own limit', () => {
  const pool = new DocumentPool(50);
  expect(pool.acquire('x', ofLength(100))).not.toBeNull();
  expect(pool.acquire('x', ofLength(20))).toBeNull();
});

test('a caller that subscribes with one long document after another is refused, and other callers are not', async () => {
  await using doors = await openGraphqlDoors();
  const request = newRequest([[['ICCID', '89148000000000000001']]]);
  await doors.requestLog.create(request);
  await using socket = await RawWebSocket.ready(doors.websocketUrl);
  const follow = (at: number, comment: string) =>
    socket.subscribe(`${at}`, `subscription ($id: ID!) { requestStatus(requestId: $id) { cursor } } #${comment}`, { id: request.id });
  const answers: (string | undefined)[] = [];
  for (let at = 0; at < 10; at++) {
    follow(at, `${at}${'x'.repeat(60_000)}`);
    const { type, payload } = await socket.message(({ id }) => id === `${at}`);
    answers.push(type === 'next' && JSON.stringify(payload).includes('RATE_LIMITED') ? 'RATE_LIMITED' : type);
  }
  expect(answers).toEqual([...Array.from({ length: 8 }, () => 'next'), 'RATE_LIMITED', 'RATE_LIMITED']);
  expect(await openSubscriptions(doors)).toBe(8);
  // The same document again is no new one.
  for (let at = 10; at < 40; at++) follow(at, `0${'x'.repeat(60_000)}`);
  for (let at = 10; at < 40; at++) expect((await socket.message(({ id }) => id === `${at}`)).payload).toHaveProperty('data');
  socket.send({ id: '7', type: 'complete' });
  follow(50, `50${'x'.repeat(60_000)}`);
  expect((await socket.message(({ id }) => id === '50')).payload).toHaveProperty('data');
});
