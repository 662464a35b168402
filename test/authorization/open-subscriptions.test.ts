import { expect, test } from 'vitest';
import { makeKey } from '../support/make-key.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { readSse } from '../support/sse-client.ts';
import { until } from '../support/until.ts';
import { openTwoOpen, SLIM } from './support/two-open.ts';

const READ = { '*': ['read'] } as const;
const SOCKETS = 1;
/** For each socket that a caller may have; its event streams are counted with them. */
const MOST = SOCKETS * 100;
const STREAMS = 3;

test('a caller’s open subscriptions are limited, over sockets and event streams together; another is not affected, and one that ends makes room', async () => {
  await using world = await openTwoOpen({ env: { M2M_CALLER_SOCKETS: String(SOCKETS) } });
  const { stack, url, websocket, mine } = world;
  const busy = await makeKey(stack.gateway, { scopes: READ, name: 'busy' });
  const same = await makeKey(stack.gateway, { scopes: READ, name: 'busy' });
  const other = await makeKey(stack.gateway, { scopes: READ });
  await using socket = await RawWebSocket.ready(websocket, busy.authorization);
  const follow = (id: string) => socket.subscribe(id, SLIM, { id: mine.id });
  const streamed = async ({ authorization }: typeof busy) => {
    const stream = readSse(url, SLIM, { id: mine.id }, authorization);
    return { stream, first: (await stream.next()).value };
  };
  const ids = Array.from({ length: MOST - STREAMS }, (_, at) => `s${at}`);
  ids.forEach(follow);
  for (const id of ids) expect(await socket.message((message) => message.id === id)).toMatchObject({ payload: { data: {} } });
  const streams = [];
  // Two keys of a name are one caller.
  for (const key of [busy, same, busy]) streams.push(await streamed(key));
  for (const { first } of streams) expect(first?.data).toContain('"cursor"');
  expect(await openSubscriptions(stack.gateway)).toBe(MOST);

  follow('over');
  expect(JSON.stringify(await socket.ending('over'))).toMatch(/The subscription was not started: you have 100 .*"code":"RATE_LIMITED"/);
  for (const key of [busy, same]) expect((await streamed(key)).first?.data).toContain('"code":"RATE_LIMITED"');
  const others = await streamed(other);
  expect(others.first?.data).toContain('"cursor"');
  await others.stream.return();
  await until(async () => (await openSubscriptions(stack.gateway)) === MOST);

  await streams[0]?.stream.return();
  await until(async () => (await openSubscriptions(stack.gateway)) === MOST - 1);
  follow('instead');
  expect(await socket.message(({ id }) => id === 'instead')).toMatchObject({ payload: { data: {} } });
  socket.send({ type: 'complete', id: 's0' });
  await until(async () => (await openSubscriptions(stack.gateway)) === MOST - 1);
  expect((await streamed(same)).first?.data).toContain('"cursor"');
  follow('over again');
  expect(JSON.stringify(await socket.ending('over again'))).toContain('RATE_LIMITED');
});
