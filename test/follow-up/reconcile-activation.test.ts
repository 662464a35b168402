import { expect, test } from 'vitest';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { startStack } from '../support/stack.ts';
import { operator } from './support/operator.ts';

/** Devices are overdue at once, asked about at once, and never expire. */
const SOON = { M2M_OVERDUE_AFTER_MS: '500', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };
const WITHHELD = { withholdNext: Number.POSITIVE_INFINITY };

test.concurrent('a single device that stays silent is settled by the status of its request, with the number the list knows', async () => {
  await using stack = await startStack({ env: SOON });
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(1) }));
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'SUCCEEDED', carrierRequests: [{ state: 'ACCEPTED' }] });
  const [outcome] = request.outcomes.nodes;
  expect(outcome).toMatchObject({
    status: 'SUCCEEDED',
    source: 'RECONCILED',
    state: 'active',
    carrierStatus: null,
    servicePlan: 'm2m4G2GB',
  });
  expect(outcome?.deviceIds.find(({ kind }) => kind === 'MDN')?.value).toMatch(/^\d{10}$/);
  expect(stack.simulator.ledger.counts.calls).toMatchObject({ requestStatus: 1, deviceList: 1, activate: 1 });
});

test.concurrent('a single device whose request failed is FAILED, by the status of its request alone', async () => {
  await using stack = await startStack({ env: SOON });
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  const active = stack.simulator.inventory.find({ account: stack.account, state: 'active' })[0]?.identifiers.iccid ?? '';
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const named = [{ deviceIds: [{ kind: 'ICCID' as const, value: active }] }];
  const { id } = await activate(activation(stack.account, { devices: named, skuNumber: 'VZW12' }));
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'FAILED', progress: { failed: 1 } });
  expect(request.outcomes.nodes).toMatchObject([{ status: 'FAILED', source: 'RECONCILED' }]);
});

test.concurrent('a single device that the carrier is still at stays OVERDUE and is asked about again, and its callback settles it', async () => {
  await using stack = await startStack({ env: SOON, simulator: { callbackDelayMs: [2_500, 2_500] } });
  const { activate, once, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(1) }));
  expect(await once(id, ({ progress }) => progress.overdue === 1)).toMatchObject({ status: 'IN_PROGRESS', progress: { pending: 0 } });
  await stack.simulator.ledger.until(({ counts }) => (counts.calls['requestStatus'] ?? 0) >= 2);
  expect(stack.simulator.ledger.counts.calls['deviceList']).toBeUndefined();
  const request = await ended(id);
  expect(request.outcomes.nodes).toMatchObject([{ status: 'SUCCEEDED', source: 'CALLBACK' }]);
});

test.concurrent('a few silent devices are looked up one by one, those that have reported are not', async () => {
  await using stack = await startStack({ env: { ...SOON, M2M_OVERDUE_AFTER_MS: '2000' } });
  const silent = [2, 5, 9].map(iccid);
  stack.simulator.faults.callbacks.withholdDevices = silent;
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(10) }));
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 10 } });
  expect(request.outcomes.nodes.filter(({ source }) => source === 'RECONCILED').map(({ index }) => index)).toEqual([1, 4, 8]);
  expect(stack.simulator.ledger.counts.calls).toMatchObject({ deviceList: 3 });
  expect(stack.simulator.ledger.counts.calls['requestStatus']).toBeUndefined();
});

test.concurrent('a device that was active before is never taken for done', async () => {
  await using stack = await startStack({ env: { ...SOON, M2M_EXPIRE_AFTER_MS: '2500' } });
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  const active = stack.simulator.inventory.find({ account: stack.account, state: 'active' }).slice(0, 2);
  const named = active.map(({ identifiers }) => ({ deviceIds: [{ kind: 'ICCID' as const, value: identifiers.iccid ?? '' }] }));
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: [...named, ...devices(1)], skuNumber: 'VZW12' }));
  const request = await ended(id);
  expect(request).toMatchObject({
    status: 'PARTIALLY_FAILED',
    progress: { succeeded: 1, expired: 2 },
    carrierRequests: [{ state: 'CLOSED' }],
  });
  expect(request.outcomes.nodes.map(({ status, source }) => [status, source])).toEqual([
    ['EXPIRED', null],
    ['EXPIRED', null],
    ['SUCCEEDED', 'RECONCILED'],
  ]);
  expect(stack.simulator.ledger.counts.calls['deviceList']).toBeGreaterThan(4);
});

test.concurrent('an activation that the list shows without a date is proven by the history', async () => {
  await using stack = await startStack({ env: SOON });
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account));
  await stack.simulator.idle();
  for (const device of stack.simulator.inventory.devices) if (device.adopted) device.lastActivationAt = undefined;
  const request = await ended(id);
  expect(request.outcomes.nodes).toMatchObject([
    { status: 'SUCCEEDED', source: 'RECONCILED' },
    { status: 'SUCCEEDED', source: 'RECONCILED' },
  ]);
  expect(stack.simulator.ledger.counts.calls).toMatchObject({ deviceList: 2, deviceHistory: 2 });
});

test.concurrent('an account that may not ask for the status of requests is asked about by the list', async () => {
  await using stack = await startStack({ env: SOON });
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  stack.simulator.faults.status('requestStatus', 403, { times: Number.POSITIVE_INFINITY });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(1) }));
  const others = await activate(activation(stack.account, { devices: devices(3, 5) }));
  expect((await ended(others.id)).progress).toMatchObject({ succeeded: 3 });
  expect((await ended(id)).outcomes.nodes).toMatchObject([{ status: 'SUCCEEDED', source: 'RECONCILED' }]);
});
