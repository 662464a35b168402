import { createClient } from 'graphql-ws';
import { request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { verifySqlite } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import type { PurgeReport, StoreStats } from '../../src/datasources/request-log/store-upkeep.ts';
import { fillStore } from '../support/fill-store.ts';
import { FOLLOW } from '../support/follow.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { openGateway } from '../support/open-gateway.ts';
import { howMany } from '../support/how-many.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { graphql, registerListeners } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { activateDevices } from '../support/activate-devices.ts';

/** Requests of 2,000 devices that are purged. */
const PURGED = howMany({ whole: 20, short: 10 });
const LIVE = howMany({ whole: 2_000, short: 700 });
const FORTY_DAYS_AGO = Date.now() - 40 * 86_400_000;

test(
  `while ${PURGED} requests of 2,000 devices are purged every callback is taken and applied, and no commit deletes more than 500 rows`,
  { timeout: 240_000 },
  async () => {
    await using simulator = await startSimulator({ callbackDelayMs: [0, 50], magicIdentifiers: false });
    await using folder = await tempFolder();
    const storePath = `${folder.path}/gateway.sqlite`;
    const [account = ''] = simulator.accounts;
    const old = await fillStore(storePath, { requests: PURGED, devices: 2_000, account, at: FORTY_DAYS_AGO });
    await using gateway = await openGateway(simulator, storePath);
    await registerListeners(simulator, gateway);
    const { admin } = gateway.urls;
    const query = <Data>(document: string, variables?: Record<string, unknown>) => graphql<Data>(gateway.urls.graphql, document, variables);

    let purged: PurgeReport | null = null;
    const purging = post<PurgeReport>(admin, '/store/purge').then((report) => (purged = report));
    await until(async () => (await stats(admin)).purging > 0);
    const live = await Promise.all([1, 2_001, 4_001].map((first) => activateDevices({ query, account }, LIVE, { first })));
    await simulator.idle();
    expect(purged).toBeNull();
    await purging;

    expect(purged).toMatchObject({ requests: PURGED, messages: 0 });
    expect(simulator.ledger.counts).toMatchObject({ callbacksSent: 3 * LIVE, callbacksAcknowledged: 3 * LIVE, callbacksRefused: 0 });
    for (const { id } of live) {
      const { data } = await query<{ request: { status: string; progress: { succeeded: number } } }>(
        `query ($id: ID!) { request(id: $id) { status progress { succeeded } } }`,
        { id },
      );
      expect(data?.request).toEqual({ status: 'SUCCEEDED', progress: { succeeded: LIVE } });
    }
    const metrics = await (await request(`${admin}/metrics`)).body.text();
    const sample = (name: string) => Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.+)$`, 'm').exec(metrics)?.[1]);
    expect(sample('m2m_purge_step_rows_count')).toBeGreaterThan(4 * PURGED);
    expect(sample('m2m_purge_step_rows_bucket{le="500"}')).toBe(sample('m2m_purge_step_rows_count'));
    expect(sample('m2m_purge_step_rows_sum')).toBeGreaterThan(2_000 * PURGED);
    expect(sample('m2m_purged_requests_total')).toBe(PURGED);
    expect(sample('m2m_store_last_purge_timestamp_seconds')).toBeGreaterThan(Date.now() / 1000 - 3_600);
    expect(sample('m2m_store_bytes{part="file"}')).toBeGreaterThan(1_000_000);

    const { data } = await query<{ requests: { nodes: { id: string }[] } }>('{ requests(first: 100) { nodes { id } } }');
    expect(data?.requests.nodes.map(({ id }) => id).toSorted()).toEqual(live.map(({ id }) => id).toSorted());
    expect(await query('query ($id: ID!) { request(id: $id) { id } }', { id: old[0] })).toEqual({ data: { request: null } });
    expect(await stats(admin)).toMatchObject({ purging: 0, requestsByStatus: { SUCCEEDED: 3 } });
  },
);

test(
  'a gateway killed in the middle of a purge continues it after the restart, and the store is intact',
  { timeout: 240_000 },
  async () => {
    await using simulator = await startSimulator();
    await using folder = await tempFolder();
    const storePath = `${folder.path}/gateway.sqlite`;
    const [account = ''] = simulator.accounts;
    await fillStore(storePath, { requests: 10, devices: 2_000, account, at: FORTY_DAYS_AGO });
    const env = gatewayEnv(simulator, storePath);
    {
      await using gateway = await spawnGateway(env);
      const cut = expect(post(gateway.admin, '/store/purge')).rejects.toThrow(/closed|reset|terminated|ECONNRESET/i);
      await until(async () => isHalfDone(await stats(gateway.admin)));
      gateway.kill('SIGKILL');
      expect(await gateway.exited).toBe('SIGKILL');
      await cut;
    }
    expect(verifySqlite(storePath)).toMatchObject({ requests: 0, totalFaults: 0 });
    await using gateway = await spawnGateway(env);
    const { purging, requestsByStatus } = await stats(gateway.admin);
    expect(purging).toBeGreaterThan(0);
    expect(requestsByStatus).toEqual({});
    // Nothing else is past its retention by then.
    expect(await post(gateway.admin, '/store/purge?olderThanDays=3650')).toMatchObject({ requests: purging });
    expect(await stats(gateway.admin)).toMatchObject({ purging: 0, requestsByStatus: {}, approximateEvents: 0 });
  },
);

test('a subscriber of a purged request gets NOT_FOUND, and its socket stays open', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  const storePath = `${folder.path}/gateway.sqlite`;
  const [account = ''] = simulator.accounts;
  const [id = ''] = await fillStore(storePath, { requests: 1, devices: 2, account, at: FORTY_DAYS_AGO });
  await using gateway = await openGateway(simulator, storePath);
  await using raw = await RawWebSocket.ready(gateway.urls.websocket);
  // The request is complete but still followed: it waits for the NIDD messages of its devices.
  raw.subscribe('waiting', FOLLOW, { id, untilNiddSettled: true });
  const client = createClient({ url: gateway.urls.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
  const events = client.iterate({ query: FOLLOW, variables: { id, untilNiddSettled: true } });
  expect((await events.next()).value).toMatchObject({ data: { requestStatus: { status: 'SUCCEEDED' } } });
  expect(await post(gateway.urls.admin, '/store/purge')).toMatchObject({ requests: 1 });
  expect(JSON.stringify(await events.next())).toContain('NOT_FOUND');
  expect(await events.next()).toEqual({ done: true, value: undefined });
  expect(JSON.stringify(await raw.ending('waiting'))).toContain('"code":"NOT_FOUND"');
  raw.subscribe('again', FOLLOW, { id });
  expect(JSON.stringify(await raw.ending('again'))).toContain('NOT_FOUND');
  await client.dispose();
});

function isHalfDone({ purging }: StoreStats): boolean {
  return purging > 0 && purging < 10;
}

async function post<Body>(admin: string, path: string): Promise<Body> {
  return (await (await request(`${admin}${path}`, { method: 'POST' })).body.json()) as Body;
}

async function stats(admin: string): Promise<StoreStats> {
  return (await (await request(`${admin}/store/stats`)).body.json()) as StoreStats;
}
