import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { expect, test } from 'vitest';
import { RequestDocument } from '../../documents/gql/graphql.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { devices } from '../support/devices.ts';
import { follow, type FollowEvent } from '../support/follow.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { openGateway } from '../support/open-gateway.ts';
import { runDocument } from '../support/run-document.ts';
import { graphql, registerListeners } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { acceptedRequest, activate, activation } from './support/activation.ts';

const ACCOUNT = '0868924207-00001';
const SIMULATED = { callbackDelayMs: [0, 0], magicIdentifiers: false } as const;
/** Long enough for a real answer, short enough to wait for a missing one. */
const PATIENCE = { M2M_SUBMIT_WAIT_MS: '300' };

test.each([
  ['no token yet', false],
  ['both tokens at hand', true],
])('a mutation while the carrier is down (%s) is QUEUED, goes out by itself, and the subscriber sees all of it', async (_what, warm) => {
  await using folder = await tempFolder();
  const before = await startSimulator(SIMULATED);
  await using gateway = await openGateway(before, `${folder.path}/gateway.sqlite`, PATIENCE);
  if (warm) {
    const first = acceptedRequest(await activate(gateway.urls.graphql, activation(ACCOUNT, { devices: devices(1, 90) })));
    // This carrier answers it, the next one does not.
    const status = async () => (await runDocument(gateway.urls.graphql, RequestDocument, { id: first.id })).request?.status;
    await until(async () => !['QUEUED', 'SUBMITTING'].includes((await status()) ?? ''));
  }
  await before[Symbol.asyncDispose]();

  const queued = acceptedRequest(await activate(gateway.urls.graphql, activation(ACCOUNT)));
  expect(queued).toMatchObject({ status: 'QUEUED', carrierRequests: [{ state: 'QUEUED' }] });
  await using client = subscriber(gateway.urls.websocket);
  const events: FollowEvent[] = [];
  const first = Promise.withResolvers<void>();
  const followed = (async () => {
    for await (const event of follow(client.client, { id: queued.id })) {
      events.push(event);
      first.resolve();
    }
  })();
  await first.promise;

  await using after = await startSimulator({ ...SIMULATED, port: Number(new URL(before.url).port) });
  await registerListeners(after, gateway);
  await followed;
  expect(events.map(({ status }) => status)).toEqual(expect.arrayContaining(['QUEUED', 'SUCCEEDED']));
  expect(events[0]).toMatchObject({ status: 'QUEUED', progress: { pending: 2, settled: 0 } });
  expect(events.at(-1)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2 } });
  expect([...after.ledger.performedPerDevice().values()]).toEqual([1, 1]);
  // The earlier tokens are refused, each kind once, before anything is performed.
  expect(after.ledger.counts.calls['activate']).toBe(warm ? 3 : 1);
});

test('a request that is QUEUED when the gateway stops goes on with the next start', async () => {
  await using folder = await tempFolder();
  const storePath = `${folder.path}/gateway.sqlite`;
  const before = await startSimulator(SIMULATED);
  await before[Symbol.asyncDispose]();
  let id: string;
  {
    await using gateway = await openGateway(before, storePath, PATIENCE);
    id = acceptedRequest(await activate(gateway.urls.graphql, activation(ACCOUNT))).id;
  }
  await using after = await startSimulator({ ...SIMULATED, port: Number(new URL(before.url).port) });
  after.holdCallbacks();
  await using gateway = await openGateway(after, storePath, PATIENCE);
  await registerListeners(after, gateway);
  await after.ledger.until(({ posts }) => posts.length === 1);
  after.releaseCallbacks();
  await using client = subscriber(gateway.urls.websocket);
  const events = await Array.fromAsync(follow(client.client, { id }));
  expect(events.at(-1)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2 } });
  expect([...after.ledger.postsPerDevice().values()]).toEqual([1, 1]);
});

test('a request that the carrier puts off with 429 is QUEUED, then sent once more and done', async () => {
  await using simulator = await startSimulator(SIMULATED);
  await using folder = await tempFolder();
  await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`, PATIENCE);
  await registerListeners(simulator, gateway);
  simulator.faults.status('activate', 429, { retryAfter: '1' });
  const queued = acceptedRequest(await activate(gateway.urls.graphql, activation(ACCOUNT)));
  expect(queued).toMatchObject({ status: 'QUEUED', error: { code: 'RATE_LIMITED' } });
  await using client = subscriber(gateway.urls.websocket);
  const events = await Array.fromAsync(follow(client.client, { id: queued.id }));
  expect(events.at(-1)?.status).toBe('SUCCEEDED');
  const { request } = await runDocument(gateway.urls.graphql, RequestDocument, { id: queued.id });
  expect(request).toMatchObject({ error: null, carrierRequests: [{ state: 'ACCEPTED', attempts: 2, error: null }] });
  expect(simulator.ledger.counts.calls['activate']).toBe(2);
  expect([...simulator.ledger.performedPerDevice().values()]).toEqual([1, 1]);
});

test('requests above the window wait QUEUED, and none of them leaves', async () => {
  await using simulator = await startSimulator(SIMULATED);
  await using folder = await tempFolder();
  await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`, {
    ...PATIENCE,
    M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '3',
  });
  const url = gateway.urls.graphql;
  const requests = await Promise.all(
    Array.from({ length: 5 }, (_, at) => activate(url, activation(ACCOUNT, { devices: devices(1, at + 1) }))),
  );
  const statuses = requests.map((result) => acceptedRequest(result).status);
  expect(statuses.filter((status) => status === 'QUEUED')).toHaveLength(2);
  // On a slow machine the mutations have waited long enough before the carrier has the three.
  await simulator.ledger.until(() => (simulator.ledger.counts.calls['activate'] ?? 0) >= 3);
  expect(simulator.ledger.counts.calls['activate']).toBe(3);
});

test('requests sent before a restart count in the window after it', async () => {
  await using simulator = await startSimulator(SIMULATED);
  await using folder = await tempFolder();
  const env = { ...PATIENCE, M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '2' };
  const send = async (at: number) => {
    await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`, env);
    return acceptedRequest(await activate(gateway.urls.graphql, activation(ACCOUNT, { devices: devices(1, at) }))).status;
  };
  expect([await send(1), await send(2), await send(3)]).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'QUEUED']);
  expect(simulator.ledger.counts.calls['activate']).toBe(2);
});

test('mutations above the limit of waiting requests are RateLimited and leave nothing behind', async () => {
  const before = await startSimulator(SIMULATED);
  await before[Symbol.asyncDispose]();
  await using folder = await tempFolder();
  const env = { ...PATIENCE, M2M_MAX_QUEUED_REQUESTS: '1', M2M_CALLER_MAX_QUEUED_REQUESTS: '1' };
  await using gateway = await openGateway(before, `${folder.path}/gateway.sqlite`, env);
  acceptedRequest(await activate(gateway.urls.graphql, activation(ACCOUNT)));
  const refused = await activate(gateway.urls.graphql, activation(ACCOUNT, { idempotencyKey: 'later' }));
  expect(refused).toMatchObject({ __typename: 'RateLimited', code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
});

test('a request that was being sent when the gateway was killed is UNKNOWN at the next start and never sent again', async () => {
  await using simulator = await startSimulator(SIMULATED);
  await using folder = await tempFolder();
  const storePath = `${folder.path}/gateway.sqlite`;
  simulator.faults.latency('activate', 60_000);
  {
    await using process = await spawnGateway(gatewayEnv(simulator, storePath));
    const cut = activate(process.graphql, activation(ACCOUNT, { clientReference: 'cut' })).catch(() => 'cut');
    await simulator.ledger.until(({ posts }) => posts.length === 1);
    process.kill('SIGKILL');
    expect(await process.exited).toBe('SIGKILL');
    expect(await cut).toBe('cut');
  }
  await using gateway = await openGateway(simulator, storePath);
  const { data } = await graphql<{ requests: { nodes: unknown[] } }>(
    gateway.urls.graphql,
    `
      {
        requests(filter: { clientReference: "cut" }) {
          nodes {
            status
            error {
              code
            }
            carrierRequests {
              state
              attempts
            }
            outcomes {
              nodes {
                status
              }
            }
          }
        }
      }
    `,
  );
  expect(data?.requests.nodes).toMatchObject([
    {
      status: 'UNKNOWN',
      error: { code: 'UNANSWERED' },
      carrierRequests: [{ state: 'UNKNOWN', attempts: 1 }],
      outcomes: { nodes: [{ status: 'UNKNOWN' }, { status: 'UNKNOWN' }] },
    },
  ]);
  acceptedRequest(await activate(gateway.urls.graphql, activation(ACCOUNT, { devices: devices(1, 90) })));
  expect([...simulator.ledger.postsPerDevice().values()]).toEqual([1, 1, 1]);
});

function subscriber(url: string) {
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
  return { client, [Symbol.asyncDispose]: async () => client.dispose() };
}
