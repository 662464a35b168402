import { request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { startStack } from '../support/stack.ts';

test.each([
  ['127.0.0.1:4000', 200],
  ['localhost', 200],
  ['[::1]:4000', 200],
  ['evil.example:4000', 421],
  ['127.0.0.1.evil.example', 421],
])('a request for Host %s is answered %i over HTTP and WebSocket alike', async (host, status) => {
  await using stack = await startStack({ register: false });
  const headers = { host, origin: `http://${host}`, 'content-type': 'application/json' };
  const answer = await request(stack.gateway.urls.graphql, { method: 'POST', headers, body: '{"query":"{ __typename }"}' });
  await answer.body.dump();
  expect(answer.statusCode).toBe(status);
  const socket = new WebSocket(stack.gateway.urls.websocket, 'graphql-transport-ws', { headers: { host, origin: `http://${host}` } });
  socket.on('error', () => undefined);
  const opened = await new Promise<number>((resolve) => {
    socket.once('open', () => resolve(200));
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
  });
  socket.terminate();
  expect(opened).toBe(status);
});
