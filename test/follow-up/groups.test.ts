import { expect, test } from 'vitest';
import { activation } from '../carrier/support/activation.ts';
import { iccid } from '../support/devices.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { operator } from './support/operator.ts';

const SOON = { M2M_OVERDUE_AFTER_MS: '400', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };
const group = (groupName: string, values?: Record<string, string>) => ({
  target: { group: { groupName, ...(values && { customFieldFilter: Object.entries(values).map(([key, value]) => ({ key, value })) }) } },
});

/** All devices of the group. */
const ALONE = { devicesPerAccount: 0 };
const GROUP = '4G East';

/** Devices that an activation can take on. */
function fill({ simulator, account }: Stack, numbers: readonly number[]): void {
  for (const number of numbers) {
    simulator.inventory.add({
      account,
      groupName: GROUP,
      state: 'pre-active',
      createdAt: 0,
      identifiers: { iccid: iccid(number), imei: `9900${String(number).padStart(10, '0')}0` },
    });
  }
}

function sent({ simulator }: Stack): Record<string, unknown>[] {
  return simulator.ledger.posts.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
}

test.concurrent('the members read before the POST are the outcomes; the body names no device; a silent one becomes overdue and is found by asking', async () => {
  await using stack = await startStack({ env: SOON, simulator: ALONE });
  fill(stack, [1, 2, 3, 4, 5]);
  stack.simulator.faults.callbacks.withholdDevices = [iccid(4)];
  const { activate, once, ended } = operator(stack.gateway.urls.graphql);
  const made = await activate(activation(stack.account, group(GROUP)));
  expect(made).toMatchObject({ deviceCount: 5, deviceCountIsEstimate: true, carrierRequests: [{ deviceCount: null, state: 'ACCEPTED' }] });
  expect(sent(stack)).toEqual([{ accountName: stack.account, servicePlan: 'm2m4G2GB', mdnZipCode: '98801', groupName: GROUP }]);
  const late = await once(made.id, ({ progress }) => progress.overdue === 1);
  expect(late.outcomes.nodes[3]).toMatchObject({ requested: expect.arrayContaining([{ kind: 'ICCID', value: iccid(4) }]) });
  const request = await ended(made.id);
  expect(request).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 5, total: 5, unmatchedCallbacks: 0 } });
  expect(request.outcomes.nodes.map(({ source }) => source)).toEqual(['CALLBACK', 'CALLBACK', 'CALLBACK', 'RECONCILED', 'CALLBACK']);
  expect(request.outcomes.nodes.map(({ requested }) => requested?.find(({ kind }) => kind === 'ICCID')?.value)).toEqual(
    [1, 2, 3, 4, 5].map(iccid),
  );
});

test.concurrent('a filter by custom fields narrows the members', async () => {
  await using stack = await startStack({ env: SOON });
  const members = stack.simulator.inventory
    .find({ account: stack.account, groupName: '4G West' })
    .filter(({ customFields }) => customFields.get('CustomField1') === 'red' && customFields.get('CustomField2') === 'SuperVend');
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const filter = { CustomField1: 'red', CustomField2: 'SuperVend' };
  const { id } = await activate(activation(stack.account, group('4G West', filter)));
  const request = await ended(id);
  expect(members.length).toBeGreaterThan(0);
  expect(request).toMatchObject({ deviceCount: members.length, deviceCountIsEstimate: true, progress: { total: members.length } });
  expect(sent(stack)[0]?.['customFields']).toEqual(Object.entries(filter).map(([key, value]) => ({ key, value })));
});

test.concurrent('the activation of a whole account concerns all its devices and no other', async () => {
  await using stack = await startStack({ env: SOON });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const whole = { target: { wholeAccount: { confirmAccountName: stack.account } } };
  const { id } = await activate(activation(stack.account, whole));
  const request = await ended(id);
  expect(request).toMatchObject({
    status: 'PARTIALLY_FAILED',
    deviceCount: 60,
    progress: { total: 60, pending: 0, unmatchedCallbacks: 0 },
  });
  expect(sent(stack)).toEqual([{ accountName: stack.account, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' }]);
});

test.concurrent('when the list fails the request is still sent, its count is unknown, and it ends at the limit', async () => {
  await using stack = await startStack({ env: { ...SOON, M2M_EXPIRE_AFTER_MS: '1500' } });
  stack.simulator.faults.status('deviceList', 503, { times: Number.POSITIVE_INFINITY });
  const { activate, once, ended } = operator(stack.gateway.urls.graphql);
  const made = await activate(activation(stack.account, group('4G West')));
  expect(made).toMatchObject({ deviceCount: null, deviceCountIsEstimate: false, carrierRequests: [{ state: 'ACCEPTED' }] });
  const open = await once(made.id, ({ progress }) => progress.total === 10);
  expect(open).toMatchObject({ status: 'IN_PROGRESS', progress: { succeeded: 5, failed: 5, pending: 0 } });
  expect(await ended(made.id)).toMatchObject({
    status: 'PARTIALLY_FAILED',
    deviceCount: null,
    progress: { total: 10 },
    carrierRequests: [{ state: 'CLOSED' }],
  });
});

test.concurrent('for a group that could not be read, the carrier is asked about a device by the identifiers of its first callback', async () => {
  await using stack = await startStack({ env: SOON, simulator: ALONE });
  fill(stack, [31, 32]);
  stack.simulator.faults.status('deviceList', 503);
  stack.simulator.faults.callbacks.withholdNext = Number.POSITIVE_INFINITY;
  const { activate, once } = operator(stack.gateway.urls.graphql);
  const { id, carrierRequests } = await activate(activation(stack.account, group(GROUP)));
  const deviceIds = [{ kind: 'iccId', id: iccid(32) }];
  await postCallback(stack, 'CarrierService', { requestId: carrierRequests[0]?.carrierRequestId, deviceIds, status: 'Pending' });
  const request = await once(id, ({ progress }) => progress.succeeded === 1);
  expect(request.outcomes.nodes).toMatchObject([{ requested: null, status: 'SUCCEEDED', source: 'RECONCILED' }]);
});

test.concurrent('a device that reports without being a member becomes an outcome of its own, also after the others have ended the request', async () => {
  await using stack = await startStack({ env: SOON, simulator: ALONE });
  fill(stack, [11, 12]);
  const { activate, ended, show } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, group(GROUP)));
  const ready = await ended(id);
  expect(ready).toMatchObject({ status: 'SUCCEEDED', progress: { total: 2 } });
  const stranger = { kind: 'iccid', id: iccid(77) };
  const faultResponse = { faultcode: 'REQUEST_FAILED.DeviceNotFound', faultstring: 'No.' };
  await postCallback(stack, 'CarrierService', {
    requestId: ready.carrierRequests[0]?.carrierRequestId,
    deviceIds: [stranger],
    status: 'Failed',
    faultResponse,
  });
  const after = await show(id);
  expect(after).toMatchObject({
    status: 'PARTIALLY_FAILED',
    deviceCount: 2,
    progress: { total: 3, succeeded: 2, failed: 1, unmatchedCallbacks: 0 },
  });
  expect(after.outcomes.nodes[2]).toMatchObject({ index: 2, requested: null, status: 'FAILED' });
});

test.concurrent('an empty group: nobody is expected, and the request ends at the limit', async () => {
  await using stack = await startStack({ env: { ...SOON, M2M_EXPIRE_AFTER_MS: '900' }, simulator: ALONE });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, group(GROUP)));
  expect(await ended(id)).toMatchObject({
    status: 'EXPIRED',
    deviceCount: null,
    progress: { total: 0 },
    carrierRequests: [{ state: 'CLOSED' }],
  });
});

test('a group of 10,000 is known by its members; the carrier decides about a group of 10,001', async () => {
  await using stack = await startStack({ simulator: { ...ALONE, ledger: 'counts' }, register: false });
  fill(
    stack,
    Array.from({ length: 10_000 }, (_, at) => 100 + at),
  );
  const { activate } = operator(stack.gateway.urls.graphql);
  const known = await activate(activation(stack.account, group(GROUP)));
  expect(known).toMatchObject({ deviceCount: 10_000, deviceCountIsEstimate: true, progress: { pending: 10_000 } });
  fill(stack, [99_999]);
  const unknown = await activate(activation(stack.account, group(GROUP)));
  expect(unknown).toMatchObject({
    deviceCount: null,
    deviceCountIsEstimate: false,
    progress: { total: 0 },
    carrierRequests: [{ state: 'ACCEPTED' }],
  });
  expect(stack.simulator.ledger.counts.calls).toMatchObject({ activate: 2 });
});

test.concurrent('members are read once for a request that the carrier puts off, or anew: they are the same devices, once each', async () => {
  await using stack = await startStack({ env: { ...SOON, M2M_SUBMIT_WAIT_MS: '0' }, simulator: ALONE });
  fill(stack, [21, 22, 23]);
  stack.simulator.faults.status('activate', 429, { retryAfter: '1' });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, group(GROUP)));
  expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED', deviceCount: 3, progress: { succeeded: 3, total: 3 } });
});
