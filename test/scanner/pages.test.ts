import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { send } from '../graphql-http/support/send.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { expectSilent } from './support/expect-silent.ts';
import { CALLERS, openScanned, type Scanned } from './support/open-scanned.ts';

let scanned: Scanned;
beforeAll(async () => {
  scanned = await openScanned();
});
afterAll(() => scanned[Symbol.asyncDispose]());

/** Where other servers have a page, another endpoint, their schema, their state, or what was left lying about. */
const PATHS = [
  '/',
  '/index.html',
  '/graphiql',
  '/graphiql/',
  '/graphiql.html',
  '/graphiql.css',
  '/graphiql.js',
  '/playground',
  '/graphql-playground',
  '/altair',
  '/voyager',
  '/console',
  '/explorer',
  '/sandbox',
  '/ide',
  '/graphql/',
  '/graphql.php',
  '/graphql/console',
  '/graphql/explorer',
  '/graphql/v1',
  '/graphql/schema.json',
  '/graphql/schema.graphql',
  '/GraphQL',
  '/%67raphql',
  '/graphql;a=b',
  '//graphql',
  '/v1/graphql',
  '/v2/graphql',
  '/api',
  '/api/graphql',
  '/v1/explorer',
  '/gql',
  '/query',
  '/subscriptions',
  '/graph',
  '/schema.graphql',
  '/schema.json',
  '/sdl',
  '/-',
  '/health',
  '/healthz',
  '/metrics',
  '/status',
  '/server-info',
  '/keys',
  '/.well-known/apollo/server-health',
  '/debug/pprof',
  '/_debug',
  '/.env',
  '/.git/config',
  '/package.json',
  '/callbacks/',
  '/robots.txt',
  '/favicon.ico',
];

/** Another place on the same port. */
const at = (path: string) => `${new URL(scanned.url).origin}${path}`;

test.each(PATHS)('%s is not there: no page, no schema, no state', async (path) => {
  const authorization = scanned.authorization.full ?? '';
  const html = { accept: 'text/html,application/xhtml+xml', 'user-agent': 'Mozilla/5.0' };
  for (const headers of [html, { ...html, authorization }, { accept: '*/*' }]) {
    const answer = await send(at(path), undefined, { method: 'GET', headers });
    expect(answer.status).toBe(404);
    expectSilent(answer);
  }
  const body = JSON.stringify({ query: getIntrospectionQuery() });
  const answer = await send(at(path), body, { headers: { 'content-type': 'application/json', authorization } });
  expect(answer.status).toBe(404);
  expect(answer.text).not.toContain('__schema');
  expectSilent(answer);
});

test('a browser that opens the endpoint gets no page, and no tool of its own', async () => {
  for (const caller of CALLERS) {
    for (const search of ['', '?', '?query=', '?raw', '?explorer', '?graphiql', '?debug=1']) {
      const authorization = scanned.authorization[caller];
      const headers = { accept: 'text/html', ...(authorization !== null && { authorization }) };
      const answer = await send(`${scanned.url}${search}`, undefined, { method: 'GET', headers });
      expect(answer.status).toBe(405);
      expectSilent(answer);
    }
  }
});

test.each(['/', '/subscriptions', '/graphql/', '/v1/graphql', '/graphql-ws', '/socket.io/'])(
  'no WebSocket is opened at %s',
  async (path) => {
    await expect(RawWebSocket.open(at(path).replace('http', 'ws'))).rejects.toThrow('404');
  },
);

test.each(['graphql-ws', 'subscriptions-transport-ws', 'wamp'])(
  'the sub-protocol %s, which others know, gets no socket',
  async (protocol) => {
    await expect(RawWebSocket.open(scanned.stack.gateway.urls.websocket, { protocol })).rejects.toThrow(/400|subprotocol/i);
  },
);
