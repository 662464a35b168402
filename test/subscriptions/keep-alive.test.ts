import { request } from 'undici';
import { expect, test } from 'vitest';
import { STALLED_AFTER_MS } from '../../src/server/door-connections.ts';
import { iccid } from '../support/devices.ts';
import { FOLLOW } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startStack } from '../support/stack.ts';
import { watchTimers } from '../support/watched-timers.ts';

test('a client has 15 seconds to take what is sent, over every transport', () => {
  expect(STALLED_AFTER_MS).toBe(15_000);
});

test('the client of a WebSocket gets a ping every 12 seconds', async () => {
  await using stack = await startStack({ register: false });
  using timers = watchTimers('/socket-sender.ts');
  await using socket = await RawWebSocket.ready(stack.gateway.urls.websocket);
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);
  expect(new Set(timers.delays)).toEqual(new Set([12_000]));
});

test('a client has 3 seconds to say who it is', async () => {
  await using stack = await startStack({ register: false });
  using timers = watchTimers('/graphql-ws/');
  await using socket = await RawWebSocket.ready(stack.gateway.urls.websocket);
  expect([socket.socket.readyState, timers.delays]).toEqual([socket.socket.OPEN, [3_000]]);
});

test('a stream of events on which nothing happens is sent comments, which clients pass over', async () => {
  await using doors = await openGraphqlDoors({ keepAliveMs: 20 });
  const asked = newRequest([[['ICCID', iccid(1)]]]);
  await doors.requestLog.create(asked);
  const { body } = await request(doors.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: FOLLOW, variables: { id: asked.id } }),
  });
  let text = '';
  for await (const chunk of body.setEncoding('utf8')) {
    text += chunk as string;
    // The first opens the stream, another comes after the event.
    if (/^:\n\n[^]*^event: next\n[^]*\n\n:\n\n/m.test(text)) break;
  }
  expect(text.match(/^event: /gm)).toHaveLength(1);
});
