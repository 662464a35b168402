import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startCallbackSenders } from '../support/callback-senders.ts';
import { devices } from '../support/devices.ts';
import { readMetric } from '../support/read-metric.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startSpawnedStack } from '../support/spawned-stack.ts';
import { storedMarkers } from '../support/stored-markers.ts';
import { until } from '../support/until.ts';

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
const skipped = !hasPrlimit && process.env['CI'] !== 'true';
if (skipped) process.stderr.write('Exhausted descriptors are not tested: prlimit is not installed (apt-get install util-linux).\n');

const LIMIT = 200;
const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ... on ActivateDevicesAccepted { request { id status } } } }`;

/** Opens many more connections than the process has descriptors, and never says anything. */
async function openStrangers(url: string): Promise<readonly Socket[]> {
  const port = Number(new URL(url).port);
  const sockets: Socket[] = [];
  for (let number = 0; number < 3 * LIMIT; number++) {
    const socket = connect(port, '127.0.0.1')
      .on('error', () => undefined)
      .resume();
    sockets.push(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  }
  return sockets;
}

test.skipIf(skipped)(
  'strangers who open more connections than there are descriptors, at every door, keep nothing from callers, the carrier and the store, and a stop ends them',
  { timeout: 60_000 },
  async () => {
    await using stack = await startSpawnedStack({ under: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`], env: { M2M_SUBMIT_WAIT_MS: '100' } });
    const { gateway, simulator, account } = stack;
    simulator.holdCallbacks();
    await using raw = await RawWebSocket.ready(gateway.websocket);
    await using senders = startCallbackSenders(stack.callbackUrl(), { senders: 4 });
    await senders.more(100);
    const strangers = [...(await openStrangers(gateway.graphql)), ...(await openStrangers(gateway.callbacks))];
    await until(() => strangers.filter(({ closed }) => closed).length > LIMIT);

    // Who was there goes on, and who comes anew is served.
    await senders.more(500);
    await using others = startCallbackSenders(stack.callbackUrl(), { senders: 2 });
    await others.more(100);
    const input = { accountName: account, servicePlan: 'm2m4G2GB', mdnZipCode: '98801', target: { devices: devices(1) } };
    raw.subscribe('activate', ACTIVATE, { input });
    expect(await raw.message(({ id }) => id === 'activate')).toMatchObject({ payload: { data: { activateDevices: {} } } });
    await until(() => simulator.ledger.posts.length === 1);
    expect(await stack.query('{ requests { nodes { status } } }')).toMatchObject({ data: { requests: { nodes: [{}] } } });
    expect(await readMetric(gateway.admin, 'm2m_connections_ended_total{listener="graphql",reason="room"}')).toBeGreaterThan(0);
    expect(await readMetric(gateway.admin, 'm2m_connections_ended_total{listener="callbacks",reason="room"}')).toBeGreaterThan(0);
    await senders.stop();
    await others.stop();
    expect([...senders.others, ...others.others]).toEqual([]);
    const stored = await storedMarkers(gateway.graphql);
    expect([...senders.acknowledged].filter((marker) => !stored.has(marker))).toEqual([]);
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    for (const socket of strangers) socket.destroy();
  },
);

test.skipIf(skipped)('with too few file descriptors to begin with the start says so', async () => {
  await expect(startSpawnedStack({ under: ['prlimit', '--nofile=60:60'] })).rejects.toThrow(
    /Cannot listen on .*EMFILE.* Raise the limit of open files \(ulimit -n\)/,
  );
});

test('a process whose memory does not suffice ends, and everything that it had acknowledged is there', { timeout: 60_000 }, async () => {
  await using stack = await startSpawnedStack({ env: { NODE_OPTIONS: '--max-old-space-size=48' } });
  // Read into thousands of objects, some megabytes each.
  const deviceIds = Array.from({ length: 30_000 }, (_, at) => ({ id: String(at), kind: 'iccid' }));
  await using senders = startCallbackSenders(stack.callbackUrl(), {
    senders: 64,
    total: 1_000,
    body: (number) => ({ requestId: 'of-another-tool', comment: `marker ${number}.`, ...(number >= 100 && { deviceIds }) }),
  });
  await senders.finished;
  expect(senders.acknowledged.size).toBeGreaterThan(0);
  expect([...senders.others.values()]).toContain('no answer');
  // 1 when it was the thread that takes callbacks.
  expect(await stack.gateway.exited).toSatisfy((how) => how === 1 || how === 'SIGABRT' || how === 134);
  await stack.restart({ env: { NODE_OPTIONS: '' } });
  const stored = await storedMarkers(stack.gateway.graphql);
  expect([...senders.acknowledged].filter((marker) => !stored.has(marker))).toEqual([]);
});
