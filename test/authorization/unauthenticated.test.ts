import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { createLogger } from '../../src/logger.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { issuerEnv } from '../support/issuer-env.ts';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startIssuer, type Issuer } from '../support/start-issuer.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { ask, type Answer } from './support/ask.ts';
import { openTwoOpen, SLIM, type TwoOpen } from './support/two-open.ts';

let issuer: Issuer;
let world: TwoOpen;
let good: TestKey;
let revoked: TestKey;
let expired: TestKey;
let expiredToken: string;
beforeAll(async () => {
  issuer = await startIssuer();
  world = await openTwoOpen({ devices: 1, env: issuerEnv(issuer) });
  const { gateway } = world.stack;
  good = await makeKey(gateway, { scopes: { '*': ['read', 'write'] } });
  revoked = await makeKey(gateway, { scopes: { '*': ['read'] } });
  await revoked.revoke();
  expired = await makeKey(gateway, { scopes: { '*': ['read'] }, livesMs: 200 });
  expiredToken = await issuer.sign({ exp: 1_000 });
  await until(async () => (await ask(world.url, expired.authorization, { query: '{ __typename }' })).status === 401);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

/** The key's last letter, whose lowest bits say nothing, stays. */
const otherSecret = (text: string) =>
  text.replace(/^(m2m_[^_]+_)(.)/, (_all, id: string, first: string) => `${id}${first === 'A' ? 'B' : 'A'}`);
const swapped = (text: string) => text.toUpperCase();

/** [what is shown, the header, what the sentence says, what a WebSocket is closed with] */
const REFUSED: readonly (readonly [what: string, shown: () => string | null, says: RegExp, closes: number])[] = [
  ['nothing', () => null, /must know its caller\. Send `Authorization: Bearer/, 4401],
  ['an empty header', () => '', /must know its caller/, 4401],
  ['spaces', () => '   ', /must know its caller/, 4401],
  ['a key without Bearer', () => good.text, /is not `Bearer <API key or JWT>`/, 4401],
  ['Bearer without a key', () => 'Bearer', /is not `Bearer/, 4401],
  ['Basic', () => `Basic ${btoa(`user:${good.text}`)}`, /is not `Bearer/, 4401],
  ['a key in quotes', () => `Bearer "${good.text}"`, /is not `Bearer/, 4401],
  ['two keys', () => `Bearer ${good.text}, Bearer ${good.text}`, /is not `Bearer/, 4401],
  ['a key and more', () => `${good.authorization} x`, /is not `Bearer/, 4401],
  [
    'a key that was never made',
    () => 'Bearer m2m_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    /There is no such API key/,
    4401,
  ],
  ['a key with another secret', () => `Bearer ${otherSecret(good.text)}`, /There is no such API key/, 4401],
  ['half a key', () => `Bearer ${good.text.slice(0, -8)}`, /There is no such API key/, 4401],
  ['a longer key', () => `Bearer ${good.text}A`, /There is no such API key/, 4401],
  ['a key in capitals', () => `Bearer ${swapped(good.text)}`, /is not a signed JWT/, 4401],
  ['the id of a key', () => `Bearer m2m_${good.id}`, /There is no such API key/, 4401],
  ['a revoked key', () => revoked.authorization, /The API key was revoked/, 4401],
  ['an expired key', () => expired.authorization, /The API key has expired/, 4403],
  ['an expired token', () => `Bearer ${expiredToken}`, /The JWT has expired/, 4403],
  ['something else', () => 'Bearer abc.def.ghi', /The JWT is refused/, 4401],
  ['__proto__', () => 'Bearer __proto__', /The JWT is refused/, 4401],
];

test.each(REFUSED)('%s is answered 401, with what to do and nothing of what was shown', async (_what, shown, says) => {
  const authorization = shown();
  const answers = await Promise.all([
    ask(world.url, authorization, { query: '{ __typename }' }),
    ask(world.url, authorization, { query: '{ __typename }' }, 'application/json'),
    ask(world.url, authorization, { query: SLIM, variables: { id: world.mine.id } }, 'text/event-stream'),
    // Who asks is asked first: what the body is worth is nobody’s business.
    ask(world.url, authorization, '{"query": "{ nothing of this" broken'),
    ask(world.url, authorization, { query: 'mutation { nothing }' }),
  ]);
  for (const answer of answers) expectRefusal(answer, says, authorization);
});

function expectRefusal({ status, headers, text }: Answer, says: RegExp, shown: string | null): void {
  expect(status).toBe(401);
  expect(headers['www-authenticate']).toBe('Bearer realm="m2m"');
  const { errors } = JSON.parse(text) as { errors: { message: string; extensions: object }[] };
  expect(errors).toEqual([{ message: expect.stringMatching(says) as string, extensions: { code: 'UNAUTHENTICATED' } }]);
  const secret = shown?.replace(/^Bearer /, '').trim() ?? '';
  if (secret.length > 8) expect(text + JSON.stringify(headers)).not.toContain(secret);
}

test.each(REFUSED)('%s closes a WebSocket, whether it comes in the header or in connection_init', async (_what, shown, _says, closes) => {
  const authorization = shown();
  const headers = authorization === null ? {} : { authorization };
  await using byHeader = await RawWebSocket.open(world.websocket, { headers });
  byHeader.send({ type: 'connection_init' });
  await using byPayload = await RawWebSocket.open(world.websocket);
  byPayload.send({ type: 'connection_init', payload: { authorization } });
  for (const socket of [byHeader, byPayload]) {
    expect(await socket.closed).toBe(closes);
    expect(socket.rest()).toEqual([]);
    const secret = authorization?.replace(/^Bearer /, '') ?? '';
    if (secret.length > 8) expect(socket.closeReason).not.toContain(secret);
  }
});

test.each([
  ['a revoked key', () => revoked.authorization, 'The API key was revoked. An operator makes another: npm run keys -- create'],
  [
    'a key with another secret',
    () => `Bearer ${otherSecret(good.text)}`,
    'There is no such API key. Check that you have copied all of it.',
  ],
  ['a token of nobody', () => 'Bearer abc.def.ghi', expect.stringContaining('The JWT is refused') as string],
  ['nothing', () => null, 'connectionParams.authorization must be Bearer <API key or JWT>'],
])('a browser, which is shown nothing else, learns from the reason of the close that it showed %s', async (_what, shown, says) => {
  await using socket = await RawWebSocket.open(world.websocket);
  socket.send({ type: 'connection_init', payload: { authorization: shown() } });
  expect(await socket.closed).toBe(4401);
  expect(socket.closeReason.replace(/^Unauthorized: /, '')).toEqual(says);
  expect(Buffer.byteLength(socket.closeReason)).toBeLessThanOrEqual(123);
});

test.each([
  ['a number', 7],
  ['a list', ['GOOD']],
  ['an object', { authorization: 'GOOD' }],
  ['null', null],
  ['true', true],
])('connectionParams whose authorization is %s are as none', async (_what, authorization) => {
  const given = JSON.parse(JSON.stringify(authorization).replaceAll('GOOD', good.authorization)) as unknown;
  await using socket = await RawWebSocket.open(world.websocket);
  socket.send({ type: 'connection_init', payload: { authorization: given } });
  expect(await socket.closed).toBe(4401);
});

/** Where clients and explorers put what their user typed as a header. */
test.each([
  ['graphql-ws and Apollo Client', '{"authorization": "GOOD"}'],
  ['urql and Altair', '{"Authorization": "GOOD"}'],
  ['a shouting client', '{"AUTHORIZATION": "GOOD"}'],
  ['Apollo’s tools', '{"headers": {"Authorization": "GOOD"}}'],
  ['Postman and Insomnia', '{"headers": {"authorization": "GOOD"}}'],
  ['a client with headers in capitals', '{"Headers": {"AUTHORIZATION": "GOOD"}}'],
  ['a client that sends it twice', '{"authorization": "GOOD", "headers": {"Authorization": " GOOD "}}'],
  ['a client that leaves one empty', '{"authorization": "", "Authorization": null, "headers": {"authorization": "GOOD", "x-other": "1"}}'],
])('%s: connectionParams %s let their caller in', async (_what, payload) => {
  await using socket = await RawWebSocket.open(world.websocket);
  socket.send(`{"type":"connection_init","payload":${payload.replaceAll('GOOD', good.authorization)}}`);
  expect(await socket.message(({ type }) => type === 'connection_ack')).toBeTruthy();
});

test.each(['{"authorization": "GOOD", "headers": {"authorization": "OTHER"}}', '{"authorization": "OTHER", "Authorization": "GOOD"}'])(
  'two keys that differ are refused with a sentence: %s',
  async (payload) => {
    const texts = payload.replace('GOOD', good.authorization).replace('OTHER', revoked.authorization);
    await using socket = await RawWebSocket.open(world.websocket);
    socket.send(`{"type":"connection_init","payload":${texts}}`);
    expect(await socket.closed).toBe(4401);
    expect(socket.closeReason).toContain('connectionParams has two different authorizations. Send one of them.');
  },
);

test.each([
  ['a list', '["GOOD"]'],
  ['a text', '"GOOD"'],
  ['a prototype', '{"__proto__": {"authorization": "GOOD"}}'],
  ['a constructor', '{"constructor": {"prototype": {"authorization": "GOOD"}}}'],
  ['another name', '{"authorisation": "GOOD", "token": "GOOD", "http": {"authorization": "GOOD"}}'],
  ['headers in a list', '{"headers": [{"authorization": "GOOD"}]}'],
  ['headers that are a text', '{"headers": "authorization: GOOD"}'],
  ['headers deeper down', '{"headers": {"headers": {"authorization": "GOOD"}}}'],
])('connectionParams that are %s let nobody in', async (_what, payload) => {
  await using socket = await RawWebSocket.open(world.websocket);
  socket.send(`{"type":"connection_init","payload":${payload.replaceAll('GOOD', good.authorization)}}`);
  expect([4400, 4401]).toContain(await socket.closed);
});

test('connectionParams count before the header, even if they are wrong', async () => {
  const open = async (header: string, authorization: unknown) => {
    const socket = await RawWebSocket.open(world.websocket, { headers: { authorization: header } });
    socket.send({ type: 'connection_init', payload: { authorization } });
    return socket;
  };
  await using wrong = await open(good.authorization, revoked.authorization);
  expect(await wrong.closed).toBe(4401);
  await using right = await open(revoked.authorization, good.authorization);
  expect(await right.message(() => true)).toEqual({ type: 'connection_ack' });
  await using header = await open(good.authorization, undefined);
  expect(await header.message(() => true)).toEqual({ type: 'connection_ack' });
});

test('a socket that has not said who it is can run nothing', async () => {
  await using socket = await RawWebSocket.open(world.websocket, { headers: { authorization: good.authorization } });
  socket.subscribe('1', SLIM, { id: world.mine.id });
  expect([await socket.closed, socket.rest()]).toEqual([4401, []]);
});

test.each(['authorization', 'access_token', 'token', 'key', 'api_key'])('a key in the URL (%s) is not read', async (name) => {
  const url = `${world.url}?${name}=${encodeURIComponent(good.authorization)}&${name}2=${good.text}`;
  expect((await ask(url, null, { query: '{ __typename }' })).status).toBe(401);
  await using socket = await RawWebSocket.open(`${world.websocket}?${name}=${good.text}`);
  socket.send({ type: 'connection_init' });
  expect(await socket.closed).toBe(4401);
});

test.each(['x-api-key', 'cookie', 'proxy-authorization', 'x-forwarded-authorization', 'x-authorization'])(
  'a key in %s is not read',
  async (name) => {
    const value = name === 'cookie' ? `authorization=${good.text}` : good.authorization;
    expect(await statusOf([name, value])).toBe(401);
  },
);

test('two Authorization headers count as none, because a proxy may have read only one of them', async () => {
  expect(await statusOf(['authorization', good.authorization])).toBe(200);
  for (const second of [good.authorization, revoked.authorization, 'Basic eDp5', ''])
    expect(await statusOf(['authorization', good.authorization, 'Authorization', second])).toBe(401);
  expect(await statusOf(['authorization', revoked.authorization, 'Authorization', good.authorization])).toBe(401);
});

/** Of a good operation with these headers, as they stand. */
function statusOf(headers: readonly string[]): Promise<number | undefined> {
  const body = '{"query":"{ __typename }"}';
  const own = ['host', new URL(world.url).host, 'content-type', 'application/json', 'content-length', String(body.length)];
  return new Promise((resolve, reject) => {
    httpRequest(world.url, { method: 'POST', headers: [...own, ...headers] }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end(body);
  });
}

test('without authentication the gateway listens to this machine only, and logs it at the start', async () => {
  await using folder = await tempFolder();
  const env = gatewayEnv(world.stack.simulator, `${folder.path}/gateway.sqlite`);
  const logged: string[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line) => void logged.push(line) } });
  const onFatal = (error: Error): never => {
    throw error;
  };
  await using gateway = await startGateway(readConfig({ ...env, M2M_AUTH: 'off' }), { logger, onFatal });
  expect(logged.map((line) => JSON.parse(line) as unknown)).toContainEqual(expect.objectContaining({ event: 'authentication_off' }));
  expect(new URL(gateway.urls.graphql).hostname).toBe('127.0.0.1');
  expect((await ask(gateway.urls.graphql, 'Bearer nonsense', { query: '{ __typename }' })).status).toBe(200);
  await using socket = await RawWebSocket.ready(gateway.urls.websocket);
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);
});

test.each(['0.0.0.0', '::', '192.0.2.7', 'gateway.example.com', '127.0.0.1.example.com', '10.0.0.1'])(
  'without authentication no other address is taken: %s',
  (host) => {
    const env = { ...gatewayEnv(world.stack.simulator, 'unused.sqlite'), M2M_GRAPHQL_HOST: host };
    expect(() => readConfig({ ...env, M2M_AUTH: 'off' })).toThrow(/M2M_AUTH=off is for this machine only/);
    expect(readConfig({ ...env, M2M_AUTH: 'on' }).graphqlHost).toBe(host);
  },
);

test('authentication is on by default', () => {
  const { M2M_AUTH: _auth, ...env } = gatewayEnv(world.stack.simulator, 'unused.sqlite');
  expect(readConfig(env).auth).toBe(true);
});
