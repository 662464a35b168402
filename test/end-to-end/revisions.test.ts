import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { deviceCallback } from '../support/device-callback.ts';
import { openGateway } from '../support/open-gateway.ts';
import { postCallback } from '../support/post-callback.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { graphql, startStack } from '../support/stack.ts';
import { positionOf } from '../support/event-ledger.ts';

const FIELDS = 'id revision status callbackCount';
const SHOWN = `query ($id: ID!) { request(id: $id) { id revision status cursor outcomes { nodes { ${FIELDS} } } } }`;
const EVENTS = `subscription ($id: ID!) { requestStatus(requestId: $id, batchSize: 1, after: null) {
  cursor request { id revision status } outcomes { ${FIELDS} } } }`;

interface Seen {
  readonly id: string;
  readonly revision: number;
  readonly status: string;
}

interface Shown {
  readonly request: Seen & { readonly cursor: string; readonly outcomes: { readonly nodes: readonly Seen[] } };
}

test('whatever order answers come in, a cache that keeps the higher revision ends with the newest', async () => {
  await using stack = await startStack({ register: false });
  const { id, carrierRequestId } = await activateDevices(stack, 3);
  const answers: Seen[] = [];
  const ask = async (url = stack.gateway.urls.graphql) => {
    const { data } = await graphql<Shown>(url, SHOWN, { id });
    if (!data) throw new Error('no answer');
    const { outcomes, cursor, ...request } = data.request;
    expect(request.revision).toBe(positionOf(cursor));
    answers.push(request, ...outcomes.nodes);
    return [request, ...outcomes.nodes];
  };
  const before = await ask();
  expect(before.slice(1).map(({ revision }) => revision)).toEqual([0, 0, 0]);
  // A success, a success after a notice, and a failure that a success contradicts: five rows.
  await postCallback(stack, 'CarrierService', deviceCallback(carrierRequestId, 1));
  await ask();
  await postCallback(stack, 'CarrierService', { ...deviceCallback(carrierRequestId, 2), status: 'Pending', comment: 'Processing' });
  await postCallback(stack, 'CarrierService', deviceCallback(carrierRequestId, 2));
  await ask();
  const failure = { faultResponse: { faultcode: 'X.REQUEST_FAILED.Y', faultstring: 'No.' }, status: 'Failed', deviceResponse: undefined };
  await postCallback(stack, 'CarrierService', { ...deviceCallback(carrierRequestId, 3), ...failure });
  await postCallback(stack, 'CarrierService', deviceCallback(carrierRequestId, 3));
  const newest = await ask();
  for await (const { data } of stack.client().iterate<{ requestStatus: Event }>({ query: EVENTS, variables: { id } })) {
    const event = data?.requestStatus;
    if (!event) throw new Error('no event');
    // The device in an event is as it was then: its newest row is the one of this event.
    for (const { revision } of event.outcomes) expect(revision).toBe(positionOf(event.cursor));
    expect(event.request.revision).toBeGreaterThanOrEqual(positionOf(event.cursor));
    answers.push(event.request, ...event.outcomes);
  }
  const byNode = await stack.query<{ node: Seen }>(`query ($id: ID!) { node(id: $id) { id ... on DeviceOutcome { ${FIELDS} } } }`, {
    id: newest[3]?.id,
  });
  expect(byNode.data?.node).toEqual(newest[3]);

  const random = new SeededRandom();
  for (let round = 0; round < 50; round++) {
    const cache = new Map<string, Seen>();
    const shuffled = answers.map((seen) => ({ seen, at: random.between(0, 1_000_000) })).toSorted((one, other) => one.at - other.at);
    for (const { seen } of shuffled)
      if (seen.revision >= (cache.get(seen.id)?.revision ?? -1)) cache.set(seen.id, { ...cache.get(seen.id), ...seen });
    expect(
      newest.map((each) => cache.get(each.id)),
      `seed ${random.seed}`,
    ).toEqual(newest);
  }

  // The next gateway reads the same from the tables.
  await stack.gateway[Symbol.asyncDispose]();
  await using next = await openGateway(stack.simulator, stack.storePath);
  expect(await ask(next.urls.graphql)).toEqual(newest);
});

interface Event {
  readonly cursor: string;
  readonly request: Seen;
  readonly outcomes: readonly Seen[];
}
