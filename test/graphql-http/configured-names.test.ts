import { afterAll, beforeAll, expect, test } from 'vitest';
import { HandMadeSocket } from '../support/hand-made-socket.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { send } from './support/send.ts';

const APP = 'https://app.example.com';
const OPS = 'https://ops.example.com:8443';
const NAME = 'm2m.example.com';
const QUERY = '{"query":"{ __typename }"}';

let stack: Stack;
beforeAll(async () => {
  const env = { M2M_GRAPHQL_ORIGINS: `${APP.toUpperCase()}, ${OPS}`, M2M_GRAPHQL_HOSTS: 'M2M.example.com,::1' };
  stack = await startStack({ env: { ...env, M2M_LOG_LEVEL: 'silent' }, register: false });
});
afterAll(() => stack[Symbol.asyncDispose]());

/** [name in Host, origin of the page, status of a POST and of an upgrade] */
test.each([
  [NAME, null, 200],
  [`${NAME}:8443`, APP, 200],
  ['[::1]:4000', OPS, 200],
  [NAME, `https://${NAME}`, 200],
  [NAME, 'https://ops.example.com', 403],
  [NAME, 'http://localhost', 403],
  ['127.0.0.1', null, 421],
  ['localhost', APP, 421],
  [`x.${NAME}`, APP, 421],
] as const)(
  'the names and origins of the configuration, and no others, over HTTP and WebSocket: %s asked by %s is %i',
  async (host, origin, status) => {
    const { graphql: url, websocket } = stack.gateway.urls;
    const headers = { host, ...(origin !== null && { origin }) };
    const answer = await send(url, QUERY, { headers: { ...headers, 'content-type': 'application/json' } });
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe(origin === APP || origin === OPS ? origin : undefined);
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    if (status !== 200) return expect(HandMadeSocket.open(websocket, { headers })).rejects.toThrow(`HTTP/1.1 ${status} `);
    await using socket = await HandMadeSocket.open(websocket, { headers });
    expect(socket.socket.destroyed).toBe(false);
  },
);
