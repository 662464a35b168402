import { expect, test } from 'vitest';
import { RequestsDocument } from '../../documents/gql/graphql.ts';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { follow } from '../support/follow.ts';
import { postCallback } from '../support/post-callback.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { faultCodes, operator } from './support/operator.ts';
import { withMaxDevices } from './support/with-max-devices.ts';

const GUID = 'a5e1f7c0-0000-4000-8000-00000000000';

/** Makes an activation that the carrier neither performs nor answers. */
async function lost(stack: Stack, number = 1): Promise<string> {
  stack.simulator.faults.drop('activate', 'before-answer', { performed: false });
  const { id, status } = await operator(stack.gateway.urls.graphql).activate(activation(stack.account, { devices: devices(1, number) }));
  expect(status).toBe('UNKNOWN');
  return id;
}

function report(stack: Pick<Stack, 'gateway' | 'account'>, requestId: string, number: number): Promise<number> {
  const body = { requestId, deviceIds: [{ kind: 'iccid', id: iccid(number) }], status: 'Success', deviceResponse: {} };
  return postCallback(stack, 'CarrierService', body);
}

test('with the carrier’s id, kept and later callbacks are applied, and the subscriber sees the request end', async () => {
  await using stack = await startStack({ register: false });
  const { activate, resolve, show } = operator(stack.gateway.urls.graphql);
  // It came before the request was made, so its time alone would not assign it.
  expect(await report(stack, `${GUID}1`, 1)).toBe(200);
  stack.simulator.faults.drop('activate', 'before-answer', { performed: false });
  const { id } = await activate(activation(stack.account));
  const events = Array.fromAsync(follow(stack.client(), { id }));
  const resolved = await resolve({ requestId: id, fate: { carrierRequestId: `${GUID}1` } });
  expect(resolved).toMatchObject({
    __typename: 'UnknownRequestResolved',
    request: {
      status: 'IN_PROGRESS',
      error: null,
      progress: { succeeded: 1, pending: 1, unknown: 0 },
      carrierRequests: [{ state: 'ACCEPTED', carrierRequestId: `${GUID}1`, error: null }],
    },
  });
  await report(stack, `${GUID}1`, 2);
  expect((await events).at(-1)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2 } });
  expect((await show(`${GUID}1`)).id).toBe(id);
});

test('with neverArrived the devices are CANCELLED, the request ends, and nothing is sent', async () => {
  await using stack = await startStack({ register: false });
  const { resolve, show } = operator(stack.gateway.urls.graphql);
  const id = await lost(stack);
  expect(await resolve({ requestId: id, fate: { neverArrived: true } })).toMatchObject({
    request: {
      status: 'CANCELLED',
      error: { code: 'NEVER_ARRIVED' },
      progress: { cancelled: 1 },
      carrierRequests: [{ state: 'CANCELLED' }],
    },
  });
  expect(faultCodes(await resolve({ requestId: id, fate: { neverArrived: true } }))).toEqual(['NOT_UNKNOWN']);
  expect(faultCodes(await resolve({ requestId: id, fate: { carrierRequestId: `${GUID}1` } }))).toEqual(['NOT_UNKNOWN']);
  expect((await show(id)).carrierRequests).toMatchObject([{ state: 'CANCELLED', carrierRequestId: null, attempts: 1 }]);
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('an impossible answer of the operator is refused and changes nothing', async () => {
  await using stack = await startStack({ register: false, env: { M2M_ADOPT_AFTER_MS: '1000' } });
  const url = stack.gateway.urls.graphql;
  const { activate, resolve, show } = operator(url);
  const own = await activate(activation(stack.account, { devices: devices(1, 20) }));
  const other = await activate(activation(stack.simulator.accounts[1] ?? '', { devices: devices(1, 21) }));
  await report(stack, `${GUID}9`, 30);
  await until(async () => (await runDocument(url, RequestsDocument, {})).requests.nodes.some(({ origin }) => origin === 'EXTERNAL'));
  const id = await lost(stack);
  const before = await show(id);
  const idOf = ({ carrierRequests }: typeof own) => carrierRequests[0]?.carrierRequestId ?? '';
  const answers = [
    await resolve({ requestId: id, fate: { neverArrived: false } }),
    await resolve({ requestId: id, fate: { carrierRequestId: '../etc' } }),
    await resolve({ requestId: id, fate: { carrierRequestId: '' } }),
    await resolve({ requestId: id, fate: { carrierRequestId: idOf(own) } }),
    await resolve({ requestId: id, fate: { carrierRequestId: idOf(other) } }),
    await resolve({ requestId: id, fate: { carrierRequestId: `${GUID}9` } }),
    await resolve({ requestId: id, carrierRequestIndex: 1, fate: { neverArrived: true } }),
    await resolve({ requestId: own.id, fate: { neverArrived: true } }),
    await resolve({ requestId: 'req_01JD0000000000000000000000', fate: { neverArrived: true } }),
  ];
  expect(answers.flatMap(faultCodes)).toEqual([
    'EXACTLY_ONE',
    'INVALID_FORMAT',
    'INVALID_FORMAT',
    'ID_TAKEN',
    'ID_TAKEN',
    'ID_TAKEN',
    'NOT_UNKNOWN',
    'NOT_UNKNOWN',
    'NOT_FOUND',
  ]);
  expect(await show(id)).toEqual(before);
  expect(idOf(await show(own.id))).toBe(idOf(own));
});

test('with several carrier requests of unknown fate the operator must say which one', async () => {
  using _split = withMaxDevices('ACTIVATE_DEVICES', 1);
  await using stack = await startStack({ register: false });
  stack.simulator.faults.drop('activate', 'before-answer', { performed: false, times: 3 });
  const { activate, resolve, show } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(3) }));
  expect(faultCodes(await resolve({ requestId: id, fate: { neverArrived: true } }))).toEqual(['AMBIGUOUS']);
  expect(await resolve({ requestId: id, carrierRequestIndex: 2, fate: { neverArrived: true } })).toMatchObject({
    request: { status: 'UNKNOWN' },
  });
  expect(await resolve({ requestId: id, carrierRequestIndex: 0, fate: { carrierRequestId: `${GUID}0` } })).toMatchObject({
    request: { status: 'UNKNOWN' },
  });
  expect(faultCodes(await resolve({ requestId: id, carrierRequestIndex: 0, fate: { neverArrived: true } }))).toEqual(['NOT_UNKNOWN']);
  // Only one is left. The carrier's id of another part finds the request as well.
  await resolve({ requestId: `${GUID}0`, fate: { carrierRequestId: `${GUID}1` } });
  await report(stack, `${GUID}0`, 1);
  await report(stack, `${GUID}1`, 2);
  const request = await show(id);
  expect(request).toMatchObject({ status: 'PARTIALLY_FAILED', progress: { succeeded: 2, cancelled: 1 } });
  expect(request.carrierRequests.map(({ state }) => state)).toEqual(['ACCEPTED', 'ACCEPTED', 'CANCELLED']);
});

test('of many different answers at once, one is taken', async () => {
  await using stack = await startStack({ register: false });
  const { resolve, show } = operator(stack.gateway.urls.graphql);
  const id = await lost(stack);
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, at) =>
      resolve({ requestId: id, fate: at % 3 ? { carrierRequestId: `${GUID}${at}` } : { neverArrived: true } }),
    ),
  );
  expect(answers.filter(({ __typename }) => __typename === 'UnknownRequestResolved')).toHaveLength(1);
  expect(answers.flatMap(faultCodes)).toEqual(Array.from({ length: 11 }, () => 'NOT_UNKNOWN'));
  const at = answers.findIndex(({ __typename }) => __typename === 'UnknownRequestResolved');
  expect((await show(id)).carrierRequests[0]?.carrierRequestId ?? null).toBe(at % 3 ? `${GUID}${at}` : null);
});

test('two requests cannot be given one id at once', async () => {
  await using stack = await startStack({ register: false });
  const { resolve, show } = operator(stack.gateway.urls.graphql);
  const ids = [await lost(stack, 1), await lost(stack, 2), await lost(stack, 3)];
  const answers = await Promise.all(ids.map((requestId) => resolve({ requestId, fate: { carrierRequestId: `${GUID}7` } })));
  expect(answers.flatMap(faultCodes)).toEqual(['ID_TAKEN', 'ID_TAKEN']);
  const states = await Promise.all(ids.map(async (id) => (await show(id)).status));
  expect(states.toSorted()).toEqual(['IN_PROGRESS', 'UNKNOWN', 'UNKNOWN']);
});

test('while the carrier’s own answer is on its way, an operator’s answer is refused', async () => {
  await using stack = await startStack({ env: { M2M_SUBMIT_WAIT_MS: '0' } });
  const { activate, resolve, ended } = operator(stack.gateway.urls.graphql);
  stack.simulator.faults.latency('activate', 200);
  const { id } = await activate(activation(stack.account));
  await stack.simulator.ledger.until(({ posts }) => posts.length === 1);
  const answers = [];
  while (stack.simulator.ledger.posts[0]?.status === undefined)
    answers.push(await resolve({ requestId: id, fate: { carrierRequestId: `${GUID}3` } }));
  answers.push(await resolve({ requestId: id, fate: { neverArrived: true } }));
  expect(new Set(answers.flatMap(faultCodes))).toEqual(new Set(['NOT_UNKNOWN']));
  expect(answers.length).toBeGreaterThan(2);
  expect(await ended(id)).toMatchObject({
    status: 'SUCCEEDED',
    carrierRequests: [{ carrierRequestId: stack.simulator.ledger.posts[0]?.requestId }],
  });
});

test('when the carrier answers four requests at once with one id, one gets it and the fate of the others is unknown', async () => {
  await using stack = await startStack({ register: false, env: { M2M_LOG_LEVEL: 'silent' } });
  stack.simulator.faults.add({ endpoint: 'activate', body: { text: JSON.stringify({ requestId: `${GUID}5` }) }, latencyMs: 50, times: 4 });
  const { activate, show } = operator(stack.gateway.urls.graphql);
  const made = await Promise.all([1, 2, 3, 4].map((at) => activate(activation(stack.account, { devices: devices(1, at) }))));
  const statuses = await Promise.all(made.map(async ({ id }) => (await show(id)).status));
  expect(statuses.toSorted()).toEqual(['IN_PROGRESS', 'UNKNOWN', 'UNKNOWN', 'UNKNOWN']);
});
