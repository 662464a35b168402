import { expect, test } from 'vitest';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { successCallback } from '../support/callback-samples.ts';
import { iccid } from '../support/devices.ts';
import { FOLLOW, type FollowEvent } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket, type ProtocolMessage } from '../support/raw-websocket.ts';
import { until } from '../support/until.ts';

const DEVICES = 1_500;
const OTHERS = 20;
const CARRIER_ID = '595f5c44-c31c-4552-8670-020a1545a84d';
/** 20 kB of names for every outcome: what it does not take would be some 30 MB, more than a connection holds. */
const FAT = FOLLOW.replace(
  'id index status',
  `id index status ${Array.from({ length: 10 }, (_, at) => `${'x'.repeat(2_000)}${at}: id`).join(' ')}`,
);

test('a stalled client is closed with 1013 and resumes by its cursor without gap or repeat, and 20 others get everything meanwhile', async () => {
  await using doors = await openGraphqlDoors({ stalledAfterMs: 200, logLevel: 'warn' });
  const devices = Array.from({ length: DEVICES }, (_, at) => [['ICCID', iccid(at)] as const]);
  const request = newRequest(devices);
  const { id } = request;
  await doors.requestLog.create(request);
  await doors.requestLog.step(id, 0, { type: 'SENDING' });
  await doors.requestLog.step(id, 0, { type: 'ACCEPTED', carrierRequestId: CARRIER_ID });

  const stalling = await follower(doors.websocketUrl, FAT, { id, batchSize: 10 });
  const others = await Promise.all(Array.from({ length: OTHERS }, () => follower(doors.websocketUrl, FOLLOW, { id, batchSize: 1_000 })));
  stalling.raw.socket.pause();
  await Promise.all(
    devices.map((ids) => doors.requestLog.append(successCallback({ requestId: CARRIER_ID, ids, account: request.account }))),
  );
  for (const { raw, ledger } of others) {
    for (const message of await raw.ending('1')) take(ledger, message);
    expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
    await raw[Symbol.asyncDispose]();
  }

  await until(() => doors.logged.some((line) => line.includes('connection_ended')));
  stalling.raw.socket.resume();
  expect(await stalling.raw.closed).toBe(1013);
  for (const message of stalling.raw.rest()) take(stalling.ledger, message);
  expect(stalling.ledger.report().missing).toBeGreaterThan(0);
  await until(async () => (await openSubscriptions(doors)) === 0);

  const again = await RawWebSocket.ready(doors.websocketUrl);
  again.subscribe('1', FOLLOW, { id, batchSize: 1_000, after: stalling.ledger.cursor });
  for (const message of await again.ending('1')) take(stalling.ledger, message);
  expect({ ...stalling.ledger.report(), status: stalling.ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
  await again[Symbol.asyncDispose]();
});

test('a client that takes no pings is closed with 1013 too, and so is told to come back', async () => {
  await using doors = await openGraphqlDoors({ keepAliveMs: 50, logLevel: 'warn' });
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.socket.pause();
  await until(() => doors.logged.some((line) => line.includes('connection_ended')));
  raw.socket.resume();
  expect(await raw.closed).toBe(1013);
});

/** A follower on a socket of its own, past its first event. */
async function follower(url: string, query: string, variables: Record<string, unknown>) {
  const raw = await RawWebSocket.ready(url);
  const ledger = new EventLedger(DEVICES);
  raw.subscribe('1', query, variables);
  take(ledger, await raw.message(({ id }) => id === '1'));
  return { raw, ledger };
}

function take(ledger: EventLedger, { type, payload }: ProtocolMessage): void {
  if (type === 'next') ledger.add((payload as { data: { requestStatus: FollowEvent } }).data.requestStatus);
}
