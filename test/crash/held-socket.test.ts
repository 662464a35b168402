import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { startCallbackSenders } from '../support/callback-senders.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { holdSocket, type HeldSocket } from '../support/held-socket.ts';
import { readMetric } from '../support/read-metric.ts';
import { startSpawnedStack } from '../support/spawned-stack.ts';
import { storedMarkers } from '../support/stored-markers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const SENDERS = 8;
/** More than Node's own backlog of 511. */
const WAITING = 600;
const UNCLAIMED = 'm2m_callbacks_total{service="CarrierService",outcome="unclaimed"}';
/** Long enough for a busy machine. */
const LIMIT_MS = 60_000;

/** The same socket as two descriptors. */
const inherit = ({ descriptor }: HeldSocket) => ({ env: { M2M_CALLBACK_FD: '3-4' }, descriptors: [descriptor, descriptor] });

test.concurrent.each(['SIGKILL', 'SIGTERM'] as const)(
  'a restart by %s under a held socket: no callback is refused, and none that was acknowledged is lost or stored twice',
  { timeout: LIMIT_MS },
  async (signal) => {
    using held = holdSocket();
    const { env, descriptors } = inherit(held);
    await using stack = await startSpawnedStack({ env, descriptors });
    await using senders = startCallbackSenders(stack.callbackUrl(), { senders: SENDERS, isCarrierLike: true });
    await senders.more(100);
    stack.gateway.kill(signal);
    await stack.gateway.exited;
    await stack.restart({ descriptors });
    await senders.more(100);
    await senders.stop();
    expect(senders.refused.size).toBe(0);
    // Connections of the killed process are cut. A process that stops answers every request it has taken.
    expect([...senders.others.values()].filter((status) => status !== 'no answer')).toEqual([]);
    expect(senders.others.size).toBeLessThanOrEqual(signal === 'SIGKILL' ? SENDERS : 0);
    const stored = await storedMarkers(stack.gateway.graphql);
    expect([...senders.acknowledged].filter((marker) => !stored.has(marker))).toEqual([]);
  },
);

test.concurrent('what is asked while no gateway runs is answered by the next one, at both doors', { timeout: LIMIT_MS }, async () => {
  using held = holdSocket();
  using graphql = holdSocket();
  const env = { ...inherit(held).env, M2M_AUTH: 'on', M2M_GRAPHQL_FD: '5' };
  const descriptors = [...inherit(held).descriptors, graphql.descriptor];
  await using stack = await startSpawnedStack({ env, descriptors });
  expect(stack.gateway.callbacks).toBe(`http://127.0.0.1:${held.port}`);
  expect(stack.gateway.graphql).toBe(`http://127.0.0.1:${graphql.port}/graphql`);
  stack.gateway.kill('SIGTERM');
  expect(await stack.gateway.exited).toBe(0);
  const asked = stack.query('{ __typename }');
  const url = new URL(stack.callbackUrl());
  const sockets = Array.from({ length: WAITING }, () => connect(held.port, '127.0.0.1'));
  for (const [marker, socket] of sockets.entries()) {
    const body = JSON.stringify({ requestId: 'of-another-tool', status: 'Success', comment: `marker ${marker}.` });
    socket.write(
      `POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  // This client has given up since. Its callback is stored all the same.
  const [gone, ...waiting] = sockets;
  gone?.end();
  const answers = waiting.map(async (socket) => String((await once(socket, 'data'))[0]));
  const { admin } = await stack.restart({ descriptors });
  expect((await Promise.all(answers)).filter((answer) => !answer.startsWith('HTTP/1.1 200'))).toEqual([]);
  await until(async () => (await readMetric(admin, UNCLAIMED)) === WAITING);
  expect(await asked).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  for (const socket of sockets) socket.destroy();
});

test.concurrent(
  'M2M_CALLBACK_ADDRESSES=auto goes by where the held socket listens, whatever M2M_CALLBACK_HOST says',
  { timeout: LIMIT_MS },
  async () => {
    using held = holdSocket('0.0.0.0');
    const env = { M2M_CALLBACK_HOST: '127.0.0.1', M2M_CALLBACK_PUBLIC_URL: 'http://m2m.example.com:9001', M2M_CALLBACK_FD: '3' };
    await using stack = await startSpawnedStack({ env, descriptors: [held.descriptor] });
    expect(stack.gateway.output()).toContain('"status":"published or private","event":"callback_addresses"');
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
    return spawnGateway(env, { descriptors }).then(async (gateway) => {
      await gateway[Symbol.asyncDispose]();
      return 'it started';
    }, String);
  };
  const [ofFile, apart] = await Promise.all([faultOf('3', [file.fd]), faultOf('3-4', [held.descriptor, other.descriptor])]);
  expect(ofFile).toContain('M2M_CALLBACK_FD names descriptor 3, which is no socket to listen on');
  expect(apart).toContain(`M2M_CALLBACK_FD names descriptor 4, which listens on http://127.0.0.1:${other.port}`);
});
