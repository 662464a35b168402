import { expect, test } from 'vitest';
import { successCallback } from '../support/callback-samples.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { iccid } from '../support/devices.ts';
import { FOLLOW, type FollowEvent } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket, type ProtocolMessage } from '../support/raw-websocket.ts';
import { until } from '../support/until.ts';

type Doors = Awaited<ReturnType<typeof openGraphqlDoors>>;

const PAIRS = 40;
/** What follows, with whose it is. */
const QUERY = FOLLOW.replace('cursor status', 'cursor status request { id }');

interface Event extends FollowEvent {
  readonly request: { readonly id: string };
}

/** A request of one device that the carrier has taken on. */
async function openRequest(doors: Doors, number: number) {
  const request = newRequest([[['ICCID', iccid(number)]]]);
  const carrierRequestId = `carrier-${number}`;
  await doors.requestLog.create(request);
  await doors.requestLog.step(request.id, 0, { type: 'SENDING' });
  await doors.requestLog.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId });
  return {
    id: request.id,
    settle: () =>
      doors.requestLog.append(successCallback({ requestId: carrierRequestId, ids: [['ICCID', iccid(number)]], account: request.account })),
  };
}

function follow(raw: RawWebSocket, id: string): void {
  raw.subscribe('1', QUERY, { id });
}

function complete(raw: RawWebSocket): void {
  raw.send({ id: '1', type: 'complete' });
}

function eventOf({ payload }: ProtocolMessage): Event {
  return (payload as { data: { requestStatus: Event } }).data.requestStatus;
}

/** Whatever came of the one before, then the whole of the operation that has the id, and nothing else. */
async function expectWholeOf(raw: RawWebSocket, requestId: string, begun: ProtocolMessage): Promise<void> {
  const events = [begun, ...(await raw.ending('1')).filter(({ type }) => type === 'next')].map(eventOf);
  const ledger = new EventLedger(1);
  for (const event of events) ledger.add(event);
  expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
  expect(new Set(events.map(({ request }) => request.id))).toEqual(new Set([requestId]));
  expect(raw.rest()).toEqual([]);
}

test('an id that is completed and used again at once stands for the last subscription alone, which is given everything once', async () => {
  await using doors = await openGraphqlDoors();
  const [first, second] = [await openRequest(doors, 1), await openRequest(doors, 2)];
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  for (let pair = 0; pair < PAIRS; pair++) {
    follow(raw, first.id);
    complete(raw);
  }
  follow(raw, second.id);
  const begun = await raw.message((message) => message.id === '1' && eventOf(message).request.id === second.id);
  // Of the others, those that were read before their end was.
  raw.rest();
  expect(await openSubscriptions(doors)).toBe(1);
  await first.settle();
  await second.settle();
  await expectWholeOf(raw, second.id, begun);
  await until(async () => (await openSubscriptions(doors)) === 0);
});

test('a subscription that runs is replaced under its id without ending its successor', async () => {
  await using doors = await openGraphqlDoors();
  const [first, second] = [await openRequest(doors, 1), await openRequest(doors, 2)];
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  follow(raw, first.id);
  await raw.message(({ id }) => id === '1');
  complete(raw);
  follow(raw, second.id);
  const begun = await raw.message(({ id }) => id === '1');
  await first.settle();
  await second.settle();
  await expectWholeOf(raw, second.id, begun);
});

test('a subscription that was completed and replaced while the store looked for its request is left', async () => {
  const [looked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using doors = await openGraphqlDoors({
    faulty: (log) => {
      const requests = log.requests.bind(log);
      log.requests = async (ids) => {
        looked.resolve();
        await answer.promise;
        return requests(ids);
      };
      return log;
    },
  });
  const [first, second] = [await openRequest(doors, 1), await openRequest(doors, 2)];
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  follow(raw, first.id);
  await looked.promise;
  complete(raw);
  follow(raw, second.id);
  raw.subscribe('2', '{ __typename }');
  await raw.ending('2');
  answer.resolve();
  const begun = await raw.message(({ id }) => id === '1');
  await until(async () => (await openSubscriptions(doors)) === 1);
  await first.settle();
  await second.settle();
  await expectWholeOf(raw, second.id, begun);
  await until(async () => (await openSubscriptions(doors)) === 0);
});

test('a query that is completed and replaced under its id while it runs is not answered in the name of the other', async () => {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using doors = await openGraphqlDoors({
    faulty: (log) => {
      const list = log.list.bind(log);
      log.list = async (...args) => {
        asked.resolve();
        await answer.promise;
        return list(...args);
      };
      return log;
    },
  });
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.subscribe('1', '{ requests { nodes { id } } }');
  await asked.promise;
  complete(raw);
  raw.subscribe('1', '{ __typename }');
  expect(await raw.ending('1')).toEqual([
    { id: '1', type: 'next', payload: { data: { __typename: 'Query' } } },
    { id: '1', type: 'complete' },
  ]);
  answer.resolve();
  raw.subscribe('2', '{ requests { nodes { id } } }');
  await raw.ending('2');
  expect(raw.rest()).toEqual([]);
});

test('subscriptions that were begun and completed in a flood are all gone when their socket is', async () => {
  await using doors = await openGraphqlDoors();
  const { id } = await openRequest(doors, 1);
  const raw = await RawWebSocket.ready(doors.websocketUrl);
  for (let pair = 0; pair < PAIRS; pair++) {
    follow(raw, id);
    complete(raw);
  }
  follow(raw, id);
  await raw.message((message) => message.id === '1');
  await raw[Symbol.asyncDispose]();
  await until(async () => (await openSubscriptions(doors)) === 0);
});

test.each([
  ['a line separator', '\u2028'],
  ['a quote', '"payload":{"'],
  ['a name of JavaScript', '__proto__'],
  ['another name of JavaScript', 'constructor'],
  ['half a character', '\ud800'],
])('an operation whose id is %s is answered under it', async (_what, id) => {
  await using doors = await openGraphqlDoors();
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.subscribe(id, '{ __typename }');
  expect(await raw.ending(id)).toEqual([
    { id, type: 'next', payload: { data: { __typename: 'Query' } } },
    { id, type: 'complete' },
  ]);
});

test('a ping is given its payload back as it was, whatever it looks like', async () => {
  await using doors = await openGraphqlDoors();
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.subscribe('1', '{ __typename }');
  raw.send({ type: 'ping', payload: { '@frame': 1 } });
  expect(await raw.message(({ type }) => type === 'pong')).toEqual({ type: 'pong', payload: { '@frame': 1 } });
  expect((await raw.ending('1'))[0]?.payload).toEqual({ data: { __typename: 'Query' } });
});
