import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { activateDevices } from '../support/activate-devices.ts';
import { startCallbackSenders } from '../support/callback-senders.ts';
import { deviceCallback } from '../support/device-callback.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { follow } from '../support/follow.ts';
import { startSpawnedStack } from '../support/spawned-stack.ts';
import { until } from '../support/until.ts';

const DEVICES = 2_000;
/** How long the process stands still. */
const PAUSE_MS = 3_000;

test('a process that was stopped and goes on answers every callback, its subscriber misses nothing, and GraphQL is answered', async () => {
  await using stack = await startSpawnedStack();
  const { gateway } = stack;
  stack.simulator.holdCallbacks();
  const { id, carrierRequestId } = await activateDevices(stack, DEVICES);
  const client = createClient({ url: gateway.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
  const ledger = new EventLedger(DEVICES);
  const followed = (async () => {
    for await (const event of follow(client, { id, batchSize: 1_000 })) ledger.add(event);
  })();
  await until(() => ledger.events > 0);
  await using senders = startCallbackSenders(stack.callbackUrl(), {
    senders: 16,
    total: DEVICES,
    body: (number) => deviceCallback(carrierRequestId, number + 1),
  });
  await senders.more(100);
  gateway.kill('SIGSTOP');
  await until(() => stateOf(gateway.pid) === 'T');
  const acknowledged = senders.acknowledged.size;
  expect(acknowledged).toBeLessThan(DEVICES);
  const asked = stack.query('{ __typename }');
  await delay(PAUSE_MS);
  gateway.kill('SIGCONT');
  expect(await asked).toEqual({ data: { __typename: 'Query' } });
  await senders.finished;
  expect({ acknowledged: senders.acknowledged.size, others: [...senders.others] }).toEqual({ acknowledged: DEVICES, others: [] });
  await followed;
  expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
  await client.dispose();
});

/** T: stopped by a signal. */
function stateOf(pid: number): string | undefined {
  return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}
