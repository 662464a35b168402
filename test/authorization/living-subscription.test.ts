import { expect, test } from 'vitest';
import { makeKey } from '../support/make-key.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket, type ProtocolMessage } from '../support/raw-websocket.ts';
import { readSse } from '../support/sse-client.ts';
import { openTwoOpen, SECRET, SLIM, type TwoOpen } from './support/two-open.ts';

/** Reads on to the end of one operation. */
async function ending(socket: RawWebSocket, id: string): Promise<string> {
  return JSON.stringify(await socket.ending(id));
}

async function subscribed(
  world: TwoOpen,
  authorization: string,
  query: string,
  ids: Readonly<Record<string, string>>,
): Promise<RawWebSocket> {
  const socket = await RawWebSocket.ready(world.websocket, authorization);
  for (const [name, id] of Object.entries(ids)) socket.subscribe(name, query, { id });
  for (const name of Object.keys(ids)) await socket.message((message) => message.id === name);
  return socket;
}

const next = (socket: RawWebSocket, id: string): Promise<ProtocolMessage> => socket.message((message) => message.id === id);

test('when an account is taken away, its subscriptions end at once although nothing happens, and the others on the socket go on', async () => {
  await using world = await openTwoOpen();
  const { mine, theirs } = world;
  const key = await makeKey(world.stack.gateway, { scopes: { [mine.account]: ['read'], [theirs.account]: ['read'] } });
  await using socket = await subscribed(world, key.authorization, SLIM, { mine: mine.id, theirs: theirs.id });
  const stream = readSse(world.url, SLIM, { id: theirs.id }, key.authorization);
  await stream.next();
  await key.change({ scopes: { [mine.account]: ['read'] } });
  expect(await ending(socket, 'theirs')).toMatch(/"code":"FORBIDDEN".*"type":"complete"/);
  expect((await stream.next()).value).toMatchObject({ event: 'next', data: expect.stringContaining('"code":"FORBIDDEN"') as string });
  expect((await stream.next()).value).toEqual({ event: 'complete', data: '' });
  expect((await stream.next()).done).toBe(true);
  await theirs.report();
  await mine.report();
  expect(await next(socket, 'mine')).toMatchObject({ type: 'next', payload: { data: { requestStatus: { outcomes: [{ index: 0 }] } } } });
  expect(socket.rest()).toEqual([]);
  expect(await openSubscriptions(world.stack.gateway)).toBe(1);
  // Asked for again it is as one that never was.
  socket.subscribe('again', SLIM, { id: theirs.id });
  expect(await ending(socket, 'again')).toContain('NOT_FOUND');
});

test('when the last right to read is taken away, every subscription ends and the socket stays', async () => {
  await using world = await openTwoOpen();
  const { mine, theirs } = world;
  const key = await makeKey(world.stack.gateway, { scopes: { '*': ['read', 'write'] } });
  await using socket = await subscribed(world, key.authorization, SLIM, { mine: mine.id, theirs: theirs.id });
  await key.change({ scopes: { '*': ['write'] } });
  for (const id of ['mine', 'theirs']) expect(await ending(socket, id)).toContain('FORBIDDEN');
  socket.send({ id: 'still', type: 'subscribe', payload: { query: '{ __typename }' } });
  expect(await ending(socket, 'still')).toContain('"__typename":"Query"');
});

test('when a grant is taken away, a subscription that selects its secret ends at the next batch, and no secret is sent after that', async () => {
  await using world = await openTwoOpen();
  const { mine } = world;
  const key = await makeKey(world.stack.gateway, { scopes: { '*': ['read'] }, grants: ['deviceCredential'] });
  await using socket = await subscribed(world, key.authorization, SECRET, { secret: mine.id });
  socket.subscribe('slim', SLIM, { id: mine.id });
  await next(socket, 'slim');
  const stream = readSse(world.url, SECRET, { id: mine.id }, key.authorization);
  await stream.next();
  await mine.report();
  expect(JSON.stringify(await next(socket, 'secret'))).toContain('secret-1');
  expect((await stream.next()).value?.data).toContain('secret-1');
  await next(socket, 'slim');
  await key.change({ grants: [] });
  await mine.report();
  const last = await ending(socket, 'secret');
  expect(last).toMatch(/"code":"FORBIDDEN"/);
  expect(last).not.toContain('secret-');
  const { value } = await stream.next();
  expect(value?.data).toContain('FORBIDDEN');
  expect(value?.data).not.toContain('secret-');
  expect((await stream.next()).value).toEqual({ event: 'complete', data: '' });
  // Who selects no secret has lost nothing.
  expect(await next(socket, 'slim')).toMatchObject({ payload: { data: { requestStatus: { outcomes: [{ index: 1 }] } } } });
});

test('a change of rights that leaves enough disturbs nobody: no gap, no repeat', async () => {
  await using world = await openTwoOpen({ devices: 6 });
  const { mine } = world;
  const key = await makeKey(world.stack.gateway, { scopes: { '*': ['read'] } });
  await using socket = await subscribed(world, key.authorization, SLIM, { mine: mine.id });
  const seen: number[] = [];
  const changes = [
    { scopes: { [mine.account]: ['read', 'write'] } },
    { grants: ['activationCode'] },
    { scopes: { '*': ['read'] }, grants: [] },
  ] as const;
  for (const change of changes) {
    await mine.report();
    await key.change(change);
    await mine.report();
    while (seen.length % 2 !== 0 || seen.length < (changes.indexOf(change) + 1) * 2) {
      seen.push(...indexesOf(await next(socket, 'mine')));
    }
  }
  expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
});

/** Of the devices in an event. */
function indexesOf(message: ProtocolMessage): number[] {
  return [...JSON.stringify(message).matchAll(/"index":(\d+)/g)].map(([, index]) => Number(index));
}

test('followers that share an execution get no more than their rights allow', async () => {
  await using world = await openTwoOpen();
  const { mine, theirs } = world;
  const { gateway } = world.stack;
  // One caller by two keys, of which one loses its grant, and another caller beside them.
  const scopes = { [mine.account]: ['read'] } as const;
  const keeps = await makeKey(gateway, { scopes, grants: ['deviceCredential'], name: 'shared' });
  const loses = await makeKey(gateway, { scopes, grants: ['deviceCredential'], name: 'shared' });
  const other = await makeKey(gateway, { scopes: { [theirs.account]: ['read'], ...scopes }, grants: ['deviceCredential'] });
  await using first = await subscribed(world, keeps.authorization, SECRET, { same: mine.id });
  await using second = await subscribed(world, loses.authorization, SECRET, { same: mine.id });
  await using third = await subscribed(world, other.authorization, SECRET, { same: mine.id });
  await mine.report();
  for (const socket of [first, second, third]) expect(JSON.stringify(await next(socket, 'same'))).toContain('secret-1');
  await loses.change({ grants: [] });
  await other.change({ scopes: { [theirs.account]: ['read'] } });
  await mine.report();
  expect(JSON.stringify(await next(first, 'same'))).toContain('secret-2');
  for (const socket of [second, third]) {
    const last = await ending(socket, 'same');
    expect(last).toContain('FORBIDDEN');
    expect(last).not.toContain('secret-');
  }
  // Whoever has less from the start gets the whole question refused, or another answer.
  const plain = await makeKey(gateway, { scopes });
  await using fourth = await RawWebSocket.ready(world.websocket, plain.authorization);
  fourth.subscribe('same', SECRET, { id: mine.id });
  const refused = await ending(fourth, 'same');
  expect(refused).toContain('FORBIDDEN');
  expect(refused).not.toMatch(/cursor|secret-/);
});
