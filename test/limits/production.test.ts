import { afterAll, beforeAll, expect, test } from 'vitest';
import { incoming, successCallback } from '../support/callback-samples.ts';
import { iccid } from '../support/devices.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { sseResults } from '../support/sse-client.ts';
import { graphql } from '../support/stack.ts';
import type { FlatStore } from '../support/flat-store.ts';

const MAX_OBJECTS = 400;
const DEVICES = 300;

let doors: Awaited<ReturnType<typeof openGraphqlDoors>>;
const reads: string[] = [];
let id: string;
beforeAll(async () => {
  const counted = (log: FlatStore) =>
    new Proxy(log, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          reads.push(String(key));
          return Reflect.apply(value, target, args);
        };
      },
    });
  doors = await openGraphqlDoors({ maxObjects: MAX_OBJECTS, faulty: counted });
  const { requestLog } = doors;
  const devices = Array.from({ length: DEVICES }, (_, at) => [['ICCID', iccid(at + 1)]] as const);
  const request = newRequest(devices);
  id = request.id;
  await requestLog.create(request);
  await requestLog.step(id, 0, { type: 'SENDING' });
  await requestLog.step(id, 0, { type: 'ACCEPTED', carrierRequestId: 'carrier-1' });
  await Promise.all(devices.map((ids) => requestLog.append(successCallback({ requestId: 'carrier-1', ids }))));
  const long = 'x'.repeat(1_000_000);
  for (let at = 0; at < 3; at++) await requestLog.append(incoming('DeviceUsage', { requestId: `nobody-${at}`, long }));
});
afterAll(() => doors[Symbol.asyncDispose]());

const outcomes = (fields: string, first = DEVICES) => `{ request(id: "${id}") { outcomes(first: ${first}) { nodes { ${fields} } } } }`;
const pages = (count: number) =>
  `{ ${Array.from({ length: count }, (_, at) => `a${at}: unclaimedCallbacks { nodes { payload } }`).join(' ')} }`;
const stopped = (what: string) => ({
  errors: [{ message: expect.stringContaining(`The ${what} was stopped`) as string, extensions: { code: 'OPERATION_TOO_LARGE' } }],
});

async function countStopped(): Promise<number | undefined> {
  const { values } = await doors.metrics.operationsRefused.get();
  return values.find(({ labels }) => labels.code === 'operation_too_large')?.value;
}

async function overWebsocket(query: string, variables: Record<string, unknown> = {}) {
  await using socket = await RawWebSocket.ready(doors.websocketUrl);
  socket.subscribe('asked', query, variables);
  return (await socket.ending('asked')).flatMap(({ type, payload }) =>
    type === 'complete' ? [] : [type === 'error' ? { errors: payload } : payload],
  );
}

const results = (query: string, variables: Record<string, unknown> = {}) => Array.fromAsync(sseResults(doors.url, query, variables));

test.each([
  ['objects', () => outcomes('deviceIds { value }'), () => outcomes('deviceIds { value }', 50)],
  [
    'characters, by the length of a name',
    () => outcomes(`${'a'.repeat(60_000)}: index`),
    () => outcomes(`${'a'.repeat(60_000)}: index`, 5),
  ],
  [
    'characters, by many names',
    () => outcomes(Array.from({ length: 15 }, (_, at) => `${'a'.repeat(4_000)}${at}: __typename`).join(' ')),
    () => outcomes('__typename'),
  ],
  ['characters, by long texts', () => pages(7), () => pages(1)],
])('an operation that produces too many %s is stopped over every transport, and a smaller one is answered', async (_what, large, small) => {
  doors.metrics.operationsRefused.reset();
  expect(await graphql(doors.url, large())).toEqual(stopped('query'));
  expect(await overWebsocket(large())).toEqual([stopped('query')]);
  expect(await results(large())).toEqual([stopped('query')]);
  expect(await countStopped()).toBe(3);
  for (const answer of [await graphql(doors.url, small()), ...(await overWebsocket(small())), ...(await results(small()))]) {
    expect(answer).toHaveProperty('data');
    expect(answer).not.toHaveProperty('errors');
  }
});

test('nothing more is read for an operation that is stopped', async () => {
  reads.length = 0;
  expect(
    await graphql(
      doors.url,
      `{ request(id: "${id}") { outcomes(first: ${DEVICES}) { nodes { ${'a'.repeat(60_000)}: index retriedIn { carrierRequests { state } } } } } }`,
    ),
  ).toEqual(stopped('query'));
  expect(reads.filter((name) => name !== 'outcomePages')).toEqual(['requests']);
});

test('a mutation that is stopped says that it may have been done', async () => {
  const ids = Array.from({ length: MAX_OBJECTS + 1 }, (_, at) => `dead_${at + 1_000}`);
  const redrive = 'mutation ($ids: [ID!]!) { redriveDeadLetters(input: { ids: $ids }) { deadLetterId } }';
  const answer = await graphql(doors.url, redrive, { ids });
  expect(answer).toEqual(stopped('mutation'));
  expect(answer.errors?.[0]?.message).toContain('may have been done');
  expect(await graphql(doors.url, redrive, { ids: ids.slice(0, 10) })).toHaveProperty('data');
});

const FOLLOW = `subscription ($id: ID!, $after: Cursor, $size: Int! = 100) {
  requestStatus(requestId: $id, after: $after, batchSize: $size) { cursor outcomes { index deviceIds { value } requested { value } } }
}`;

interface Event {
  readonly data?: { readonly requestStatus: { readonly cursor: string; readonly outcomes: readonly { readonly index: number }[] } };
}

test.each([
  ['a WebSocket', overWebsocket],
  ['an event stream', results],
])(
  'over %s a subscription ends with the event that is too large, and goes on after its cursor with smaller ones',
  async (_what, follow) => {
    const given = (await follow(FOLLOW, { id, size: 50 })) as Event[];
    expect(given.at(-1)).toHaveProperty('data');
    const [first] = given;
    const after = first?.data?.requestStatus.cursor;
    doors.metrics.operationsRefused.reset();
    expect(await follow(FOLLOW, { id, after, size: 200 })).toEqual([stopped('subscription')]);
    expect(await countStopped()).toBe(1);
    const rest = (await follow(FOLLOW, { id, after, size: 50 })) as Event[];
    const seen = [first, ...rest].flatMap((event) => event?.data?.requestStatus.outcomes.map(({ index }) => index) ?? []);
    expect(new Set(seen).size).toBe(DEVICES);
    expect(await doors.metrics.subscriptions.get()).toMatchObject({ values: [{ value: 0 }] });
  },
);

test('a list is cut at the size that stands beside its field', async () => {
  const deviceIds = Array.from({ length: 50 }, (_, at) => ({ kind: `kind${at}`, id: `${at}` }));
  await doors.requestLog.append(incoming('DeviceUsage', { requestId: 'many', deviceIds }));
  const query =
    'query ($after: Cursor) { unclaimedCallbacks(after: $after) { nodes { carrierRequestId deviceIds { value } } pageInfo { endCursor } } }';
  interface Page {
    readonly unclaimedCallbacks: {
      readonly nodes: readonly { readonly carrierRequestId: string; readonly deviceIds: readonly object[] }[];
    };
  }
  const { data } = await graphql<Page>(doors.url, query);
  expect(data?.unclaimedCallbacks.nodes.find(({ carrierRequestId }) => carrierRequestId === 'many')?.deviceIds).toHaveLength(10);
});
