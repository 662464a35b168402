import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { startCallbackSenders } from '../support/callback-senders.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { holdSocket, type HeldSocket } from '../support/held-socket.ts';
import { startSpawnedStack } from '../support/spawned-stack.ts';
import { storedMarkers } from '../support/stored-markers.ts';
import { tempFolder } from '../support/temp-folder.ts';

const SENDERS = 8;
/** More than Node's own backlog of 511. */
const WAITING = 600;
/** On a machine with much else to do. */
const LIMIT_MS = 60_000;

/** The one socket as two descriptors. */
const inherit = ({ descriptor }: HeldSocket) => ({ env: { M2M_CALLBACK_FD: '3-4' }, descriptors: [descriptor, descriptor] });

test.concurrent.each([
  ['SIGKILL', 'NEW'],
  ['SIGTERM', 'NEW'],
  ['SIGTERM', 'KEPT'],
] as const)(
  'restarts by %s under a held socket, %s connections: no callback is refused, and none that was acknowledged is lost or doubled',
  { timeout: LIMIT_MS },
  async (signal, connections) => {
    using held = holdSocket();
    await using stack = await startSpawnedStack(inherit(held));
    await using senders = startCallbackSenders(stack.callbackUrl(), { senders: SENDERS, throughEnds: connections });
    for (const _restart of [1, 2]) {
      await senders.more(100);
      stack.gateway.kill(signal);
      await stack.gateway.exited;
      await stack.restart({ descriptors: [held.descriptor, held.descriptor] });
    }
    await senders.more(100);
    await senders.stop();
    expect([...senders.refused]).toEqual([]);
    // What was with the killed process is cut; one that stops leaves nothing unanswered.
    const cut = signal === 'SIGKILL' ? 2 * SENDERS : 0;
    expect([...senders.others.values()].filter((status) => status !== 'no answer')).toEqual([]);
    expect(senders.others.size).toBeLessThanOrEqual(cut);
    const stored = await storedMarkers(stack.gateway.graphql);
    expect([...senders.acknowledged].filter((marker) => !stored.has(marker))).toEqual([]);
  },
);

test.concurrent('callbacks that come while no gateway runs are answered by the next one', { timeout: LIMIT_MS }, async () => {
  using held = holdSocket();
  await using stack = await startSpawnedStack(inherit(held));
  stack.gateway.kill('SIGTERM');
  expect(await stack.gateway.exited).toBe(0);
  const url = new URL(stack.callbackUrl());
  const sockets = Array.from({ length: WAITING }, () => connect(held.port, '127.0.0.1'));
  for (const [marker, socket] of sockets.entries()) {
    const body = JSON.stringify({ requestId: 'of-another-tool', status: 'Success', comment: `marker ${marker}.` });
    socket.write(
      `POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  // One that has given up since: what it sent is here all the same.
  const [gone, ...waiting] = sockets;
  gone?.end();
  const answers = waiting.map(async (socket) => String((await once(socket, 'data'))[0]));
  await stack.restart({ descriptors: [held.descriptor, held.descriptor] });
  expect((await Promise.all(answers)).filter((answer) => !answer.startsWith('HTTP/1.1 200'))).toEqual([]);
  expect((await storedMarkers(stack.gateway.graphql)).size).toBe(WAITING);
  for (const socket of sockets) socket.destroy();
});

test.concurrent('GraphQL that is asked while no gateway runs is answered by the next one', { timeout: LIMIT_MS }, async () => {
  using held = holdSocket();
  const env = { M2M_AUTH: 'on', M2M_GRAPHQL_FD: '3' };
  const descriptors = [held.descriptor];
  await using stack = await startSpawnedStack({ env, descriptors });
  expect(stack.gateway.graphql).toBe(`http://127.0.0.1:${held.port}/graphql`);
  stack.gateway.kill('SIGTERM');
  expect(await stack.gateway.exited).toBe(0);
  const answer = stack.query('{ __typename }');
  await stack.restart({ descriptors });
  expect(await answer).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});

test.concurrent.each([
  ['127.0.0.1', '0.0.0.0', 'any'],
  ['0.0.0.0', '127.0.0.1', 'published or private'],
])(
  'M2M_CALLBACK_ADDRESSES=auto goes by where the held socket listens: %s, whatever M2M_CALLBACK_HOST=%s says',
  { timeout: LIMIT_MS },
  async (address, host, rule) => {
    using held = holdSocket(address);
    const env = { M2M_CALLBACK_HOST: host, M2M_CALLBACK_PUBLIC_URL: 'http://m2m.example.com:9001', M2M_CALLBACK_FD: '3' };
    await using stack = await startSpawnedStack({ env, descriptors: [held.descriptor] });
    expect(stack.gateway.output()).toContain(`"status":"${rule}","event":"callback_addresses"`);
    expect(stack.gateway.callbacks).toBe(`http://127.0.0.1:${held.port}`);
  },
);

test.concurrent('a descriptor that is no listening socket is told by its variable', { timeout: LIMIT_MS }, async () => {
  using held = holdSocket();
  using other = holdSocket();
  await using folder = await tempFolder();
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using file = await open(`${folder.path}/file`, 'w');
  const faultOf = async (name: string, descriptors: readonly number[]) => {
    const env = { ...gatewayEnv(simulator, `${folder.path}/${name}.sqlite`), M2M_CALLBACK_FD: name };
    return spawnGateway(env, { descriptors }).then(() => 'it started', String);
  };
  const [none, ofFile, apart] = await Promise.all([
    faultOf('200', []),
    faultOf('3', [file.fd]),
    faultOf('3-4', [held.descriptor, other.descriptor]),
  ]);
  expect(none).toContain('M2M_CALLBACK_FD names descriptor 200, which is no socket to listen on');
  expect(ofFile).toContain('M2M_CALLBACK_FD names descriptor 3, which is no socket to listen on');
  expect(apart).toContain(`M2M_CALLBACK_FD names descriptor 4, which listens on http://127.0.0.1:${other.port}`);
});
