import { createClient } from 'graphql-ws';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { OWN_SERVICES } from '../../src/datasources/thingspace/wire/callback-service.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { CarrierClient } from '../simulator/support/carrier-client.ts';
import { devices } from '../support/devices.ts';
import { freePort } from '../support/free-port.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { openGateway } from '../support/open-gateway.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { readMetric } from '../support/read-metric.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { noNginx, startDeployedNginx } from './support/deployed-nginx.ts';

const reason = noNginx() ?? noPostgres();
if (reason !== null) process.stderr.write(`Two gateways behind deploy/nginx.conf are not tried: ${reason}.\n`);

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) {
  __typename ... on ActivateDevicesAccepted { request { id } } ... on MutationError { message code } } }`;
const FOLLOW = 'subscription ($id: ID!) { requestStatus(requestId: $id) { status progress { total succeeded } } }';
const TAKEN = 'm2m_callback_ack_seconds_count';
const DEVICES = 30;

test.skipIf(reason !== null)(
  'a mutation, a subscription and callbacks of the carrier go through nginx to two gateways on one PostgreSQL, also when one of them stops',
  async () => {
    await using undo = new AsyncDisposableStack();
    const { url } = undo.use(await (await needPostgres()).openDatabase());
    const folder = undo.use(await tempFolder());
    const simulator = undo.use(await startSimulator({ callbackDelayMs: [0, 20], magicIdentifiers: false }));
    const account = simulator.accounts[0] ?? '';
    const ports = [
      { graphql: await freePort(), callbacks: await freePort() },
      { graphql: await freePort(), callbacks: await freePort() },
    ] as const;
    const open = (at: 0 | 1) =>
      openGateway(simulator, `${folder.path}/unused.sqlite`, {
        M2M_STORE_URL: url,
        M2M_STORE_JOURNAL: `${folder.path}/journal-${at}.sqlite`,
        M2M_GRAPHQL_PORT: String(ports[at].graphql),
        M2M_CALLBACK_PORT: String(ports[at].callbacks),
        // As in deploy/compose.yaml: only the sender that nginx sees may deliver.
        M2M_CALLBACK_PROXY_HOPS: '1',
        M2M_CALLBACK_ADDRESSES: '127.0.0.1',
      });
    const one = undo.use(await open(0));
    const other = undo.use(await open(1));
    const nginx = undo.use(await startDeployedNginx(ports));
    await using carrier = await CarrierClient.open(simulator);
    for (const name of OWN_SERVICES) {
      const listener = `http://127.0.0.1:${nginx.plain}${one.callbackPath(account, name)}`;
      await carrier.call('POST', `/callbacks/${account}`, { name, url: listener });
    }
    const dispatcher = new Agent({ connect: { ca: nginx.certificate } });
    undo.defer(() => dispatcher.destroy());
    const client = createClient({
      url: `wss://localhost:${nginx.tls}/graphql`,
      webSocketImpl: class extends WebSocket {
        constructor(address: string, protocols: string) {
          super(address, protocols, { ca: nginx.certificate });
        }
      },
    });
    undo.defer(() => client.dispose());

    const activate = async (from: number) => {
      const input = { accountName: account, target: { devices: devices(DEVICES, from) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
      const answer = await request(`https://localhost:${nginx.tls}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: ACTIVATE, variables: { input } }),
        dispatcher,
      });
      const { data } = (await answer.body.json()) as { data: { activateDevices: { request: { id: string } } } };
      let last: unknown = null;
      for await (const event of client.iterate({ query: FOLLOW, variables: { id: data.activateDevices.request.id } })) last = event;
      return last;
    };
    const succeeded = { data: { requestStatus: { status: 'SUCCEEDED', progress: { total: DEVICES, succeeded: DEVICES } } } };
    expect(await activate(0)).toMatchObject(succeeded);
    for (const { urls } of [one, other]) expect(await readMetric(urls.admin, TAKEN)).toBeGreaterThan(0);
    await one[Symbol.asyncDispose]();
    expect(await activate(DEVICES)).toMatchObject(succeeded);
  },
);
