import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type Client } from 'graphql-ws';
import { request } from 'undici';
import { expect, onTestFailed } from 'vitest';
import WebSocket from 'ws';
import { deviceCallback } from '../support/device-callback.ts';
import type { SpawnOptions } from '../support/gateway-process.ts';
import { devices } from '../support/devices.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { readMetric } from '../support/read-metric.ts';
import { startSpawnedStack, type SpawnedStack } from '../support/spawned-stack.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { startCallbackLanes, type CallbackLanes } from './callback-lanes.ts';

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) {
  __typename ... on ActivateDevicesAccepted { request { id } } ... on MutationError { message code } } }`;
const FOLLOW = 'subscription ($id: ID!) { requestStatus(requestId: $id) { cursor status } }';
const REQUESTS = '{ requests(first: 10) { nodes { id carrierRequests { carrierRequestId } } } }';

interface DatabasePlace {
  readonly server: PostgresServer;
  readonly proxy: TcpFaultProxy;
  /** The database itself, beside the proxy. */
  readonly url: string;
}

/** A gateway process that reaches its database through a proxy. */
export interface Place extends DatabasePlace, AsyncDisposable {
  readonly stack: SpawnedStack;
}

export interface Outage {
  readonly name: string;
  readonly begin: (place: DatabasePlace) => Promise<void>;
  readonly end: (place: DatabasePlace) => Promise<void>;
}

interface PlaceOptions extends Pick<SpawnOptions, 'listeners'> {
  /** What happens to the database before the gateway is started. */
  readonly begin?: Outage['begin'];
  /** Told of each piece that the gateway asks, before the database has it. */
  readonly onAsked?: (piece: Buffer, proxy: TcpFaultProxy) => void;
}

export async function startPlace(server: PostgresServer, { begin, listeners, onAsked }: PlaceOptions = {}): Promise<Place> {
  await using undo = new AsyncDisposableStack();
  const url = await server.createDatabase();
  const proxy: TcpFaultProxy = undo.use(await startTcpFaultProxy(url, undefined, { onAsked: (piece) => onAsked?.(piece, proxy) }));
  const folder = undo.use(await tempFolder());
  const env = { M2M_STORE_URL: proxy.through(url), M2M_STORE_JOURNAL: `${folder.path}/journal.sqlite` };
  await begin?.({ server, proxy, url });
  const stack = undo.use(await startSpawnedStack({ env, listeners }));
  const built = undo.move();
  return { server, proxy, url, stack, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** Goes through an outage: callbacks are taken, callers are told, an open subscription waits, and all is well afterwards. */
export async function goThrough(outage: Outage, server: PostgresServer): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const place = undo.use(await startPlace(server));
  const { stack, url } = place;
  let reached = 'the start';
  onTestFailed(async () => {
    const report = await Promise.race([health(stack, '/health/ready/callbacks'), delay(5_000, 'no answer')]).catch(String);
    process.stderr.write(`It came to ${reached}. ${JSON.stringify(report)}\n${stack.gateway.output().slice(-8_000)}\n`);
  });
  const client = createClient({ url: stack.gateway.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
  undo.defer(() => client.dispose());
  const { id, carrierRequestId } = await activate(stack);
  const seen: unknown[] = [];
  const following = (async () => {
    for await (const event of client.iterate({ query: FOLLOW, variables: { id } })) seen.push(event);
  })();
  following.catch(() => undefined);
  await until(() => seen.length > 0);
  const lanes = undo.use(startCallbackLanes(() => stack.callbackUrl()));
  await lanes.more(100);

  reached = 'the beginning of the outage';
  await outage.begin(place);
  const notReady = await timed(() => until(async () => (await health(stack, '/health/ready')).status === 503));
  reached = 'a full journal';
  await untilJournaled(stack);
  reached = 'callers who are told';
  await expectTold(stack, client, id);
  reached = 'the verdict';
  // The verdict of the request comes while the database is away.
  const verdict = JSON.stringify(deviceCallback(carrierRequestId, 1));
  expect((await request(stack.callbackUrl(), { method: 'POST', body: verdict })).statusCode).toBe(200);
  await lanes.more(100);

  reached = 'the end of the outage';
  await outage.end(place);
  const ready = await timed(() => until(async () => (await health(stack, '/health/ready')).status === 200));
  reached = 'an empty journal';
  const emptied = await timed(() => untilEmptied(stack));
  reached = 'the follower';
  await following;
  reached = 'the ledger';
  expect(seen.at(-1)).toMatchObject({ data: { requestStatus: { status: 'SUCCEEDED' } } });
  await lanes.more(100);
  expect(lanes.others).toEqual([]);
  await settle(`${outage.name}: not ready after ${notReady}, ready again after ${ready}, journal empty after ${emptied}`, lanes, url);
  expect(await readMetric(stack.gateway.admin, 'm2m_journal_messages')).toBe(0);
}

/** Waits until the journal has many messages, and the checks tell of them. */
export async function untilJournaled(stack: SpawnedStack): Promise<void> {
  await until(async () => (await readMetric(stack.gateway.admin, 'm2m_journal_messages')) > 50);
  expect(await health(stack, '/health/ready/callbacks')).toMatchObject({
    status: 200,
    body: { ready: true, checks: { store: expect.stringMatching(/^failing/), journal: expect.stringMatching(/messages wait/) } },
  });
}

export async function untilEmptied(stack: SpawnedStack): Promise<void> {
  await until(async () => (await health(stack, '/health/ready/callbacks')).body.checks['journal'] === 'ok');
}

/** Ends the sending, tells the books and compares them. */
export async function settle(name: string, lanes: CallbackLanes, url: string): Promise<void> {
  await lanes.stop();
  const { acked, lost, phantom, double, disorder } = await lanes.compare(url);
  process.stderr.write(
    `${name}, slowest answer ${Math.round(lanes.slowestMs)} ms: acked ${acked} lost ${lost} phantom ${phantom} double ${double} disorder ${disorder}\n`,
  );
  expect({ lost, phantom, double, disorder }).toEqual({ lost: 0, phantom: 0, double: 0, disorder: 0 });
}

async function activate(stack: SpawnedStack): Promise<{ readonly id: string; readonly carrierRequestId: string }> {
  await stack.query(ACTIVATE, activation(stack, 1));
  for (;;) {
    const { data } = await stack.query<{ requests: { nodes: { id: string; carrierRequests: { carrierRequestId: string | null }[] }[] } }>(
      REQUESTS,
    );
    const [node] = data?.requests.nodes ?? [];
    const carrierRequestId = node?.carrierRequests[0]?.carrierRequestId;
    if (node && carrierRequestId) return { id: node.id, carrierRequestId };
  }
}

function activation({ account }: SpawnedStack, number: number) {
  return { input: { accountName: account, target: { devices: devices(number) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' } };
}

/** Queries, mutations and new subscriptions get an error that says when to try again. */
async function expectTold(stack: SpawnedStack, client: Client, id: string): Promise<void> {
  const subscribe = async () => {
    for await (const event of client.iterate({ query: FOLLOW, variables: { id } })) return event;
    return null;
  };
  const told = await Promise.all([
    stack.query(REQUESTS),
    stack.query(ACTIVATE, activation(stack, 2)),
    subscribe().catch((errors: unknown) => ({ errors })),
  ]);
  const away = { extensions: { code: 'STORE_FAILED', retryAfterMs: expect.any(Number) as number } };
  for (const each of told) expect(each).toMatchObject({ errors: [away] });
}

interface HealthReport {
  readonly status: number;
  readonly body: { readonly ready: boolean; readonly checks: Readonly<Record<string, string>> };
}

export async function health({ gateway }: SpawnedStack, path: string): Promise<HealthReport> {
  const { statusCode, body } = await request(`${gateway.admin}${path}`);
  return { status: statusCode, body: (await body.json()) as HealthReport['body'] };
}

async function timed(work: () => Promise<unknown>): Promise<string> {
  const from = performance.now();
  await work();
  return `${Math.round(performance.now() - from)} ms`;
}
