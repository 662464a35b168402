import { createClient } from 'graphql-ws';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { deviceCallback } from '../support/device-callback.ts';
import { devices } from '../support/devices.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { readMetric } from '../support/read-metric.ts';
import { startSpawnedStack, type SpawnedStack } from '../support/spawned-stack.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { startCallbackLanes } from './callback-lanes.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`That the database may go away is not tested: ${reason}.\n`);

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) {
  __typename ... on ActivateDevicesAccepted { request { id } } ... on MutationError { message code } } }`;
const FOLLOW = 'subscription ($id: ID!) { requestStatus(requestId: $id) { cursor status } }';
const REQUESTS = '{ requests(first: 10) { nodes { id status carrierRequests { carrierRequestId } } } }';

interface Place {
  readonly server: PostgresServer;
  readonly proxy: TcpFaultProxy;
  readonly url: string;
  readonly stack: SpawnedStack;
}

interface Outage {
  readonly name: string;
  readonly begin: (place: Place) => Promise<void>;
  readonly end: (place: Place) => Promise<void>;
}

const OUTAGES: readonly Outage[] = [
  { name: 'stopped', begin: ({ server }) => server.stop('fast'), end: ({ server }) => server.start() },
  { name: 'crashed', begin: ({ server }) => server.stop('immediate'), end: ({ server }) => server.start() },
  { name: 'not reached, and nobody is told', begin: async ({ proxy }) => proxy.freeze(), end: ({ proxy }) => proxy.heal() },
  {
    name: 'cut off',
    begin: async ({ proxy }) => {
      await proxy.refuse();
      proxy.cut();
    },
    end: ({ proxy }) => proxy.heal(),
  },
];

describe.skipIf(reason !== null)('a gateway whose database goes away', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterEach(async () => {
    if (server.pid === null) await server.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function start(undo: AsyncDisposableStack): Promise<Place> {
    const direct = await server.createDatabase();
    const proxy = undo.use(await startTcpFaultProxy(direct));
    const folder = undo.use(await tempFolder());
    const env = { M2M_STORE_URL: proxy.through(direct), M2M_STORE_JOURNAL: `${folder.path}/journal.sqlite` };
    const stack = undo.use(await startSpawnedStack({ env }));
    undo.defer(() => void process.stderr.write(stack.gateway.output().slice(-6000)));
    return { server, proxy, url: direct, stack };
  }

  test.each(OUTAGES)(
    '$name: callbacks are taken, callers are told, a subscriber waits, and all is well when it is back',
    { timeout: 40_000 },
    async (outage) => {
      await using undo = new AsyncDisposableStack();
      const place = await start(undo);
      const { stack, url } = place;
      const client = createClient({ url: stack.gateway.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
      undo.defer(() => client.dispose());
      const input = (number: number) => ({
        input: { accountName: stack.account, target: { devices: devices(number) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' },
      });
      const answer = await stack.query<{ activateDevices: { request: { id: string } } }>(ACTIVATE, input(1));
      const id = answer.data?.activateDevices.request.id;
      let carrierRequestId: string | undefined;
      await until(async () => {
        const { data } = await stack.query<{ requests: { nodes: { carrierRequests: { carrierRequestId: string | null }[] }[] } }>(REQUESTS);
        carrierRequestId = data?.requests.nodes[0]?.carrierRequests[0]?.carrierRequestId ?? undefined;
        return carrierRequestId !== undefined;
      });
      const seen: unknown[] = [];
      const following = (async () => {
        for await (const event of client.iterate({ query: FOLLOW, variables: { id } })) seen.push(event);
      })();
      following.catch(() => undefined);
      await until(() => seen.length > 0);
      const lanes = undo.use(startCallbackLanes(() => stack.callbackUrl()));
      await lanes.more(100);

      const t0 = performance.now();
      process.stderr.write('t0\n');
      await outage.begin(place);
      const health = async (path: string) => {
        const { statusCode, body } = await request(`${stack.gateway.admin}${path}`);
        return { status: statusCode, body: (await body.json()) as { ready: boolean; checks: Record<string, string> } };
      };
      await until(async () => (await health('/health/ready')).status === 503);
      const t1 = performance.now();
      process.stderr.write('t1\n');
      await until(async () => (await readMetric(stack.gateway.admin, 'm2m_journal_messages')) > 50);
      const t2 = performance.now();
      process.stderr.write('t2\n');
      const callbacks = await health('/health/ready/callbacks');
      const t3 = performance.now();
      process.stderr.write('t3\n');
      expect(callbacks).toMatchObject({
        status: 200,
        body: { ready: true, checks: { journal: expect.stringContaining('wait for the database') } },
      });
      const told = await Promise.all([
        stack.query(REQUESTS),
        stack.query(ACTIVATE, input(2)),
        (async () => {
          for await (const each of client.iterate({ query: FOLLOW, variables: { id } })) return each;
          return null;
        })().catch((errors: unknown) => ({ errors })),
      ]);
      const t4 = performance.now();
      process.stderr.write('t4\n');
      for (const each of told)
        expect(each).toMatchObject({ errors: [{ extensions: { code: 'STORE_FAILED', retryAfterMs: expect.any(Number) } }] });
      // The verdict of the request comes while the database is away.
      const posted = await request(stack.callbackUrl(), {
        method: 'POST',
        body: JSON.stringify(deviceCallback(carrierRequestId ?? '', 1)),
      });
      expect(posted.statusCode).toBe(200);
      await lanes.more(100);

      const t5 = performance.now();
      process.stderr.write('t5\n');
      await outage.end(place);
      const t6 = performance.now();
      process.stderr.write('t6\n');
      await until(async () => (await health('/health/ready')).status === 200);
      const t7 = performance.now();
      process.stderr.write('t7\n');
      await until(async () => (await health('/health/ready/callbacks')).body.checks['journal'] === 'ok');
      const t8 = performance.now();
      process.stderr.write('t8\n');
      await following;
      const t9 = performance.now();
      process.stderr.write('t9\n');
      expect(seen.at(-1)).toMatchObject({ data: { requestStatus: { status: 'SUCCEEDED' } } });
      await lanes.more(100);
      await lanes.stop();
      const ledger = await lanes.compare(url);
      process.stderr.write(
        `${outage.name}: acked ${ledger.acked} lost ${ledger.lost} phantom ${ledger.phantom} double ${ledger.double} disorder ${ledger.disorder}; slowest ${Math.round(lanes.slowestMs)} not ready ${Math.round(t1 - t0)} journal ${Math.round(t2 - t1)} cb check ${Math.round(t3 - t2)} told ${Math.round(t4 - t3)} | start ${Math.round(t6 - t5)} ready ${Math.round(t7 - t6)} empty ${Math.round(t8 - t7)} sub ${Math.round(t9 - t8)}\n`,
      );
      expect(lanes.others).toEqual([]);
      expect(ledger).toMatchObject({ lost: 0, phantom: 0, double: 0, disorder: 0 });
      expect(await readMetric(stack.gateway.admin, 'm2m_journal_messages')).toBe(0);
      process.stderr.write(
        stack.gateway
          .output()
          .split('\n')
          .filter((line) => /"level":"?(warn|error|40|50)/.test(line))
          .map((l) => l.slice(0, 300))
          .join('\n') + '\n',
      );
    },
  );
});
