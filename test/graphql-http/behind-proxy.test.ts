import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { iccid } from '../support/devices.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { send } from './support/send.ts';

const JSON_BODY = { 'content-type': 'application/json' };
const QUERY = '{"query":"{ __typename }"}';
const FOREIGN = 'https://evil.example';
/** What is left of a WebSocket handshake when a proxy has taken the headers of its own connection away. */
const HANDSHAKE = { 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };

let doors: Awaited<ReturnType<typeof openGraphqlDoors>>;
const STREAM = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no', 'cache-control': 'no-cache, no-transform' };
const request = newRequest([[['ICCID', iccid(1)]]]);
beforeAll(async () => {
  doors = await openGraphqlDoors({ logLevel: 'warn' });
  await doors.requestLog.create(request);
});
afterAll(() => doors[Symbol.asyncDispose]());

test.each(['text/event-stream', '*/*', 'application/json, text/event-stream', 'text/event-stream, application/json;q=0.5', ''])(
  'a stream of events tells proxies to hold nothing back, whatever it was asked with: Accept: %s',
  async (accept) => {
    const subscription = JSON.stringify({ query: `subscription { requestStatus(requestId: "${request.id}") { cursor } }` });
    const headers = { ...JSON_BODY, ...(accept !== '' && { accept }) };
    const stop = new AbortController();
    const stream = await fetch(doors.url, { method: 'POST', headers, body: subscription, signal: stop.signal });
    stop.abort();
    expect(Object.fromEntries(stream.headers)).toMatchObject(STREAM);
    expect(stream.headers.get('content-encoding')).toBeNull();
  },
);

test('so does a stream that ends at once; other answers do not', async () => {
  const stream = await send(doors.url, QUERY, { headers: { ...JSON_BODY, accept: 'text/event-stream' } });
  expect(stream.headers).toMatchObject(STREAM);
  const answer = await send(doors.url, QUERY, { headers: { ...JSON_BODY, accept: 'application/json, text/event-stream' } });
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  expect(answer.headers).not.toHaveProperty('x-accel-buffering');
});

test('a WebSocket handshake whose Upgrade a proxy took away is answered 426, with what to do', async () => {
  const answer = await send(doors.url, undefined, { method: 'GET', headers: HANDSHAKE });
  expect(answer).toMatchObject({ status: 426, headers: { upgrade: 'websocket' } });
  expect(answer.text).toContain('The proxy must pass these headers on');
  expect((await send(doors.url, undefined, { method: 'GET' })).status).toBe(405);
});

test('each kind of refusal by a wrong proxy or setting is logged once a minute, with the variable and without the request', async () => {
  await using own = await openGraphqlDoors({ logLevel: 'warn' });
  for (let times = 0; times < 3; times++) {
    await send(own.url, QUERY, { headers: { ...JSON_BODY, host: 'evil.example' } });
    await send(own.url, QUERY, { headers: { ...JSON_BODY, origin: FOREIGN } });
    await send(own.url, undefined, { method: 'GET', headers: HANDSHAKE });
    expect(await refusalOf(own.websocketUrl, { host: 'evil.example' })).toBe(421);
    expect(await refusalOf(own.websocketUrl, { origin: FOREIGN })).toBe(403);
  }
  expect(own.logged.map((line) => JSON.parse(line) as unknown)).toMatchObject(
    [
      { level: 40, event: 'graphql_refused', listener: 'graphql', status: 421, count: 1, reason: /M2M_GRAPHQL_HOSTS/ },
      { event: 'graphql_refused', listener: 'graphql', status: 403, reason: /M2M_GRAPHQL_ORIGINS/ },
      { event: 'graphql_refused', listener: 'graphql', status: 426, reason: /Upgrade/ },
      { event: 'graphql_refused', listener: 'websocket', status: 421 },
      { event: 'graphql_refused', listener: 'websocket', status: 403 },
    ].map(({ reason, ...line }) => ({ ...line, ...(reason && { reason: expect.stringMatching(reason) as string }) })),
  );
  expect(own.logged.join('')).not.toContain('evil.example');
});

function refusalOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { headers });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => reject(new Error('it was let in')));
    socket.once('unexpected-response', (request, { statusCode }) => {
      request.destroy();
      resolve(statusCode);
    });
  });
}
