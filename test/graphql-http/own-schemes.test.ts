import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { COMPLETE_ENV } from '../support/complete-env.ts';
import { HandMadeSocket } from '../support/hand-made-socket.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { send } from './support/send.ts';

const OWN = [
  'capacitor://localhost',
  'ionic://localhost',
  'tauri://localhost',
  'http://tauri.localhost',
  'electron://altair',
  'altair://-',
  'app://.',
  'chrome-extension://flnheeellpciglgpaodhkhmapeljopja',
  'vscode-webview://1a2b',
  'file://',
];

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ env: { M2M_GRAPHQL_ORIGINS: OWN.join(','), M2M_LOG_LEVEL: 'silent' }, register: false });
});
afterAll(() => stack[Symbol.asyncDispose]());

test.each(OWN)('a page of %s may call, over HTTP and WebSocket', async (origin) => {
  const { graphql, websocket } = stack.gateway.urls;
  const answer = await send(graphql, '{"query":"{ __typename }"}', { headers: { origin, 'content-type': 'application/json' } });
  expect(answer).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': origin } });
  await using socket = await HandMadeSocket.open(websocket, { headers: { origin } });
  expect(socket.socket.destroyed).toBe(false);
});

test.each(['capacitor://localhost.evil', 'capacitor://', 'tauri://localhost:1', 'null', 'https://localhost'])(
  'a page of %s may not, and is told what to set',
  async (origin) => {
    const { graphql, websocket } = stack.gateway.urls;
    const answer = await send(graphql, '{"query":"{ __typename }"}', { headers: { origin, 'content-type': 'application/json' } });
    expect(answer).toMatchObject({
      status: 403,
      body: { errors: [{ message: expect.stringContaining('M2M_GRAPHQL_ORIGINS') as string }] },
    });
    expect(answer.headers['m2m-refusal']).toContain('M2M_GRAPHQL_ORIGINS');
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    await expect(HandMadeSocket.open(websocket, { headers: { origin } })).rejects.toThrow('HTTP/1.1 403 ');
  },
);

test.each([
  ['https://*.example.com', /an asterisk/],
  ['*', /an asterisk/],
  ['null', /any web site/],
  ['https://app.example.com/', /scheme, host and port/],
  ['https://app.example.com/app', /more than scheme, host and port/],
  ['https://app.example.com:443', /is written https:\/\/app\.example\.com by browsers/],
  ['http://localhost:80', /is written http:\/\/localhost by browsers/],
  ['https://bücher.example', /is written https:\/\/xn--bcher-kva\.example by browsers/],
  ['wss://app.example.com', /the address of a WebSocket/],
  ['app.example.com', /no scheme/],
  ['localhost:5173', /no scheme/],
  ['capacitor://localhost/', /something behind its host/],
  ['https://', /no URL/],
])('what no client can send is refused at the start: %s', (origin, says) => {
  expect(() => readConfig({ ...COMPLETE_ENV, M2M_GRAPHQL_ORIGINS: `https://ok.example.com,${origin}` })).toThrow(says);
  expect(() => readConfig({ ...COMPLETE_ENV, M2M_GRAPHQL_ORIGINS: `https://ok.example.com,${origin}` })).toThrow(
    /M2M_GRAPHQL_ORIGINS.*number 2/,
  );
});
