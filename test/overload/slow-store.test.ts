import { request } from 'undici';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { activateDevices } from '../support/activate-devices.ts';
import { startCallbackSenders } from '../support/callback-senders.ts';
import { deviceCallback } from '../support/device-callback.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { follow, followOverSse, type FollowEvent } from '../support/follow.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startSpawnedStack } from '../support/spawned-stack.ts';
import { noStrace, SYNCS, underStrace } from '../support/strace.ts';

const reason = noStrace();
if (reason !== null) process.stderr.write(`Overload by a slow store is not tested: ${reason}.\n`);

const DEVICES = 800;
const SENDERS = 16;
/** How long each sync takes at least, in microseconds. */
const SYNC_US = 40_000;
const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }`;

test.skipIf(reason !== null)(
  'while the store is slow every callback is acknowledged, subscriptions miss nothing, the admin door and GraphQL answer',
  async () => {
    await using stack = await startSpawnedStack({
      underIn: (folder) => underStrace({ calls: SYNCS, inject: `${SYNCS}:delay_exit=${SYNC_US}`, into: `${folder}/trace` }),
    });
    const { simulator, account } = stack;
    simulator.holdCallbacks();
    const { id, carrierRequestId } = await activateDevices(stack, DEVICES);
    const client = createClient({ url: stack.gateway.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
    const followers = [follow(client, { id }), followOverSse(stack.gateway.graphql, { id })].map(begin);
    await Promise.all(followers.map(({ begun }) => begun));
    await using raw = await RawWebSocket.ready(stack.gateway.websocket);

    await using senders = startCallbackSenders(stack.callbackUrl(), {
      senders: SENDERS,
      total: DEVICES,
      body: (number) => deviceCallback(carrierRequestId, number + 1),
    });
    await senders.more(SENDERS);
    const answered = await stack.query('{ __typename }');
    expect(answered).toEqual({ data: { __typename: 'Query' } });
    raw.subscribe('query', '{ __typename }');
    expect(await raw.ending('query')).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
    const input = { accountName: account, servicePlan: 'm2m4G2GB', mdnZipCode: '98801', target: { devices: [] }, validateOnly: true };
    expect(await stack.query(ACTIVATE, { input })).toMatchObject({ data: { activateDevices: {} } });
    expect((await request(`${stack.gateway.admin}/health/ready`)).statusCode).toBe(200);
    // It was all of this under load.
    expect(senders.acknowledged.size).toBeLessThan(DEVICES);

    await senders.finished;
    expect({ acknowledged: senders.acknowledged.size, others: [...senders.others] }).toEqual({ acknowledged: DEVICES, others: [] });
    for (const { ledger, ended } of followers) {
      await ended;
      expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
    }
    raw.subscribe('after', '{ __typename }');
    expect(await raw.ending('after')).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
    expect(await stack.query('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    await client.dispose();
  },
);

/** Reads events into a ledger; `begun` with the first. */
function begin(events: AsyncIterable<FollowEvent>) {
  const ledger = new EventLedger(DEVICES);
  const begun = Promise.withResolvers<void>();
  const ended = (async () => {
    for await (const event of events) {
      ledger.add(event);
      begun.resolve();
    }
  })();
  ended.catch(begun.reject);
  return { ledger, begun: begun.promise, ended };
}
