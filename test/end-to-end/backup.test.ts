import { DatabaseSync } from 'node:sqlite';
import { createClient } from 'graphql-ws';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { verifySqlite } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import type { BackupReport } from '../../src/datasources/request-log/store-upkeep.ts';
import type { Gateway } from '../../src/gateway.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { devices, iccid } from '../support/devices.ts';
import { fillStore } from '../support/fill-store.ts';
import { follow, refusalOf } from '../support/follow.ts';
import { mutate } from '../support/mutations.ts';
import { openGateway } from '../support/open-gateway.ts';
import { graphql, registerListeners } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const REQUESTS = 5;
const DEVICES = 600;
const IN_FLIGHT = 32;

interface Callback {
  /** The request, and the device in it. */
  readonly key: string;
  readonly body: string;
}

test('a backup under load is a prefix of the acknowledged callbacks, with all from before it began', { timeout: 240_000 }, async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  simulator.holdCallbacks();
  await using folder = await tempFolder();
  const [storePath, backup] = [`${folder.path}/gateway.sqlite`, `${folder.path}/backup.sqlite`];
  const [account = ''] = simulator.accounts;
  await fillStore(storePath, { requests: 8, devices: 2_000, account, at: Date.now() - 86_400_000 });
  const acknowledged = new Set<string>();
  const made: { id: string; carrierRequestId: string }[] = [];
  const callbacks: Callback[] = [];
  let before: ReadonlySet<string> = new Set();
  const cursors: string[] = [];
  {
    await using gateway = await openGateway(simulator, storePath);
    const ask = asking(gateway);
    for (let number = 0; number < REQUESTS; number++) {
      made.push(await activateDevices({ query: ask, account }, DEVICES, { first: number * DEVICES + 1 }));
    }
    for (let index = 0; index < DEVICES; index++) {
      for (const [number, { carrierRequestId }] of made.entries()) callbacks.push(callback(carrierRequestId, number, index));
    }
    const sending = send(gateway, account, callbacks, acknowledged);
    await until(() => acknowledged.size >= 500);
    before = new Set(acknowledged);
    const answer = await request(`${gateway.urls.admin}/store/backup?path=${encodeURIComponent(backup)}`, { method: 'POST' });
    expect((await answer.body.json()) as BackupReport).toMatchObject({ path: backup });
    expect(acknowledged.size).toBeLessThan(callbacks.length);
    await sending;
    await untilServed(ask);
    for (const { id } of made) cursors.push((await ask<{ request: { cursor: string } }>(CURSOR, { id })).data?.request.cursor ?? '');
  }
  expect(acknowledged.size).toBe(callbacks.length);

  expect(verifySqlite(backup)).toMatchObject({ requests: 8 + REQUESTS, totalFaults: 0 });
  const [all, copied] = [logs(storePath), logs(backup)];
  const stored = new Set<string>();
  for (const [number, { id }] of made.entries()) {
    const [log = [], copy = []] = [all.get(id), copied.get(id)];
    expect(copy).toEqual(log.slice(0, copy.length));
    for (const { message } of copy) {
      const device = message === null ? -1 : deviceIn(message);
      if (device >= 0) stored.add(`${number}/${device - number * DEVICES - 1}`);
    }
  }
  expect({ lost: [...before].filter((key) => !stored.has(key)), phantom: [...stored].filter((key) => !acknowledged.has(key)) }).toEqual({
    lost: [],
    phantom: [],
  });
  expect(stored.size).toBeLessThan(callbacks.length);

  await using restored = await openGateway(simulator, backup);
  const client = createClient({ url: restored.urls.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
  for (const [number, { id }] of made.entries()) {
    expect(await refusalOf(follow(client, { id, after: cursors[number] ?? '' }))).toBe('CURSOR_EXPIRED');
  }
  // All callbacks since the backup may be sent again: a known one adds nothing.
  await send(restored, account, callbacks, new Set());
  await untilServed(asking(restored));
  for (const { id } of made) {
    const events = await Array.fromAsync(follow(client, { id }));
    expect(events.at(-1)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: DEVICES, total: DEVICES } });
  }
  await client.dispose();
});

test('a request that was queued in a backup is UNKNOWN in the restored gateway and never posted again, and no activation leaves for a minute', async () => {
  await using simulator = await startSimulator({ callbackDelayMs: [0, 0], magicIdentifiers: false });
  await using folder = await tempFolder();
  const [storePath, backup] = [`${folder.path}/gateway.sqlite`, `${folder.path}/backup.sqlite`];
  const [account = ''] = simulator.accounts;
  const patience = { M2M_SUBMIT_WAIT_MS: '300' };
  const activation = (first: number) => ({
    accountName: account,
    target: { devices: devices(2, first) },
    servicePlan: 'm2m4G2GB',
    mdnZipCode: '98801',
  });
  let queued = '';
  {
    await using gateway = await openGateway(simulator, storePath, patience);
    const stack = { query: asking(gateway) };
    simulator.faults.status('activate', 429, { retryAfter: '1' });
    queued = (await mutate(stack, 'ActivateDevices', activation(1))).request?.id ?? '';
    await request(`${gateway.urls.admin}/store/backup?path=${encodeURIComponent(backup)}`, { method: 'POST' });
    // The carrier takes it on, and the backup does not know of it.
    await simulator.ledger.until(({ posts }) => posts.filter(({ requestId }) => requestId !== undefined).length === 1);
  }
  await using gateway = await openGateway(simulator, backup, patience);
  await registerListeners(simulator, gateway);
  const query = asking(gateway);
  expect(await query('query ($id: ID!) { request(id: $id) { status error { code } progress { unknown } } }', { id: queued })).toEqual({
    data: { request: { status: 'UNKNOWN', error: { code: 'RESTORED' }, progress: { unknown: 2 } } },
  });
  const later = await mutate({ query }, 'ActivateDevices', activation(11));
  const resumed = await mutate({ query }, 'ResumeProfile', {
    accountName: account,
    devices: [{ deviceIds: [{ kind: 'ICCID', value: iccid(21) }] }],
  });
  expect(resumed.__typename).toBe('ResumeProfileAccepted');
  expect(await query('query ($id: ID!) { request(id: $id) { status } }', { id: later.request?.id })).toEqual({
    data: { request: { status: 'QUEUED' } },
  });
  expect(Object.fromEntries(simulator.ledger.performedPerDevice())).toEqual({ [iccid(1)]: 1, [iccid(2)]: 1, [iccid(21)]: 1 });
});

const CURSOR = 'query ($id: ID!) { request(id: $id) { cursor } }';

function asking({ urls }: Gateway) {
  return <Data>(document: string, variables?: Record<string, unknown>) => graphql<Data>(urls.graphql, document, variables);
}

/** While callbacks come faster than they are stored, operations may be refused. */
async function untilServed(ask: ReturnType<typeof asking>): Promise<void> {
  await until(async () => (await ask('{ __typename }')).data !== undefined);
}

function callback(requestId: string, number: number, index: number): Callback {
  const deviceIds = devices(1, number * DEVICES + index + 1)[0]?.deviceIds.map(({ kind, value }) => ({ kind, id: value }));
  const deviceResponse = { activateResponse: { state: 'Active' } };
  return {
    key: `${number}/${index}`,
    body: JSON.stringify({ requestId, deviceIds, deviceResponse, status: 'Success', callbackCount: 1, maxCallbackThreshold: 4 }),
  };
}

/** POSTs callbacks, many at once, each until it is acknowledged. */
async function send(gateway: Gateway, account: string, callbacks: readonly Callback[], acknowledged: Set<string>): Promise<void> {
  const agent = new Agent({ connections: IN_FLIGHT });
  const waiting = [...callbacks];
  const url = `${gateway.urls.callbacks}${gateway.callbackPath(account, 'CarrierService')}`;
  const one = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const answer = await request(url, { method: 'POST', body: next.body, dispatcher: agent });
      await answer.body.dump();
      if (answer.statusCode !== 200) throw new Error(`a callback was answered ${answer.statusCode}`);
      acknowledged.add(next.key);
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  } finally {
    await agent.close();
  }
}

/** Every request's log: the rows as they are stored. */
function logs(path: string): Map<string, { seq: number; message: string | null }[]> {
  const db = new DatabaseSync(path, { readOnly: true });
  const found = new Map<string, { seq: number; message: string | null }[]>();
  const rows = db.prepare(
    'SELECT r.id, e.seq, e.kind, e.counts, e.message FROM event e JOIN request r ON r.pk = e.request_pk ORDER BY r.pk, e.seq',
  );
  for (const { id, ...row } of rows.iterate() as Iterable<{ id: string; seq: number; message: string | null }>) {
    const log = found.get(id);
    if (log) log.push(row);
    else found.set(id, [row]);
  }
  db.close();
  return found;
}

/** The number of the device that a stored message is about. */
function deviceIn(message: string): number {
  return Number(/"id":"8914800(\d{13})"/.exec(message)?.[1]);
}
