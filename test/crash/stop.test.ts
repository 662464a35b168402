import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { FOLLOW } from '../support/follow.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { startPreviousListener } from '../support/previous-listener.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startSpawnedStack } from '../support/spawned-stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const HEAD = 'host: 127.0.0.1\r\ncontent-type: application/json\r\n';
const UPGRADE = 'connection: upgrade\r\nupgrade: websocket\r\n';

/** What each connection has sent before the gateway must stop, by door. None of them ever closes its half by itself. */
const CONNECTIONS: readonly (readonly [door: 'graphql' | 'callbacks' | 'admin', sent: string])[] = [
  ...(['graphql', 'callbacks', 'admin'] as const).flatMap((door) => [
    [door, ''] as const,
    [door, 'POST /graphql HTTP/1.1\r\nhost: 127'] as const,
    [door, 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'] as const,
  ]),
  ['graphql', `POST /graphql HTTP/1.1\r\n${HEAD}content-length: 1000\r\n\r\n{"query":`],
  ['graphql', `GET /nowhere HTTP/1.1\r\nhost: 127.0.0.1\r\n${UPGRADE}\r\n`],
  ['graphql', `GET /graphql HTTP/1.1\r\nhost: elsewhere.example\r\n${UPGRADE}\r\n`],
  ['graphql', `GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://elsewhere.example\r\n${UPGRADE}\r\n`],
  [
    'graphql',
    `GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\n${UPGRADE}sec-websocket-version: 13\r\nsec-websocket-key: ${btoa('0123456789abcdef')}\r\n\r\n`,
  ],
];

test(
  'a stop is held up neither by clients that leave their connections as they are, nor by a carrier or a listener that does not answer',
  { timeout: 60_000 },
  async () => {
    await using previous = await startPreviousListener(() => 'HANG');
    await using simulator = await startSimulator({ magicIdentifiers: false });
    const env = { M2M_OVERDUE_AFTER_MS: '1000', M2M_CALLBACK_FORWARD: `*=${previous.url}`, M2M_THINGSPACE_TIMEOUT_MS: '600000' };
    await using stack = await startSpawnedStack({ running: simulator, env });
    const { gateway } = stack;
    simulator.holdCallbacks();
    const { id } = await activateDevices(stack, 1);
    simulator.faults.latency('requestStatus', 600_000, Infinity);
    simulator.faults.latency('deviceList', 600_000, Infinity);
    // A question to the carrier and a copy for the previous listener, both without an answer.
    await until(() => (simulator.ledger.counts.calls['requestStatus'] ?? 0) > 0);
    await post(stack.callbackUrl(), JSON.stringify({ requestId: 'of-another-tool', status: 'Success' }));
    await until(() => previous.posts.length > 0);
    const sockets: Socket[] = [];
    for (const [door, sent] of [...CONNECTIONS, ['callbacks', halfOf(stack.callbackUrl())] as const]) {
      const socket = connect({ port: Number(new URL(gateway[door]).port), host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => undefined).resume();
      sockets.push(socket);
      await once(socket, 'connect');
      if (sent !== '') await new Promise((resolve) => socket.write(sent, resolve));
    }
    // Answers, a WebSocket and an event stream whose clients read nothing.
    const unread = connect(Number(new URL(gateway.graphql).port), '127.0.0.1').on('error', () => undefined);
    const asked = JSON.stringify({ query: '{ __schema { types { name description fields { name description } } } }' });
    unread.write(`POST /graphql HTTP/1.1\r\n${HEAD}content-length: ${asked.length}\r\n\r\n${asked}`.repeat(100));
    sockets.push(unread);
    await using raw = await RawWebSocket.ready(gateway.websocket);
    raw.subscribe('1', FOLLOW, { id });
    await raw.message((message) => message.id === '1');
    raw.socket.pause();
    const stream = httpRequest(gateway.graphql, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    });
    stream.on('error', () => undefined).end(JSON.stringify({ query: FOLLOW, variables: { id } }));
    await once(stream, 'response');

    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    for (const socket of [...sockets, stream]) socket.destroy();
  },
);

test('SIGTERM during the start: the process ends without having listened, and the next one starts', async () => {
  await using folder = await tempFolder();
  await using simulator = await startSimulator({ magicIdentifiers: false });
  const env = { ...gatewayEnv(simulator, `${folder.path}/gateway.sqlite`), M2M_CALLBACK_REGISTER: 'on' };
  simulator.faults.latency('callbackList', 600_000);
  const asking = until(() => (simulator.ledger.counts.calls['callbackList'] ?? 0) > 0);
  await expect(spawnGateway(env, { signalled: asking.then(() => 'SIGTERM') })).rejects.toMatchObject({
    message: expect.stringContaining('"stopped_while_starting"'),
    cause: { how: 0 },
  });
  await using _next = await spawnGateway(env);
});

/** A callback whose body ends in the middle. */
function halfOf(url: string): string {
  return `POST ${new URL(url).pathname} HTTP/1.1\r\n${HEAD}content-length: 1000\r\n\r\n{"requestId":`;
}

async function post(url: string, body: string): Promise<void> {
  expect((await fetch(url, { method: 'POST', body })).status).toBe(200);
}
