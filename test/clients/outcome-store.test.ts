import { print } from 'graphql';
import { expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { RequestDocument, type RequestQuery, type RequestStatusSubscription } from '../../documents/gql/graphql.ts';
import { followWithGraphqlWs } from '../../examples/follow-with-graphql-ws.ts';
import { OutcomeStore, type StoredOutcome } from '../../examples/outcome-store.ts';
import { patientFetch } from '../../examples/patient-fetch.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { startAnsweringServer } from '../support/answering-server.ts';
import { startStack, type GraphqlAnswer } from '../support/stack.ts';

type Outcome = RequestStatusSubscription['requestStatus']['outcomes'][number];

const DEVICES = 10_000;

vi.setConfig({ testTimeout: 120_000 });

test('10,000 devices: loaded page by page while they report, followed from there, each as the gateway shows it in the end', async () => {
  await using stack = await startStack({ simulator: { failureRate: 0.01, ledger: 'counts', callbacksPerSecond: 3_000 } });
  const { id } = await activateDevices(stack, DEVICES);
  const store = new OutcomeStore<Outcome>();
  const readPage = async (after: string | null) => {
    const answer = await patientFetch(stack.gateway.urls.graphql, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: print(RequestDocument), variables: { id, first: 1_000, after } }),
    });
    const { data, errors } = (await answer.json()) as GraphqlAnswer<RequestQuery>;
    if (!data?.request) throw new Error('The gateway does not show the request.', { cause: errors });
    return data.request;
  };
  const snapshots = new Set<unknown>();
  const unsubscribe = store.subscribe(() => void snapshots.add(store.getSnapshot()));
  await store.load(readPage);
  expect(store.getSnapshot().outcomes).toHaveLength(DEVICES);
  const events: RequestStatusSubscription['requestStatus'][] = [];
  await followWithGraphqlWs({
    url: stack.gateway.urls.websocket,
    webSocketImpl: WebSocket,
    requestId: id,
    after: store.cursor ?? '',
    onEvent: (event) => {
      events.push(event);
      store.apply(event);
    },
  });
  unsubscribe();
  expect(store.cursor).toBe(events.at(-1)?.cursor);

  const inTheEnd = new OutcomeStore<Outcome>();
  await inTheEnd.load(readPage);
  const { outcomes, counts, status, withStatus } = store.getSnapshot();
  expect(status).toBe('PARTIALLY_FAILED');
  expect(outcomes).toEqual(inTheEnd.getSnapshot().outcomes);
  expect(outcomes.map(({ index }) => index)).toEqual(Array.from({ length: DEVICES }, (_, index) => index));
  const { progress } = await readPage(null);
  expect(counts).toEqual({ SUCCEEDED: progress.succeeded, FAILED: progress.failed });
  expect(withStatus('FAILED')).toHaveLength(progress.failed);
  // It told of many events together.
  expect(snapshots.size).toBeGreaterThan(0);
  expect(snapshots.size).toBeLessThan(events.length + DEVICES / 1_000);

  // What comes again, and what is older, changes nothing.
  const again = events.reduce((known, event) => known + store.apply(event), 0);
  expect(again).toBe(events.reduce((sum, event) => sum + event.outcomes.length, 0));
  expect(store.getSnapshot().outcomes).toEqual(outcomes);
});

const device = (index: number, revision: number, status: StoredOutcome['status']): StoredOutcome => ({
  id: `out_${index}`,
  revision,
  index,
  status,
});
const event = (cursor: string, ...outcomes: StoredOutcome[]) => ({ cursor, status: 'IN_PROGRESS' as const, outcomes });

test('a state with a lower revision never replaces a newer one; of two with the same revision the later counts', () => {
  const store = new OutcomeStore();
  expect(store.apply(event('a', device(1, 7, 'SUCCEEDED'), device(0, 0, 'PENDING')))).toBe(0);
  expect(store.apply(event('b', device(1, 4, 'PENDING'), device(0, 0, 'UNKNOWN')))).toBe(0);
  expect(store.getSnapshot().outcomes).toEqual([device(0, 0, 'UNKNOWN'), device(1, 7, 'SUCCEEDED')]);
  expect(store.apply(event('c', device(1, 7, 'SUCCEEDED')))).toBe(1);
  expect(store.cursor).toBe('c');
});

test('a snapshot stays the same until something changes, and so do its lists', () => {
  const store = new OutcomeStore();
  store.apply(event('a', device(0, 3, 'FAILED'), device(1, 0, 'PENDING')));
  const first = store.getSnapshot();
  expect(store.getSnapshot()).toBe(first);
  expect(first.withStatus('FAILED')).toBe(first.withStatus('FAILED'));
  store.apply(event('b', device(1, 4, 'FAILED')));
  expect(store.getSnapshot()).not.toBe(first);
  expect(first.counts).toEqual({ FAILED: 1, PENDING: 1 });
  expect(store.getSnapshot().counts).toEqual({ FAILED: 2 });
  store.clear();
  expect([store.getSnapshot().outcomes, store.cursor, store.getSnapshot().status]).toEqual([[], null, null]);
});

test('patientFetch asks again after Retry-After when nothing was run, and gives back every other answer at once', async () => {
  await using busy = await startAnsweringServer(
    { status: 503, headers: { 'retry-after': '0' }, body: {} },
    { status: 429, headers: { 'retry-after': '0' }, body: {} },
    { status: 200, body: 'at last' },
  );
  const ask = (url: string) => patientFetch(url, { method: 'POST', body: '{"query":"{ __typename }"}' });
  expect(await (await ask(busy.url)).text()).toBe('at last');
  expect(busy.requests.map(({ body }) => body)).toEqual(Array.from({ length: 3 }, () => '{"query":"{ __typename }"}'));
  // Without Retry-After nobody says that nothing was run.
  await using broken = await startAnsweringServer({ status: 503, body: {} });
  expect((await ask(broken.url)).status).toBe(503);
  expect(broken.requests).toHaveLength(1);
});
