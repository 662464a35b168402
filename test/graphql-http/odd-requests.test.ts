import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A gateway of its own process: what nobody catches would end it. */
const undo = new AsyncDisposableStack();
let gateway: GatewayProcess;
let ended: string | number | null = null;

beforeAll(async () => {
  const folder = undo.use(await tempFolder());
  const carrier = {
    url: 'http://127.0.0.1:9/api',
    credentials: { clientId: 'key', clientSecret: 'secret', username: 'user', password: 'password' },
    accounts: ['0868924207-00001'],
  };
  gateway = undo.use(await spawnGateway(gatewayEnv(carrier, `${folder.path}/gateway.sqlite`)));
  void gateway.exited.then((how) => (ended = how));
});
afterAll(() => undo.disposeAsync());

type Listener = 'graphql' | 'callbacks' | 'admin';

function open(listener: Listener): Socket {
  const socket = connect(Number(new URL(gateway[listener]).port), '127.0.0.1');
  return socket.on('error', () => undefined);
}

/** The status line that comes back; empty when the connection is closed without one. */
async function statusOf(listener: Listener, text: string): Promise<string> {
  const socket = open(listener);
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
    if (answer.includes('\r\n')) socket.destroy();
  });
  await once(socket, 'close');
  return answer.split('\r\n', 1)[0] ?? '';
}

async function unharmed(): Promise<void> {
  expect((await request(`${gateway.admin}/health/ready`)).statusCode).toBe(200);
  const hello = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ __typename }"}' } as const;
  expect((await request(gateway.graphql, hello)).statusCode).toBe(200);
  expect(ended).toBeNull();
  expect(gateway.output()).not.toMatch(/"level":50/);
}

const UPGRADE = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const TARGETS = [
  '//',
  '///',
  '/\\',
  '//graphql',
  'http://[',
  'http://evil.example/graphql',
  '*',
  '/%',
  '/%zz',
  '/../graphql',
  '/graphql/',
  '/graphql#x',
];

test.each(['h2c', 'TLS/1.3', 'h2c, websocket'])(
  'a POST that offers to go on with %s is answered as any other, at every door',
  async (protocol) => {
    const body = '{"query":"{ __typename }"}';
    const offer = `host: localhost\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: ${protocol}\r\nhttp2-settings: AAEAAEAA\r\n`;
    const post = (path: string) =>
      `POST ${path} HTTP/1.1\r\n${offer}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    expect(await statusOf('graphql', post('/graphql'))).toBe('HTTP/1.1 200 OK');
    expect(await statusOf('callbacks', post('/callbacks/x'))).toBe('HTTP/1.1 404 Not Found');
    await unharmed();
  },
);

test.each(TARGETS)('a request for %j is nobody’s at any door, as an upgrade too', async (target) => {
  const head = `host: 127.0.0.1\r\nconnection: close\r\n`;
  const post = `POST ${target} HTTP/1.1\r\n${head}content-type: application/json\r\ncontent-length: 2\r\n\r\n{}`;
  for (const listener of ['graphql', 'callbacks', 'admin'] as const) expect(await statusOf(listener, post)).toMatch(/^HTTP\/1\.1 40[04] /);
  expect(await statusOf('admin', `GET ${target} HTTP/1.1\r\n${head}\r\n`)).toMatch(/^HTTP\/1\.1 40[04] /);
  expect(await statusOf('graphql', `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\n${UPGRADE}\r\n`)).toMatch(/^HTTP\/1\.1 40[04] /);
  await unharmed();
});

test.each([
  ['a body that is taken', '/graphql', 27, /^HTTP\/1\.1 100 /],
  ['a body that is too long', '/graphql', 900_000_000, /^HTTP\/1\.1 413 /],
  ['a path that is not there', '/elsewhere', 27, /^HTTP\/1\.1 404 /],
])('who asks before sending its body is told at once whether to send it: %s', async (_what, path, length, status) => {
  const head = `host: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\nexpect: 100-continue`;
  expect(await statusOf('graphql', `POST ${path} HTTP/1.1\r\n${head}\r\n\r\n`)).toMatch(status);
  await unharmed();
});

test.each([
  [
    'an upgrade to something else',
    'graphql',
    `GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n`,
    /^HTTP\/1\.1 4/,
  ],
  ['an upgrade of the callback door', 'callbacks', `GET /callbacks/x HTTP/1.1\r\nhost: x\r\n${UPGRADE}\r\n`, /^HTTP\/1\.1 405 /],
  ['an upgrade of the admin door', 'admin', `GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\n${UPGRADE}\r\n`, /^HTTP\/1\.1 4/],
  ['a CONNECT', 'graphql', 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n', /^(?:HTTP\/1\.1 4.*)?$/],
  ['no HTTP', 'callbacks', 'HELO carrier\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['TLS', 'callbacks', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^HTTP\/1\.1 400 /],
  ['HTTP/2', 'graphql', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 (?:400|505) /],
  [
    'an expectation nobody meets',
    'graphql',
    'POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nexpect: a miracle\r\ncontent-length: 0\r\n\r\n',
    /^HTTP\/1\.1 417 /,
  ],
  ['no Host', 'graphql', 'POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}', /^HTTP\/1\.1 400 /],
  ['two Hosts', 'graphql', 'POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\ncontent-length: 0\r\n\r\n', /^HTTP\/1\.1 4/],
  ['a Host that is no name', 'graphql', `GET /graphql HTTP/1.1\r\nhost: [::\r\n${UPGRADE}\r\n`, /^HTTP\/1\.1 421 /],
] as const)('%s is refused', async (_what, listener, text, status) => {
  expect(await statusOf(listener, text)).toMatch(status);
  await unharmed();
});

test('clients that are gone before a refused upgrade is answered end nothing', async () => {
  for (let turn = 0; turn < 200; turn++) {
    const socket = open('graphql');
    await once(socket, 'connect');
    socket.write(`GET /elsewhere HTTP/1.1\r\nhost: 127.0.0.1\r\n${UPGRADE}\r\n`, () => socket.resetAndDestroy());
    await once(socket, 'close');
  }
  await unharmed();
});
