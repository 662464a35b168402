import { createClient } from 'graphql-ws';
import { print } from 'graphql';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import {
  ActivateDevicesDocument,
  RequestDocument,
  RequestStatusDocument,
  type ActivateDevicesMutation,
  type RequestQuery,
  type RequestStatusSubscription,
} from '../../operations/gql/graphql.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { CALLBACK_PREFIX, callbackToken } from '../../src/server/callback-paths.ts';
import { devices } from '../support/devices.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { graphql } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';

const DEVICES = 2_000;
const KILLS = 5;
const IN_FLIGHT = 32;

test(`after ${KILLS} kill -9 under load no acknowledged callback is lost, none is doubled, and a subscriber that resumes misses nothing`, async () => {
  await using undo = new AsyncDisposableStack();
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false }));
  simulator.holdCallbacks();
  const folder = undo.use(await tempFolder());
  const env = gatewayEnv(simulator, `${folder.path}/gateway.sqlite`);
  const accountName = simulator.accounts[0] ?? '';
  const path = `${CALLBACK_PREFIX}${callbackToken(env['M2M_CALLBACK_SECRET'] ?? '', { account: accountName, service: 'CarrierService' })}`;
  const agent = new Agent({ connections: IN_FLIGHT });
  undo.defer(() => agent.destroy());

  let gateway = await spawnGateway(env);
  undo.defer(() => gateway[Symbol.asyncDispose]());
  const input = { accountName, devices: devices(DEVICES), servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
  const made = await graphql<ActivateDevicesMutation>(gateway.graphql, print(ActivateDevicesDocument), { input });
  if (made.data?.activateDevices.__typename !== 'ActivateDevicesAccepted') throw new Error(JSON.stringify(made));
  const { id, carrierRequests } = made.data.activateDevices.request;
  const carrierRequestId = carrierRequests[0]?.carrierRequestId ?? '';

  const subscriber = follow(id, () => gateway);
  const acknowledged = new Set<number>();
  const waiting = input.devices.map((_, index) => index);
  for (let kill = 0; kill <= KILLS; kill++) {
    const until = kill === KILLS ? DEVICES : Math.floor(((kill + 1) * DEVICES) / (KILLS + 1));
    await Promise.all(Array.from({ length: IN_FLIGHT }, () => send(gateway, until)));
    if (kill === KILLS) break;
    await gateway.exited;
    gateway = await spawnGateway(env);
  }

  const stored = await storedSuccesses(gateway.graphql, id);
  const ledger = await subscriber;
  const lost = [...acknowledged].filter((index) => !stored.has(index)).length;
  expect({ acked: acknowledged.size, lost, phantom: [...stored].filter((index) => index >= DEVICES).length, ...ledger }).toEqual({
    acked: DEVICES,
    lost: 0,
    phantom: 0,
    missing: 0,
    repeated: 0,
    disorder: 0,
  });

  /** Sends what has not been acknowledged; kills the gateway in the middle of it once `until` have been. */
  async function send(target: GatewayProcess, until: number): Promise<void> {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const body = JSON.stringify(callback(index));
      const done = await request(`${target.callbacks}${path}`, { method: 'POST', body, dispatcher: agent }).then(
        async (answer) => answer.statusCode === 200 && (await answer.body.text()) === '{}',
        () => false,
      );
      if (done) acknowledged.add(index);
      else waiting.push(index);
      if (!done || (acknowledged.size >= until && until < DEVICES)) {
        target.kill('SIGKILL');
        return;
      }
    }
  }

  function callback(index: number): unknown {
    const ids = input.devices[index]?.deviceIds ?? [];
    return {
      requestId: carrierRequestId,
      deviceIds: ids,
      deviceResponse: { activateResponse: { state: 'Active' } },
      status: 'Success',
      callbackCount: 1,
      maxCallbackThreshold: 4,
    };
  }
});

async function storedSuccesses(url: string, id: string): Promise<Set<number>> {
  const stored = new Set<number>();
  const cursor: { last: string | null } = { last: null };
  for (;;) {
    const { data } = await graphql<RequestQuery>(url, print(RequestDocument), {
      id,
      first: 1000,
      after: cursor.last,
      status: ['SUCCEEDED'],
    });
    const page = data?.request?.outcomes;
    for (const { index } of page?.nodes ?? []) stored.add(index);
    if (!page?.pageInfo.hasNextPage) return stored;
    cursor.last = page.pageInfo.endCursor;
  }
}

/** Follows to the end over every restart, by its last cursor, and counts what a client must never see. */
async function follow(id: string, gateway: () => GatewayProcess): Promise<{ missing: number; repeated: number; disorder: number }> {
  const seen = new Set<number>();
  const ledger = { missing: 0, repeated: 0, disorder: 0 };
  const cursor: { last: string | null } = { last: null };
  let position = 0;
  for (let status = ''; status !== 'SUCCEEDED';) {
    const target = gateway();
    const client = createClient({ url: target.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
    try {
      for await (const { data } of client.iterate<RequestStatusSubscription>({
        query: print(RequestStatusDocument),
        variables: { requestId: id, after: cursor.last },
      })) {
        if (!data) continue;
        const event = data.requestStatus;
        const at = Number(event.cursor.split('.')[0]);
        if (at <= position) ledger.disorder++;
        position = at;
        cursor.last = event.cursor;
        status = event.status;
        for (const { index } of event.outcomes) {
          if (seen.has(index)) ledger.repeated++;
          seen.add(index);
        }
      }
    } catch {
      // Killed: wait until it is gone, then try whoever is there.
      await target.exited;
    } finally {
      await client.dispose();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  ledger.missing = DEVICES - seen.size;
  return ledger;
}
