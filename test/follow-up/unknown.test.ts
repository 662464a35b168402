import { expect, test } from 'vitest';
import type { EndpointFault } from '../../simulator/faults/endpoint-faults.ts';
import { activation } from '../carrier/support/activation.ts';
import { devices } from '../support/devices.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { operator } from './support/operator.ts';

const SOON = {
  M2M_OVERDUE_AFTER_MS: '300',
  M2M_RECONCILE_CALLS_PER_MINUTE: '1000',
  M2M_THINGSPACE_TIMEOUT_MS: '700',
  M2M_ADOPT_AFTER_MS: '1000',
};
const WITHHELD = { withholdNext: Number.POSITIVE_INFINITY };

/** The carrier performed it, and its answer never reached us. */
const LOST: readonly (readonly [string, Omit<EndpointFault, 'endpoint'>])[] = [
  ['cut before the answer', { drop: 'before-answer', performed: true }],
  ['cut in the middle of the answer', { drop: 'mid-body' }],
  ['not in time, and then cut', { latencyMs: 1_200, drop: 'before-answer', performed: true }],
  ['HTTP 408', { status: 408, performed: true }],
  ['HTTP 500', { status: 500, performed: true }],
  ['HTTP 503', { status: 503, performed: true }],
  ['without a requestId', { body: 'empty-object' }],
  ['without an end', { body: 'endless' }],
];

test.concurrent.each(LOST)(
  'a performed request whose answer is lost (%s) is proven by the device list, with one POST for each device',
  async (_what, fault) => {
    await using stack = await startStack({ env: SOON });
    stack.simulator.faults.add({ endpoint: 'activate', ...fault });
    Object.assign(stack.simulator.faults.callbacks, WITHHELD);
    const { activate, ended } = operator(stack.gateway.urls.graphql);
    const made = await activate(activation(stack.account));
    expect(made).toMatchObject({ status: 'UNKNOWN', progress: { unknown: 2 } });
    const request = await ended(made.id);
    expect(request).toMatchObject({
      status: 'SUCCEEDED',
      progress: { succeeded: 2, unknown: 0 },
      carrierRequests: [{ state: 'ACCEPTED', carrierRequestId: null, attempts: 1 }],
    });
    expect(request.outcomes.nodes.map(({ source }) => source)).toEqual(['RECONCILED', 'RECONCILED']);
    expect([...stack.simulator.ledger.postsPerDevice().values()]).toEqual([1, 1]);
  },
);

test.concurrent('proven by the history where the list shows no date', async () => {
  await using stack = await startStack({ env: { ...SOON, M2M_OVERDUE_AFTER_MS: '600' } });
  stack.simulator.faults.drop('activate', 'before-answer');
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(1) }));
  await stack.simulator.idle();
  for (const device of stack.simulator.inventory.devices) if (device.adopted) device.lastActivationAt = undefined;
  expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED', outcomes: { nodes: [{ source: 'RECONCILED' }] } });
  expect(stack.simulator.ledger.counts.calls['deviceHistory']).toBeGreaterThan(0);
  expect(stack.simulator.ledger.counts.calls['requestStatus']).toBeUndefined();
});

test.concurrent('what never arrived stays UNKNOWN to the limit, then is EXPIRED and its carrier request CLOSED, and is never sent again', async () => {
  await using stack = await startStack({ env: { ...SOON, M2M_EXPIRE_AFTER_MS: '1500' } });
  stack.simulator.faults.drop('activate', 'before-answer', { performed: false });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(3) }));
  const request = await ended(id);
  expect(request).toMatchObject({
    status: 'EXPIRED',
    progress: { expired: 3, unknown: 0, overdue: 0 },
    carrierRequests: [{ state: 'CLOSED', carrierRequestId: null, error: { code: 'UNANSWERED' } }],
    completedAt: expect.any(String),
  });
  expect(stack.simulator.ledger.counts.calls['deviceList']).toBeGreaterThan(2);
  expect([...stack.simulator.ledger.postsPerDevice().values()]).toEqual([1, 1, 1]);
});

test.concurrent('a part of what was done is proven, the rest is awaited like any other', async () => {
  await using stack = await startStack({ env: { ...SOON, M2M_EXPIRE_AFTER_MS: '2000' } });
  stack.simulator.faults.drop('activate', 'before-answer');
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  const active = stack.simulator.inventory.find({ account: stack.account, state: 'active' })[0]?.identifiers.iccid ?? '';
  const { activate, once, ended } = operator(stack.gateway.urls.graphql);
  const named = [...devices(1), { deviceIds: [{ kind: 'ICCID' as const, value: active }] }];
  const { id } = await activate(activation(stack.account, { devices: named, skuNumber: 'VZW12' }));
  expect(await once(id, ({ progress }) => progress.succeeded === 1)).toMatchObject({ status: 'IN_PROGRESS', progress: { unknown: 0 } });
  expect(await ended(id)).toMatchObject({
    status: 'PARTIALLY_FAILED',
    progress: { succeeded: 1, expired: 1 },
    carrierRequests: [{ state: 'CLOSED' }],
  });
});

test.concurrent('callbacks that nobody had claimed tell the id of what was not answered, and settle its devices', async () => {
  await using stack = await startStack({ env: { ...SOON, M2M_OVERDUE_AFTER_MS: '60000' } });
  stack.simulator.faults.drop('activate', 'before-answer');
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account));
  const request = await ended(id);
  const [post] = stack.simulator.ledger.posts;
  expect(request).toMatchObject({ status: 'SUCCEEDED', carrierRequests: [{ state: 'ACCEPTED', carrierRequestId: post?.requestId }] });
  expect(request.outcomes.nodes.map(({ source }) => source)).toEqual(['CALLBACK', 'CALLBACK']);
  const { data } = await stack.query('{ requests { nodes { id } } unclaimedCallbacks { nodes { id } } }');
  expect(data).toEqual({ requests: { nodes: [{ id }] }, unclaimedCallbacks: { nodes: [] } });
});

test.concurrent.each([
  ['it was proven by asking', { deviceList: false, status: 'SUCCEEDED', state: 'ACCEPTED' }],
  ['it was given up', { deviceList: true, status: 'EXPIRED', state: 'CLOSED' }],
] as const)('callbacks that come after %s still belong to the request', async (_what, { deviceList, status, state }) => {
  await using stack = await startStack({ env: { ...SOON, M2M_EXPIRE_AFTER_MS: '2000' } });
  stack.simulator.holdCallbacks();
  stack.simulator.faults.drop('activate', 'before-answer');
  if (deviceList) stack.simulator.faults.status('deviceList', 500, { times: Number.POSITIVE_INFINITY });
  const { activate, ended, show } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account));
  const before = await ended(id);
  expect(before).toMatchObject({ status, carrierRequests: [{ state, carrierRequestId: null }] });
  stack.simulator.releaseCallbacks();
  await until(async () => (await show(id)).outcomes.nodes.every(({ source }) => source === 'CALLBACK'));
  expect(await show(id)).toMatchObject({
    status: 'SUCCEEDED',
    progress: { succeeded: 2, expired: 0 },
    carrierRequests: [{ carrierRequestId: stack.simulator.ledger.posts[0]?.requestId }],
    completedAt: before.completedAt,
  });
});
