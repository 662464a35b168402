import { expect, test } from 'vitest';
import { operator } from '../follow-up/support/operator.ts';
import { iccid } from '../support/devices.ts';
import { mutate } from '../support/mutations.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const ALONE = { devicesPerAccount: 0 };
const GROUP = '4G East';
const FOR_EVER = { times: Number.POSITIVE_INFINITY };

function fill({ simulator, account }: Stack, numbers: readonly number[], groupName = GROUP): void {
  for (const number of numbers)
    simulator.inventory.add({ account, groupName, state: 'active', createdAt: 0, identifiers: { iccid: iccid(number) } });
}

async function deactivate(stack: Stack, target: object, more = {}) {
  const input = { accountName: stack.account, target, ...more };
  const { request, ...result } = await mutate(stack, 'DeactivateDevices', input);
  if (!request) throw new Error(JSON.stringify(result));
  return operator(stack.gateway.urls.graphql).show(request.id);
}

const group = (confirmDeviceCount: number, more = {}) => ({ group: { groupName: GROUP, confirmDeviceCount, ...more } });

/** Until the request is queued for this reason. */
async function waitsFor(stack: Stack, id: string, code: string): Promise<void> {
  const { show } = operator(stack.gateway.urls.graphql);
  await until(async () => {
    const { status, error } = await show(id);
    return status === 'QUEUED' && error?.code === code;
  });
}

function expectNothingSent({ simulator }: Stack): void {
  expect(simulator.ledger.counts.calls['deactivate']).toBeUndefined();
  expect(simulator.inventory.find({ state: 'deactive' })).toEqual([]);
}

test.each([2, 4, 10_000])('a group of 3 that is confirmed as %i is not deactivated: nothing leaves', async (count) => {
  await using stack = await startStack({ simulator: ALONE });
  fill(stack, [1, 2, 3]);
  const request = await deactivate(stack, group(count));
  expect(request).toMatchObject({
    status: 'CANCELLED',
    carrierRequests: [{ state: 'CANCELLED', attempts: 0, carrierRequestId: null }],
    error: { code: 'COUNT_DIFFERS' },
  });
  expect(request.error?.message).toContain('the carrier lists 3 devices');
  expectNothingSent(stack);
});

test('a group that is confirmed with its number is deactivated, and each device is an outcome', async () => {
  await using stack = await startStack({ simulator: ALONE });
  fill(stack, [1, 2, 3]);
  fill(stack, [4], '4G West');
  const { id } = await deactivate(stack, group(3));
  expect(await operator(stack.gateway.urls.graphql).ended(id)).toMatchObject({
    status: 'SUCCEEDED',
    deviceCount: 3,
    progress: { total: 3, succeeded: 3 },
  });
  expect(stack.simulator.inventory.find({ state: 'active' })).toHaveLength(1);
});

test('a whole account is counted in every state, and deactivated only with the right number', async () => {
  await using stack = await startStack();
  const whole = (confirmDeviceCount: number) => ({ wholeAccount: { confirmAccountName: stack.account, confirmDeviceCount } });
  const active = stack.simulator.inventory.find({ account: stack.account, state: 'active' }).length;
  const refused = await deactivate(stack, whole(active));
  expect(refused).toMatchObject({ status: 'CANCELLED', error: { code: 'COUNT_DIFFERS' } });
  expect(refused.error?.message).toContain('lists 60 devices');
  expect(stack.simulator.ledger.counts.calls['deactivate']).toBeUndefined();
  const { id } = await deactivate(stack, whole(60));
  expect(await operator(stack.gateway.urls.graphql).ended(id)).toMatchObject({ progress: { total: 60, succeeded: active } });
  expect(stack.simulator.inventory.find({ account: stack.account, state: 'active' })).toEqual([]);
});

test('the count goes by the same filter as the deactivation', async () => {
  await using stack = await startStack({ simulator: ALONE });
  fill(stack, [1, 2, 3]);
  for (const device of stack.simulator.inventory.devices.slice(0, 2)) device.servicePlan = 'NBIoT50KB';
  const narrowed = { servicePlanFilter: 'NBIoT50KB' };
  expect(await deactivate(stack, group(3, narrowed))).toMatchObject({ status: 'CANCELLED', error: { code: 'COUNT_DIFFERS' } });
  const { id } = await deactivate(stack, group(2, narrowed));
  expect(await operator(stack.gateway.urls.graphql).ended(id)).toMatchObject({ status: 'SUCCEEDED', progress: { total: 2 } });
});

test('while the carrier cannot list the devices, the deactivation waits; then it is counted and sent', async () => {
  await using stack = await startStack({ simulator: ALONE });
  fill(stack, [1, 2, 3]);
  stack.simulator.faults.status('deviceList', 503, FOR_EVER);
  const waiting = await deactivate(stack, group(3), { waitMs: 0 });
  await waitsFor(stack, waiting.id, 'CARRIER_UNAVAILABLE');
  expectNothingSent(stack);
  stack.simulator.faults.clear();
  expect(await operator(stack.gateway.urls.graphql).ended(waiting.id)).toMatchObject({ status: 'SUCCEEDED', progress: { total: 3 } });
});

test('a group that the carrier refuses to list is not deactivated', async () => {
  await using stack = await startStack({ simulator: ALONE });
  const request = await deactivate(stack, { group: { groupName: 'Nowhere', confirmDeviceCount: 3 } });
  expect(request).toMatchObject({ status: 'CANCELLED', error: { code: 'COUNT_UNKNOWN' } });
  expect(request.error?.message).toMatch(/^Nothing was sent\./);
  expectNothingSent(stack);
});

test('it is counted again before each try: a group that has grown meanwhile is not deactivated', async () => {
  await using stack = await startStack({ simulator: ALONE });
  fill(stack, [1, 2, 3]);
  stack.simulator.faults.status('deactivate', 429, { retryAfter: '1' });
  const waiting = await deactivate(stack, group(3), { waitMs: 0 });
  await waitsFor(stack, waiting.id, 'RATE_LIMITED');
  fill(stack, [4]);
  expect(await operator(stack.gateway.urls.graphql).ended(waiting.id)).toMatchObject({
    status: 'CANCELLED',
    error: { code: 'COUNT_DIFFERS' },
    progress: { cancelled: 3, total: 3 },
  });
  expect(stack.simulator.inventory.find({ state: 'deactive' })).toEqual([]);
});

test('a whole account of more devices than the carrier takes at once is not deactivated, whatever was confirmed', async () => {
  await using stack = await startStack({ simulator: { ...ALONE, ledger: 'counts' }, register: false });
  fill(
    stack,
    Array.from({ length: 10_001 }, (_, at) => 100 + at),
  );
  const { id } = await deactivate(stack, group(10_000));
  const request = await operator(stack.gateway.urls.graphql).ended(id);
  expect(request).toMatchObject({ status: 'CANCELLED', error: { code: 'COUNT_DIFFERS' } });
  expect(request.error?.message).toContain('more than 10000 devices');
  expectNothingSent(stack);
});
