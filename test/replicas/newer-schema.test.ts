import { SCHEMA_VERSION } from '../../src/datasources/request-log/postgres/prepare-database.ts';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createClient } from 'graphql-ws';
import { Client } from 'pg';
import { request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import type { openPostgresStore as OpenPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import type { Store } from '../../src/datasources/request-log/store.ts';
import { callbackMessage } from '../support/callback-message.ts';
import { deviceCallback } from '../support/device-callback.ts';
import { devices } from '../support/devices.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { nextVersion } from '../support/next-version.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { readMetric } from '../support/read-metric.ts';
import { startSpawnedStack, type SpawnedStack } from '../support/spawned-stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { startCallbackLanes, type CallbackLanes } from './callback-lanes.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`A newer version beside this one is not tested: ${reason}.\n`);

const DEVICES = 10;
const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) {
  __typename ... on ActivateDevicesAccepted { request { id status carrierRequests { carrierRequestId } } } ... on MutationError { message } } }`;
const FOLLOW = 'subscription ($id: ID!) { requestStatus(requestId: $id) { status progress { total succeeded } } }';
const EVERYTHING = `{ requests(first: 20) { nodes { id status outcomes(first: 50) { nodes { status } } } } openRequests: requests(first: 5, filter: { status: [QUEUED] }) { nodes { id } }
  unclaimedCallbacks(first: 10) { nodes { id } } deadLetters(first: 10) { nodes { id } } }`;

interface Activated {
  readonly activateDevices: {
    readonly request: { readonly id: string; readonly carrierRequests: readonly { readonly carrierRequestId: string }[] };
  };
}

/** Asks and orders again and again, beside the callbacks. */
function startCallers(stack: SpawnedStack, lanes: CallbackLanes) {
  const errors: unknown[] = [];
  let rounds = 0;
  let isStopped = false;
  const order = () => stack.query<Activated>(ACTIVATE, activation(stack.account));
  const run = async (ask: () => Promise<{ readonly errors?: readonly unknown[] }>) => {
    for (; !isStopped; rounds++) {
      errors.push(...((await ask()).errors ?? []));
      await lanes.more(4);
    }
  };
  const running = Promise.all([run(() => stack.query(EVERYTHING)), run(order)]);
  return {
    errors,
    /** Resolves after so many more rounds. */
    more: (count: number, from = rounds) => until(() => rounds >= from + count),
    async [Symbol.asyncDispose]() {
      isStopped = true;
      await running;
    },
  };
}

function activation(accountName: string, count = 1) {
  return { input: { accountName, target: { devices: devices(count) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' } };
}

const OWN = fileURLToPath(new URL('../../', import.meta.url));

/** The store of the project in a folder, as one of its gateways opens it. */
async function openStoreOf(folder: string, url: string): Promise<Store> {
  const at = pathToFileURL(`${folder}/src/datasources/request-log/postgres/open-postgres-store.ts`).href;
  const { openPostgresStore } = (await import(at)) as { openPostgresStore: typeof OpenPostgresStore };
  return openPostgresStore({ url, hub: new Hub({ tickMs: () => 5 }), now: Date.now, connections: 2 });
}

test.skipIf(reason !== null)('a newer version changes the tables, and one of this version goes on beside it without an error', async () => {
  await using undo = new AsyncDisposableStack();
  const postgres = await needPostgres();
  const { url } = undo.use(await postgres.openDatabase());
  const folder = undo.use(await tempFolder());
  const env = { M2M_STORE_URL: url, M2M_STORE_JOURNAL: `${folder.path}/journal.sqlite`, M2M_SUBMIT_WAIT_MS: '1000' };
  const stack = undo.use(await startSpawnedStack({ env }));
  const sql = <Row extends object>(text: string) => postgres.query<Row>(text, [], new URL(url).pathname.slice(1));

  const { input } = activation(stack.account, DEVICES);
  // The first answer of the carrier may take its time on a busy machine.
  const { data } = await stack.query<Activated>(ACTIVATE, { input: { ...input, waitMs: 30_000 } });
  const { id, carrierRequests } = data?.activateDevices.request ?? { id: '', carrierRequests: [] };
  const client = createClient({ url: stack.gateway.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
  undo.defer(() => client.dispose());
  const seen: unknown[] = [];
  const following = (async () => {
    for await (const event of client.iterate({ query: FOLLOW, variables: { id } })) seen.push(event);
  })();
  following.catch(() => undefined);
  const settle = async (from: number, to: number) => {
    for (let device = from; device <= to; device++) {
      const body = JSON.stringify(deviceCallback(carrierRequests[0]?.carrierRequestId ?? '', device));
      expect((await request(stack.callbackUrl(), { method: 'POST', body })).statusCode).toBe(200);
    }
  };
  const lanes = undo.use(startCallbackLanes(() => stack.callbackUrl(), { pauseMs: 10 }));
  const callers = undo.use(startCallers(stack, lanes));
  await settle(1, DEVICES / 2);
  await callers.more(6);

  const tree = undo.use(await nextVersion());
  const newer = undo.use(await openStoreOf(tree.path, url));
  expect(await sql("SELECT value FROM fact WHERE key LIKE 'schema%' ORDER BY key")).toEqual([
    { value: String(SCHEMA_VERSION + 1) },
    { value: '1' },
  ]);
  await settle(DEVICES / 2 + 1, DEVICES);
  await following;
  expect(seen.at(-1)).toMatchObject({ data: { requestStatus: { status: 'SUCCEEDED', progress: { total: DEVICES, succeeded: DEVICES } } } });
  await callers.more(6);
  await lanes.more(20);
  expect((await request(`${stack.gateway.admin}/store/purge?olderThanDays=1`, { method: 'POST' })).statusCode).toBe(200);
  expect((await newer.requests.requests([id])).get(id)).toMatchObject({ status: 'SUCCEEDED' });

  await callers[Symbol.asyncDispose]();
  await lanes.stop();
  expect(callers.errors).toEqual([]);
  expect(lanes.others).toEqual([]);
  expect(await lanes.compare(url)).toMatchObject({ lost: 0, phantom: 0, double: 0, disorder: 0 });
  expect(await readMetric(stack.gateway.admin, 'm2m_journal_messages')).toBe(0);
  expect(stack.gateway.output()).not.toMatch(/"level":"(?:warn|error|fatal)"/);
  expect(await newer.intake.append(callbackMessage({ id: 'of-the-next-version' }))).toBe('UNCLAIMED');

  // A restart in the middle of the update, or the way back.
  const again = undo.use(await openStoreOf(OWN, url));
  expect(await again.intake.append(callbackMessage({ id: 'of-the-next-version' }))).toBe('DUPLICATE');
  for (const table of ['request', 'event', 'unclaimed', 'carrier_request'])
    expect(await sql(`SELECT DISTINCT next_note AS note, next_rank AS rank FROM ${table}`)).toEqual([{ note: null, rank: 7 }]);
});

test.skipIf(reason !== null)(
  'while somebody holds the tables, a newer version waits to change them, and nobody waits behind it',
  async () => {
    await using undo = new AsyncDisposableStack();
    const { url } = undo.use(await (await needPostgres()).openDatabase());
    const log = undo.use(await openStoreOf(OWN, url));
    const tree = undo.use(await nextVersion());
    // As a backup does.
    const holder = new Client({ connectionString: url });
    await holder.connect();
    undo.defer(() => holder.end());
    await holder.query('BEGIN; LOCK TABLE unclaimed IN ACCESS SHARE MODE');
    const opening = openStoreOf(tree.path, url);
    opening.catch(() => undefined);
    const waiting = "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted AND relation = 'unclaimed'::regclass";
    await until(async () => (await holder.query(waiting)).rows.length > 0);
    for (let device = 1; device <= 5; device++) expect(await log.intake.append(callbackMessage({ device }))).toBe('UNCLAIMED');
    await holder.query('COMMIT');
    const newer = undo.use(await opening);
    expect(await newer.intake.append(callbackMessage({ device: 1 }))).toBe('DUPLICATE');
  },
);
