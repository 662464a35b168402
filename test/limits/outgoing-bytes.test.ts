import { expect, test } from 'vitest';
import { OutgoingBytes } from '../../src/server/limits/outgoing-bytes.ts';

const STAYS = new AbortController().signal;

function openRoom() {
  const room = new OutgoingBytes({ perCaller: 10, inAll: 20 });
  const begun: string[] = [];
  const reserve = async (name: string, caller: string, bytes: number, gone = STAYS) => {
    const reserved = await room.reserve(caller, bytes, gone);
    begun.push(name);
    return reserved;
  };
  return { room, begun, reserve };
}

test('work of one caller waits for room in the order in which it came', async () => {
  const { begun, reserve } = openRoom();
  const first = await reserve('first', 'a', 6);
  const large = reserve('large', 'a', 9);
  const small = reserve('small', 'a', 1);
  await reserve('of another', 'b', 5);
  expect(begun).toEqual(['first', 'of another']);
  first[Symbol.dispose]();
  await Promise.all([large, small]);
  expect(begun).toEqual(['first', 'of another', 'large', 'small']);
});

test('what needs the room of all is not passed by what needs less', async () => {
  const { begun, reserve } = openRoom();
  const held = [await reserve('a', 'a', 8), await reserve('b', 'b', 8)];
  const waiting = [reserve('large', 'c', 9), reserve('small', 'd', 1)];
  held[0]?.[Symbol.dispose]();
  await Promise.all(waiting);
  expect(begun).toEqual(['a', 'b', 'large', 'small']);
});

test('work that waits for what slow clients have not taken holds nobody else up', async () => {
  const { room, begun, reserve } = openRoom();
  using _slow = room.hold('slow', 9);
  using _slower = room.hold('slower', 4);
  const running = await reserve('running', 'a', 2);
  const client = new AbortController();
  const large = reserve('large', 'c', 9, client.signal);
  await reserve('small', 'd', 1);
  expect(begun).toEqual(['running', 'small']);
  running[Symbol.dispose]();
  client.abort();
  await large;
});

test('a client that goes while it waits gets no room, and holds nobody up', async () => {
  const { room, begun, reserve } = openRoom();
  const first = await reserve('first', 'a', 9);
  const client = new AbortController();
  const gone = reserve('gone', 'a', 9, client.signal);
  const next = reserve('next', 'a', 1);
  client.abort();
  await Promise.all([gone, next]);
  expect(begun).toEqual(['first', 'gone', 'next']);
  first[Symbol.dispose]();
  expect(room.total).toBe(1);
});
