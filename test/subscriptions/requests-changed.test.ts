import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { makeKey } from '../support/make-key.ts';
import { openGateway } from '../support/open-gateway.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { startStack } from '../support/stack.ts';
import { ChangesLedger, clientOf, followChanges, followThrough, NOW_QUERY, take, type ListedRequest } from '../support/follow-changes.ts';

test('over many cuts at random places no request goes back, and in the end each is known as it is', { timeout: 120_000 }, async () => {
  const random = new SeededRandom();
  await using stack = await startStack({ simulator: { callbackDelayMs: [0, 300] } });
  const ledger = new ChangesLedger();
  await ledger.begin(stack);
  const cuts = await followThrough(stack, [stack.client()], ledger, random, async () => {
    for (let request = 0; request < 8; request++) await activateDevices(stack, 125, { first: request * 125 + 1 });
    await stack.simulator.idle();
  });
  expect({ backwards: ledger.backwards, size: ledger.size }, `seed ${random.seed}`).toEqual({ backwards: [], size: 8 });
  expect(cuts).toBeGreaterThan(10);
});

test('a list and its changesCursor have no gap: what is made between them is told', async () => {
  await using stack = await startStack();
  await activateDevices(stack, 2);
  const ledger = new ChangesLedger();
  await ledger.begin(stack);
  expect(ledger.size).toBe(1);
  const between = await activateDevices(stack, 2, { first: 10 });
  for await (const event of followChanges(stack.client(), ledger.variables(stack))) {
    ledger.add(event);
    if (event.requests.some(({ id }) => id === between.id)) break;
  }
});

test('without `after` the first event has a cursor and nothing else, and a subscription goes on from it, also after a restart', async () => {
  await using stack = await startStack({ simulator: { callbackDelayMs: [0, 0] } });
  await activateDevices(stack, 2);
  await stack.simulator.idle();
  const [first] = await take(followChanges(stack.client(), { account: stack.account }), 1);
  expect(first?.requests).toEqual([]);
  const made = await activateDevices(stack, 2, { first: 10 });
  await stack.simulator.idle();
  await stack.gateway[Symbol.asyncDispose]();
  await using again = await openGateway(stack.simulator, stack.storePath);
  const events = followChanges(clientOf(again.urls.websocket), { account: stack.account, after: first?.cursor ?? null });
  let last: ListedRequest | undefined;
  for await (const { requests } of events) {
    last = requests.find(({ id }) => id === made.id);
    if (last?.status === 'SUCCEEDED') break;
  }
  expect(last).toMatchObject({ id: made.id, status: 'SUCCEEDED' });
});

test('the filter has what never changes, and events come no faster than they are wanted', async () => {
  await using stack = await startStack();
  const client = stack.client();
  const mine = take(followChanges(client, { account: stack.account, filter: { clientReference: 'mine' }, minIntervalMs: 200 }), 2);
  const [first] = await take(followChanges(client, { account: stack.account }), 1);
  await activateDevices(stack, 2, { first: 1 });
  const wanted = await activateDevices(stack, 2, { first: 10, clientReference: 'mine' });
  await activateDevices(stack, 2, { first: 20 });
  const [, event] = await mine;
  expect(event?.requests.map(({ id }) => id)).toEqual([wanted.id]);
  expect(first?.cursor).toBeDefined();
});

test('a foreign account is as one that does not exist, and a key that is revoked ends the subscription', async () => {
  await using stack = await startStack({ env: { M2M_AUTH: 'on' }, register: false });
  const key = await makeKey(stack.gateway, { scopes: { '0868924207-00001': ['read'] } });
  const client = stack.client({ authorization: key.authorization });
  const refused = async (account: string) => {
    try {
      return await take(followChanges(client, { account }), 1);
    } catch (error) {
      return error instanceof Error ? error.cause : error;
    }
  };
  const foreign = await refused('0000123456-00001');
  expect(foreign).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  expect(foreign).toEqual(await refused('0999999999-00009'));
  const ended = Array.fromAsync(followChanges(client, { account: '0868924207-00001' })).catch((error: unknown) => error);
  const other = await makeKey(stack.gateway, { scopes: { '0868924207-00001': ['read'] } });
  const others = followChanges(stack.client({ authorization: other.authorization }), { account: '0868924207-00001' });
  expect((await others.next()).value).toMatchObject({ requests: [] });
  const left = others.next().catch((error: unknown) => error);
  await key.change({ scopes: { '0000123456-00001': ['read'] } });
  expect(await ended).toMatchObject({ cause: [{ extensions: { code: 'FORBIDDEN' } }] });
  await other.revoke();
  expect(await left).toBeDefined();
});

test.each([
  ['CURSOR_INVALID', 'LATEST'],
  ['CURSOR_INVALID', 'x'],
  ['CURSOR_INVALID', '5.requestsChanged/00000000.'],
  ['CURSOR_EXPIRED', null],
])('a cursor that cannot be used is %s', async (code, given) => {
  await using stack = await startStack();
  const client = stack.client();
  const [{ cursor } = { cursor: '' }] = await take(followChanges(client, { account: stack.account }), 1);
  const epoch = cursor.split('.').at(-1) ?? '';
  const after = given === null ? cursor.replace(epoch, '0000ffff') : given.endsWith('.') ? given + epoch : given;
  const refusal = await take(followChanges(client, { account: stack.account, after }), 1).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ cause: [{ extensions: { code } }] });
});

test('a list tells how many requests it has, and where to follow them only when one account is asked for', async () => {
  await using stack = await startStack();
  for (const first of [1, 10, 20]) await activateDevices(stack, 2, { first });
  const { data } = await stack.query<{ requests: Record<string, unknown> }>(NOW_QUERY, { account: stack.account });
  expect(data?.requests).toMatchObject({ totalCount: 3, totalCountIsAtLeast: false, changesCursor: expect.any(String) as string });
  const all = await stack.query<{ requests: Record<string, unknown> }>(NOW_QUERY, { account: null });
  expect(all.data?.requests).toMatchObject({ totalCount: 3, changesCursor: null });
});
