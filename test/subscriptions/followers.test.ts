import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { follow, TRANSPORTS, type FollowEvent } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { memoryInUse } from '../support/memory-in-use.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

test.each(TRANSPORTS)('over $transport: of two subscribers one leaves, the other is given everything', async ({ following }) => {
  await using stack = await startStack();
  stack.simulator.holdCallbacks();
  const { id } = await activateDevices(stack, 200);
  const leaving = following(stack, { id });
  const staying = following(stack, { id, batchSize: 20 });
  await leaving.next();
  const ledger = new EventLedger(200);
  const first = await staying.next();
  ledger.add(first.value as FollowEvent);
  expect(await openSubscriptions(stack.gateway)).toBe(2);
  await leaving.return();
  stack.simulator.releaseCallbacks();
  for await (const event of staying) ledger.add(event);
  expect(ledger.report()).toEqual(FAULTLESS);
  await until(async () => (await openSubscriptions(stack.gateway)) === 0);
});

test('subscribers that leave while they wait, in whatever way, leave nothing behind', async () => {
  await using doors = await openGraphqlDoors();
  const request = newRequest([[['ICCID', '89148000000000000001']]]);
  await doors.requestLog.create(request);
  const variables = { id: request.id };
  const query = `subscription ($id: ID!) { requestStatus(requestId: $id) { cursor } }`;
  const polite = await RawWebSocket.ready(doors.websocketUrl);
  const gone = await RawWebSocket.ready(doors.websocketUrl);
  for (const raw of [polite, gone]) {
    for (const id of ['a', 'b']) raw.subscribe(id, query, variables);
    for (const id of ['a', 'b']) await raw.message((message) => message.id === id);
  }
  await using watching = await RawWebSocket.ready(doors.websocketUrl);
  watching.subscribe('refused', query, { id: 'unknown' });
  await watching.ending('refused');
  expect({ topics: doors.hub.topics, open: await openSubscriptions(doors) }).toEqual({ topics: 1, open: 4 });
  for (const id of ['a', 'b']) polite.send({ id, type: 'complete' });
  gone.socket.terminate();
  await until(async () => doors.hub.topics === 0 && (await openSubscriptions(doors)) === 0);
  await polite[Symbol.asyncDispose]();
});

test('a subscriber that never reads costs the others nothing, and no memory for what it does not read', async () => {
  const DEVICES = 10_000;
  await using stack = await startStack({ simulator: { callbackDelayMs: [0, 500], ledger: 'counts' } });
  stack.simulator.holdCallbacks();
  const { id } = await activateDevices(stack, DEVICES);
  // 60 times the outcomes: everything it does not take would be over 600 MB.
  const fields = 'id index status state servicePlan deviceIds { kind value reportedKind }';
  const fat = `subscription ($id: ID!) { requestStatus(requestId: $id, batchSize: 20) { ${Array.from({ length: 60 }, (_, at) => `a${at}: outcomes { ${fields} }`).join(' ')} } }`;
  await using stalled = await RawWebSocket.ready(stack.gateway.urls.websocket);
  stalled.subscribe('fat', fat, { id });
  await stalled.message((message) => message.id === 'fat');
  stalled.socket.pause();

  const before = memoryInUse();
  const ledger = new EventLedger(DEVICES);
  let isReleased = false;
  for await (const event of follow(stack.client(), { id, batchSize: 1_000 })) {
    ledger.add(event);
    // Only now, because a subscription that begins while too many callbacks come may be refused.
    if (!isReleased) stack.simulator.releaseCallbacks();
    isReleased = true;
  }
  expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
  expect(memoryInUse() - before).toBeLessThan(150_000_000);
  // It leaves with nearly everything still before it.
  await stalled[Symbol.asyncDispose]();
  await until(async () => (await openSubscriptions(stack.gateway)) === 0);
});

test('a long replay does not keep others waiting for its end, on the same socket or another', async () => {
  await using stack = await startStack();
  const { id } = await activateDevices(stack, 2_000);
  await stack.simulator.idle();
  await using replaying = await RawWebSocket.ready(stack.gateway.urls.websocket);
  await using other = await RawWebSocket.ready(stack.gateway.urls.websocket);
  let events = 0;
  replaying.socket.on('message', (data: Buffer) => void (data.includes('requestStatus') && events++));
  replaying.subscribe('replay', 'subscription ($id: ID!) { requestStatus(requestId: $id, batchSize: 1) { cursor } }', { id });
  await replaying.message((message) => message.id === 'replay');
  replaying.subscribe('query', '{ __typename }');
  other.subscribe('query', '{ __typename }');
  for (const raw of [replaying, other]) await raw.message((message) => message.id === 'query');
  expect(events).toBeLessThan(2_000);
});
