import { createClient } from 'graphql-ws';
import { request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { startGatedProxy } from '../follow-up/support/gated-proxy.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { startCallbackSenders } from '../support/callback-senders.ts';
import { devices } from '../support/devices.ts';
import { follow, followOverSse, type FollowEvent } from '../support/follow.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startSpawnedStack, type SpawnedStack } from '../support/spawned-stack.ts';
import { storedMarkers } from '../support/stored-markers.ts';
import { until } from '../support/until.ts';

/** Long enough for a busy machine. Whatever would hold a stop up takes longer than this. */
const LIMIT_MS = 60_000;

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ... on ActivateDevicesAccepted { request { id status } } } }`;
const REQUESTS = `{ requests(first: 10) { nodes { clientReference status error { code } carrierRequests { carrierRequestId state attempts } } } }`;

test.concurrent(
  'SIGTERM under load: not ready at once, callbacks are taken to the end, clients are told to come back, the POST under way is recorded, what waited goes on after the restart',
  { timeout: LIMIT_MS },
  async () => {
    await using simulator = await startSimulator({ magicIdentifiers: false });
    await using proxy = await startGatedProxy(simulator);
    const env = { M2M_THINGSPACE_API_URL: proxy.carrier.url, M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '2' };
    await using stack = await startSpawnedStack({ running: simulator, env });
    const { gateway } = stack;
    simulator.holdCallbacks();
    const { id } = await activateDevices(stack, 3);
    const client = createClient({ url: gateway.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
    const socket = outcome(follow(client, { id }));
    const stream = outcome(followOverSse(gateway.graphql, { id }));
    await Promise.all([socket.begun, stream.begun]);
    await using raw = await RawWebSocket.ready(gateway.websocket);
    proxy.hold('/devices/actions/activate');
    const slow = activate(stack, 'slow', 11);
    await proxy.held(1);
    const queued = activate(stack, 'queued', 21);
    await until(async () => (await shown(stack))['queued']?.status === 'QUEUED');
    await using senders = startCallbackSenders(stack.callbackUrl(), { senders: 16 });
    await senders.more(200);

    gateway.kill('SIGTERM');
    await until(async () => (await ready(stack)) !== 200);
    const atFirst = senders.acknowledged.size;
    expect(await ready(stack)).toBe(503);
    expect((await request(`${gateway.admin}/health/live`)).statusCode).toBe(200);
    expect(await raw.closed).toBe(1012);
    expect(await socket.ended).toBe('refused');
    expect(await stream.ended).toBe('refused');
    // A gateway that is stopping takes on nothing more.
    await expect(RawWebSocket.ready(gateway.websocket)).rejects.toThrow();
    // A caller who waited for the carrier gets the request, and can ask the next gateway about it.
    expect(await Promise.all([slow, queued])).toEqual(['answered', 'answered']);
    await senders.more(1);
    expect(senders.acknowledged.size).toBeGreaterThan(atFirst);
    expect(await ready(stack)).toBe(503);
    proxy.release();
    expect(await gateway.exited).toBe(0);
    await senders.finished;
    expect(gateway.output()).not.toContain('"level":50');

    await stack.restart({ env: { M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '95' } });
    const stored = await storedMarkers(stack.gateway.graphql);
    expect([...senders.acknowledged].filter((marker) => !stored.has(marker))).toEqual([]);
    await until(async () => (await shown(stack))['queued']?.status === 'IN_PROGRESS');
    expect((await shown(stack))['slow']).toMatchObject({
      status: 'IN_PROGRESS',
      error: null,
      carrierRequests: [{ carrierRequestId: simulator.ledger.posts[1]?.requestId, state: 'ACCEPTED', attempts: 1 }],
    });
    expect(simulator.ledger.posts).toHaveLength(3);
    expect([...simulator.ledger.postsPerDevice().values()].every((posts) => posts === 1)).toBe(true);
    await client.dispose();
  },
);

test.concurrent(
  'SIGTERM while the carrier never answers: the process ends by itself, and the next one shows what became of it as unknown',
  { timeout: LIMIT_MS },
  async () => {
    await using stack = await startSpawnedStack({ env: { M2M_THINGSPACE_TIMEOUT_MS: String(10 * LIMIT_MS) } });
    const { simulator, gateway } = stack;
    simulator.faults.latency('activate', 10 * LIMIT_MS);
    const answer = activate(stack, 'silent', 1);
    await until(() => simulator.ledger.posts.length === 1);
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    expect(await answer).toBe('answered');
    await stack.restart();
    expect((await shown(stack))['silent']).toMatchObject({ status: 'UNKNOWN', carrierRequests: [{ state: 'UNKNOWN', attempts: 1 }] });
    expect(simulator.ledger.posts).toHaveLength(1);
  },
);

test.each([
  ['SIGTERM', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGTERM'],
] as const)('%s, then %s: the process ends at once, not with 0, and a request that was on its way is UNKNOWN', async (first, second) => {
  await using stack = await startSpawnedStack();
  const { simulator, gateway } = stack;
  simulator.faults.latency('activate', 10 * LIMIT_MS);
  const answer = activate(stack, 'silent', 1);
  await until(() => simulator.ledger.posts.length === 1);
  gateway.kill(first);
  await until(async () => (await ready(stack)) === 503);
  gateway.kill(second);
  expect(await gateway.exited).not.toBe(0);
  await answer;
  await stack.restart();
  expect((await shown(stack))['silent']).toMatchObject({ status: 'UNKNOWN', carrierRequests: [{ state: 'UNKNOWN', attempts: 1 }] });
});

/** `answered` when the answer has a Request, `cut` when the connection ended without an answer. */
async function activate({ gateway, account }: SpawnedStack, clientReference: string, first: number): Promise<'answered' | 'cut'> {
  const input = {
    accountName: account,
    servicePlan: 'm2m4G2GB',
    mdnZipCode: '98801',
    target: { devices: devices(1, first) },
    clientReference,
  };
  const sent = request(gateway.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: ACTIVATE, variables: { input } }),
  });
  return sent.then(
    async ({ body }) => {
      expect(await body.json()).toMatchObject({ data: { activateDevices: { request: {} } } });
      return 'answered' as const;
    },
    () => 'cut' as const,
  );
}

interface Shown {
  readonly clientReference: string | null;
  readonly status: string;
}

/** The Requests of the store, by their client reference. */
async function shown(stack: SpawnedStack): Promise<Record<string, Shown>> {
  const { data, errors } = await stack.query<{ requests: { nodes: readonly Shown[] } }>(REQUESTS);
  if (!data) throw new Error(JSON.stringify(errors));
  return Object.fromEntries(data.requests.nodes.map((node) => [node.clientReference ?? 'none', node]));
}

async function ready({ gateway }: SpawnedStack): Promise<number> {
  const { statusCode, body } = await request(`${gateway.admin}/health/ready`);
  await body.dump();
  return statusCode;
}

/** Follows to the end: `complete` when the subscription completed, `refused` when it was broken off. */
function outcome(events: AsyncIterable<FollowEvent>) {
  const begun = Promise.withResolvers<void>();
  const ended = (async () => {
    try {
      for await (const _event of events) begun.resolve();
      return 'complete';
    } catch {
      return 'refused';
    }
  })();
  return { begun: begun.promise, ended };
}
