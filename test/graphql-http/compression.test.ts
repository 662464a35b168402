import { once } from 'node:events';
import { constants, deflateRawSync, gunzipSync } from 'node:zlib';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { activateDevices } from '../support/activate-devices.ts';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const DEVICES = 100;
const OUTCOMES = 'outcomes(first: 200) { nodes { id index status deviceIds { kind value }';
const PLAIN_QUERY = `query ($id: ID!) { request(id: $id) { ${OUTCOMES} } } } }`;
const SECRET_QUERY = `query ($id: ID!) { request(id: $id) { ${OUTCOMES} activationCode } } } }`;
const EVENTS = 'subscription ($id: ID!) { requestStatus(requestId: $id, batchSize: 1000) { cursor outcomes { id index status } } }';
const SECRET_EVENTS = EVENTS.replace('index status', 'index status activationCode deviceCredential { __typename }');

let stack: Stack;
let key: TestKey;
let id: string;
beforeAll(async () => {
  stack = await startStack({ env: { M2M_AUTH: 'on' } });
  key = await makeKey(stack.gateway, {
    scopes: { '*': ['read', 'write'] },
    grants: ['activationCode', 'deviceCredential', 'introspection'],
  });
  const asOurs = {
    ...stack,
    query: (document: string, variables?: Record<string, unknown>) => stack.query(document, variables, key.authorization),
  };
  ({ id } = await activateDevices(asOurs as Stack, DEVICES));
  await stack.simulator.idle();
  // On a busy machine the callbacks leave an overload behind, which passes.
  await until(async () => !(await asOurs.query('{ __typename }')).errors);
});
afterAll(() => stack[Symbol.asyncDispose]());

async function ask(query: string, encodings: string | null, accept?: string) {
  const { headers, body } = await request(stack.gateway.urls.graphql, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: key.authorization,
      ...(encodings !== null && { 'accept-encoding': encodings }),
      ...(accept !== undefined && { accept }),
    },
    body: JSON.stringify({ query, variables: { id } }),
  });
  return { headers, bytes: Buffer.from(await body.arrayBuffer()) };
}

test.each(['gzip', 'gzip, deflate, br, zstd', 'br;q=1.0, gzip;q=0.8, *;q=0.1', '*', 'GZIP'])(
  'a large answer is compressed for Accept-Encoding: %s',
  async (encodings) => {
    const plain = await ask(PLAIN_QUERY, null);
    expect(plain.headers['content-encoding']).toBeUndefined();
    const { headers, bytes } = await ask(PLAIN_QUERY, encodings);
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(bytes.length), vary: 'Accept-Encoding' });
    expect(headers['content-type']).toBe(plain.headers['content-type']);
    expect(gunzipSync(bytes).equals(plain.bytes)).toBe(true);
    expect(bytes.length).toBeLessThan(plain.bytes.length / 4);
  },
);

test.each([
  ['nobody who does not ask for it', PLAIN_QUERY, 'identity'],
  ['nobody who refuses it', PLAIN_QUERY, 'gzip;q=0, *;q=0.5'],
  ['nobody who takes other encodings', PLAIN_QUERY, 'br, deflate'],
  ['no small answer', '{ __typename }', 'gzip'],
  ['no answer with a secret (BREACH)', SECRET_QUERY, 'gzip'],
])('%s is sent anything compressed', async (_what, query, encodings) => {
  const { headers, bytes } = await ask(query, encodings);
  expect(headers).not.toHaveProperty('content-encoding');
  expect(JSON.parse(bytes.toString())).not.toHaveProperty('errors');
});

test('an event stream is not compressed', async () => {
  const { headers, bytes } = await ask(EVENTS, 'gzip', 'text/event-stream');
  expect(headers).not.toHaveProperty('content-encoding');
  expect(bytes.toString()).toContain('event: complete');
});

test('many who ask at once are all answered, compressed or not', async () => {
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask(PLAIN_QUERY, 'gzip')));
  const texts = answers.map(({ headers, bytes }) => (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString());
  expect(new Set(texts).size).toBe(1);
});

/** A socket that tells of each frame whether it came compressed. */
async function open(perMessageDeflate: boolean) {
  const socket = new WebSocket(stack.gateway.urls.websocket, 'graphql-transport-ws', { perMessageDeflate });
  await once(socket, 'open');
  const frames: string[] = [];
  socket.on('message', (data: Buffer) => frames.push(data.toString()));
  let raw = 0;
  (socket as unknown as { _socket: NodeJS.ReadableStream })._socket.on('data', (chunk: Buffer) => (raw += chunk.length));
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: key.authorization } }));
  // The acknowledgement is not part of an answer.
  await once(socket, 'message');
  const run = async (query: string) => {
    const [before, from] = [raw, frames.length];
    socket.send(JSON.stringify({ id: 'x', type: 'subscribe', payload: { query, variables: { id } } }));
    while (!frames.slice(from).some((frame) => frame.includes('"complete"'))) await once(socket, 'message');
    const text = frames.slice(from).join('');
    return { text, came: raw - before };
  };
  return { socket, run, [Symbol.dispose]: () => socket.terminate() };
}

test.each([
  ['an answer', PLAIN_QUERY, true],
  ['an event', EVENTS, true],
  ['an answer with a secret', SECRET_QUERY, false],
  ['an event with a secret', SECRET_EVENTS, false],
])('over a WebSocket %s goes out compressed only if it holds no secret', async (_what, query, compressed) => {
  using offered = await open(true);
  using plain = await open(false);
  expect([offered.socket.extensions, plain.socket.extensions]).toEqual(['permessage-deflate', '']);
  const [left, right] = [await offered.run(query), await plain.run(query)];
  expect(left.text === right.text).toBe(true);
  expect(left.text.includes('"errors"')).toBe(false);
  expect(right.came).toBeGreaterThan(right.text.length);
  expect(left.came < left.text.length / 3).toBe(compressed);
});

test('what a stranger sends compressed is not longer than what it may send plain', async () => {
  const socket = new WebSocket(stack.gateway.urls.websocket, 'graphql-transport-ws', { perMessageDeflate: { threshold: 0 } });
  await once(socket, 'open');
  const closed = once(socket, 'close');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { padding: 'x'.repeat(1_000_000) } }));
  await closed;
  expect(deflateRawSync('x'.repeat(1_000_000), { level: constants.Z_BEST_SPEED }).length).toBeLessThan(65_536);
});

test('a message that is too long is too long compressed, too: 1009', async () => {
  using client = await open(true);
  const closed = once(client.socket, 'close') as Promise<[number]>;
  client.socket.send(JSON.stringify({ type: 'ping', payload: { padding: 'x'.repeat(9_000_000) } }));
  expect((await closed)[0]).toBe(1009);
});
