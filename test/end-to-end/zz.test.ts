import { createClient } from 'graphql-ws';
import { request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { verifySqlite } from '../../src/datasources/request-log/sqlite-verify.ts';
import type { PurgeReport, StoreStats } from '../../src/datasources/request-log/store-upkeep.ts';
import { fillStore } from '../support/fill-store.ts';
import { FOLLOW } from '../support/follow.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { openGateway } from '../support/open-gateway.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { graphql, registerListeners } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { activateDevices } from '../support/activate-devices.ts';

const FORTY_DAYS_AGO = Date.now() - 40 * 86_400_000;

test(
  'while 50 requests of 2,000 devices are purged every callback is taken and applied, and no commit deletes more than 500 rows',
  { timeout: 90_000 },
  async () => {
    await using simulator = await startSimulator({ callbackDelayMs: [0, 50], magicIdentifiers: false });
  process.stderr.write(`T1 ${Math.round(performance.now())} await using simulator = await startSimulator(( callbackDelay\n`);
    await using folder = await tempFolder();
  process.stderr.write(`T2 ${Math.round(performance.now())} await using folder = await tempFolder();\n`);
    const storePath = `${folder.path}/gateway.sqlite`;
    const [account = ''] = simulator.accounts;
    const old = await fillStore(storePath, { requests: 50, devices: 2_000, account, at: FORTY_DAYS_AGO });
  process.stderr.write(`T3 ${Math.round(performance.now())} const old = await fillStore(storePath, ( requests: 50, devic\n`);
    await using gateway = await openGateway(simulator, storePath);
  process.stderr.write(`T4 ${Math.round(performance.now())} await using gateway = await openGateway(simulator, storePath\n`);
    await registerListeners(simulator, gateway);
  process.stderr.write(`T5 ${Math.round(performance.now())} await registerListeners(simulator, gateway);\n`);
    const { admin } = gateway.urls;
    const query = <Data>(document: string, variables?: Record<string, unknown>) => graphql<Data>(gateway.urls.graphql, document, variables);

    let purged: PurgeReport | null = null;
    const purging = post<PurgeReport>(admin, '/store/purge').then((report) => (purged = report));
    await until(async () => (await stats(admin)).purging > 0);
  process.stderr.write(`T6 ${Math.round(performance.now())} await until(async () => (await stats(admin)).purging > 0);\n`);
    const live = await Promise.all([1, 2_001, 4_001].map((first) => activateDevices({ query, account }, 2_000, { first })));
  process.stderr.write(`T7 ${Math.round(performance.now())} const live = await Promise.all([1, 2_001, 4_001].map((first)\n`);
    await simulator.idle();
  process.stderr.write(`T8 ${Math.round(performance.now())} await simulator.idle();\n`);
    expect(purged).toBeNull();
  process.stderr.write(`T9 ${Math.round(performance.now())} expect(purged).toBeNull();\n`);
    await purging;
  process.stderr.write(`T10 ${Math.round(performance.now())} await purging;\n`);

    expect(purged).toMatchObject({ requests: 50, messages: 0 });
  process.stderr.write(`T11 ${Math.round(performance.now())} expect(purged).toMatchObject(( requests: 50, messages: 0 ));\n`);
    expect(simulator.ledger.counts).toMatchObject({ callbacksSent: 6_000, callbacksAcknowledged: 6_000, callbacksRefused: 0 });
  process.stderr.write(`T12 ${Math.round(performance.now())} expect(simulator.ledger.counts).toMatchObject(( callbacksSen\n`);
    for (const { id } of live) {
      const { data } = await query<{ request: { status: string; progress: { succeeded: number } } }>(
        `query ($id: ID!) { request(id: $id) { status progress { succeeded } } }`,
        { id },
      );
      expect(data?.request).toEqual({ status: 'SUCCEEDED', progress: { succeeded: 2_000 } });
  process.stderr.write(`T13 ${Math.round(performance.now())} expect(data?.request).toEqual(( status: 'SUCCEEDED', progres\n`);
    }
    const metrics = await (await request(`${admin}/metrics`)).body.text();
  process.stderr.write(`T14 ${Math.round(performance.now())} const metrics = await (await request((admin)/metrics)).bo\n`);
    const sample = (name: string) => Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.+)$`, 'm').exec(metrics)?.[1]);
    expect(sample('m2m_purge_step_rows_count')).toBeGreaterThan(200);
  process.stderr.write(`T15 ${Math.round(performance.now())} expect(sample('m2m_purge_step_rows_count')).toBeGreaterThan(\n`);
    expect(sample('m2m_purge_step_rows_bucket{le="500"}')).toBe(sample('m2m_purge_step_rows_count'));
  process.stderr.write(`T16 ${Math.round(performance.now())} expect(sample('m2m_purge_step_rows_bucket(le="500")')).toBe(\n`);
    expect(sample('m2m_purge_step_rows_sum')).toBeGreaterThan(100_000);
  process.stderr.write(`T17 ${Math.round(performance.now())} expect(sample('m2m_purge_step_rows_sum')).toBeGreaterThan(10\n`);
    expect(sample('m2m_purged_requests_total')).toBe(50);
  process.stderr.write(`T18 ${Math.round(performance.now())} expect(sample('m2m_purged_requests_total')).toBe(50);\n`);
    expect(sample('m2m_store_last_purge_timestamp_seconds')).toBeGreaterThan(Date.now() / 1000 - 3_600);
  process.stderr.write(`T19 ${Math.round(performance.now())} expect(sample('m2m_store_last_purge_timestamp_seconds')).toB\n`);
    expect(sample('m2m_store_bytes{part="file"}')).toBeGreaterThan(1_000_000);
  process.stderr.write(`T20 ${Math.round(performance.now())} expect(sample('m2m_store_bytes(part="file")')).toBeGreaterTh\n`);

    const { data } = await query<{ requests: { nodes: { id: string }[] } }>('{ requests(first: 100) { nodes { id } } }');
  process.stderr.write(`T21 ${Math.round(performance.now())} const ( data ) = await query<( requests: ( nodes: ( id: stri\n`);
    expect(data?.requests.nodes.map(({ id }) => id).toSorted()).toEqual(live.map(({ id }) => id).toSorted());
  process.stderr.write(`T22 ${Math.round(performance.now())} expect(data?.requests.nodes.map((( id )) => id).toSorted()).\n`);
    expect(await query('query ($id: ID!) { request(id: $id) { id } }', { id: old[0] })).toEqual({ data: { request: null } });
  process.stderr.write(`T23 ${Math.round(performance.now())} expect(await query('query (id: ID!) ( request(id: id) ( id\n`);
    expect(await stats(admin)).toMatchObject({ purging: 0, requestsByStatus: { SUCCEEDED: 3 } });
  process.stderr.write(`T24 ${Math.round(performance.now())} expect(await stats(admin)).toMatchObject(( purging: 0, reque\n`);
  },
);

test(
  'a gateway killed in the middle of a purge goes on with it after the restart, and the store is whole',
  { timeout: 60_000 },
  async () => {
    await using simulator = await startSimulator();
  process.stderr.write(`T25 ${Math.round(performance.now())} await using simulator = await startSimulator();\n`);
    await using folder = await tempFolder();
  process.stderr.write(`T26 ${Math.round(performance.now())} await using folder = await tempFolder();\n`);
    const storePath = `${folder.path}/gateway.sqlite`;
    const [account = ''] = simulator.accounts;
    await fillStore(storePath, { requests: 10, devices: 2_000, account, at: FORTY_DAYS_AGO });
  process.stderr.write(`T27 ${Math.round(performance.now())} await fillStore(storePath, ( requests: 10, devices: 2_000, a\n`);
    const env = gatewayEnv(simulator, storePath);
    {
      await using gateway = await spawnGateway(env);
  process.stderr.write(`T28 ${Math.round(performance.now())} await using gateway = await spawnGateway(env);\n`);
      const cut = expect(post(gateway.admin, '/store/purge')).rejects.toThrow(/closed|reset|terminated|ECONNRESET/i);
      await until(async () => isHalfDone(await stats(gateway.admin)));
  process.stderr.write(`T29 ${Math.round(performance.now())} await until(async () => isHalfDone(await stats(gateway.admin\n`);
      gateway.kill('SIGKILL');
      expect(await gateway.exited).toBe('SIGKILL');
  process.stderr.write(`T30 ${Math.round(performance.now())} expect(await gateway.exited).toBe('SIGKILL');\n`);
      await cut;
  process.stderr.write(`T31 ${Math.round(performance.now())} await cut;\n`);
    }
    expect(verifySqlite(storePath)).toMatchObject({ requests: 0, totalFaults: 0 });
  process.stderr.write(`T32 ${Math.round(performance.now())} expect(verifySqlite(storePath)).toMatchObject(( requests: 0,\n`);
    await using gateway = await spawnGateway(env);
  process.stderr.write(`T33 ${Math.round(performance.now())} await using gateway = await spawnGateway(env);\n`);
    const { purging, requestsByStatus } = await stats(gateway.admin);
  process.stderr.write(`T34 ${Math.round(performance.now())} const ( purging, requestsByStatus ) = await stats(gateway.ad\n`);
    expect(purging).toBeGreaterThan(0);
  process.stderr.write(`T35 ${Math.round(performance.now())} expect(purging).toBeGreaterThan(0);\n`);
    expect(requestsByStatus).toEqual({});
  process.stderr.write(`T36 ${Math.round(performance.now())} expect(requestsByStatus).toEqual(());\n`);
    // Nothing else is over its time by then.
    expect(await post(gateway.admin, '/store/purge?olderThanDays=3650')).toMatchObject({ requests: purging });
  process.stderr.write(`T37 ${Math.round(performance.now())} expect(await post(gateway.admin, '/store/purge?olderThanDays\n`);
    expect(await stats(gateway.admin)).toMatchObject({ purging: 0, requestsByStatus: {}, approximateEvents: 0 });
  process.stderr.write(`T38 ${Math.round(performance.now())} expect(await stats(gateway.admin)).toMatchObject(( purging: \n`);
  },
);

test('a subscriber of a request that is purged is told NOT_FOUND, and its socket goes on', async () => {
  await using simulator = await startSimulator();
  process.stderr.write(`T39 ${Math.round(performance.now())} await using simulator = await startSimulator();\n`);
  await using folder = await tempFolder();
  process.stderr.write(`T40 ${Math.round(performance.now())} await using folder = await tempFolder();\n`);
  const storePath = `${folder.path}/gateway.sqlite`;
  const [account = ''] = simulator.accounts;
  const [id = ''] = await fillStore(storePath, { requests: 1, devices: 2, account, at: FORTY_DAYS_AGO });
  process.stderr.write(`T41 ${Math.round(performance.now())} const [id = ''] = await fillStore(storePath, ( requests: 1, \n`);
  await using gateway = await openGateway(simulator, storePath);
  process.stderr.write(`T42 ${Math.round(performance.now())} await using gateway = await openGateway(simulator, storePath\n`);
  await using raw = await RawWebSocket.ready(gateway.urls.websocket);
  process.stderr.write(`T43 ${Math.round(performance.now())} await using raw = await RawWebSocket.ready(gateway.urls.webs\n`);
  // Complete, and followed all the same: it waits for the devices' NIDD messages.
  raw.subscribe('waiting', FOLLOW, { id, untilNiddSettled: true });
  const client = createClient({ url: gateway.urls.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
  const events = client.iterate({ query: FOLLOW, variables: { id, untilNiddSettled: true } });
  expect((await events.next()).value).toMatchObject({ data: { requestStatus: { status: 'SUCCEEDED' } } });
  process.stderr.write(`T44 ${Math.round(performance.now())} expect((await events.next()).value).toMatchObject(( data: ( \n`);
  expect(await post(gateway.urls.admin, '/store/purge')).toMatchObject({ requests: 1 });
  process.stderr.write(`T45 ${Math.round(performance.now())} expect(await post(gateway.urls.admin, '/store/purge')).toMat\n`);
  expect(JSON.stringify(await events.next())).toContain('NOT_FOUND');
  process.stderr.write(`T46 ${Math.round(performance.now())} expect(JSON.stringify(await events.next())).toContain('NOT_F\n`);
  expect(await events.next()).toEqual({ done: true, value: undefined });
  process.stderr.write(`T47 ${Math.round(performance.now())} expect(await events.next()).toEqual(( done: true, value: und\n`);
  expect(JSON.stringify(await raw.ending('waiting'))).toContain('"code":"NOT_FOUND"');
  process.stderr.write(`T48 ${Math.round(performance.now())} expect(JSON.stringify(await raw.ending('waiting'))).toContai\n`);
  raw.subscribe('again', FOLLOW, { id });
  expect(JSON.stringify(await raw.ending('again'))).toContain('NOT_FOUND');
  process.stderr.write(`T49 ${Math.round(performance.now())} expect(JSON.stringify(await raw.ending('again'))).toContain(\n`);
  await client.dispose();
  process.stderr.write(`T50 ${Math.round(performance.now())} await client.dispose();\n`);
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
