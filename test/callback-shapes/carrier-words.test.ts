import { expect, test } from 'vitest';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { operator } from '../follow-up/support/operator.ts';
import { mutate } from '../support/mutations.ts';
import { openGateway } from '../support/open-gateway.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const fault = (faultcode: string, faultstring: string) => ({ faultcode, faultstring });
const ON_HOLD = fault('UnifiedWebService.REQUEST_ONHOLD.CreditApproval', 'waiting for approval');
const success = (number: number) => ({
  deviceResponse: {
    activateResponse: { deviceIds: [{ kind: 'mdn', id: `50963060${10 + number}` }], ipAddress: '10.224.48.88', state: 'Active' },
  },
  status: 'Success',
});

/** An activation of devices 1 to `count` whose callbacks the test sends. */
async function activated(stack: Stack, count: number) {
  const { activate, show, retry, ended } = operator(stack.gateway.urls.graphql);
  const { id, carrierRequests } = await activate(activation(stack.account, { devices: devices(count) }));
  const say = async (number: number, body: object, service: 'CarrierService' | 'DeviceProfileService' = 'CarrierService') => {
    const deviceIds = [{ kind: 'iccid', id: iccid(number) }];
    const message = { requestId: carrierRequests[0]?.carrierRequestId, deviceIds, callbackCount: 1, maxCallbackThreshold: 4, ...body };
    expect(await postCallback(stack, service, message)).toBe(200);
  };
  return { id, say, retry: () => retry({ requestId: id }), show: () => show(id), ended: () => ended(id) };
}

test('a fault that is on hold ends no device: it waits and says why, no retry takes it, and its success is shown whole', async () => {
  await using stack = await startStack({ register: false });
  const { say, show, retry, ended } = await activated(stack, 2);
  await say(1, { faultResponse: ON_HOLD, status: 'Failed' });
  await say(2, { faultResponse: fault('UnifiedWebService.REQUEST_FAILED.DeviceNotFound', 'gone'), status: 'Failed' });
  const waiting = await show();
  expect(waiting).toMatchObject({ status: 'IN_PROGRESS', progress: { pending: 1, failed: 1 } });
  expect(waiting.outcomes.nodes[0]).toMatchObject({
    status: 'PENDING',
    source: null,
    isOnHold: true,
    carrierStatus: 'Failed',
    fault: { code: ON_HOLD.faultcode, message: 'waiting for approval' },
    receivedAt: expect.any(String) as string,
  });
  // Only the device that has failed is tried again.
  const retried = await retry();
  if (retried.__typename !== 'RetryFailedDevicesAccepted') throw new Error(JSON.stringify(retried));
  expect(retried.request.deviceCount).toBe(1);
  await say(1, success(1));
  const over = await ended();
  expect(over).toMatchObject({ status: 'PARTIALLY_FAILED', progress: { succeeded: 1, failed: 1 } });
  expect(over.outcomes.nodes[0]).toMatchObject({
    status: 'SUCCEEDED',
    isOnHold: false,
    contradicted: false,
    fault: null,
    ipAddress: '10.224.48.88',
    state: 'Active',
  });
});

test('an approval that is denied is a verdict', async () => {
  await using stack = await startStack({ register: false });
  const { say, ended } = await activated(stack, 1);
  await say(1, { faultResponse: ON_HOLD, status: 'Failed' });
  await say(1, { faultResponse: fault('UnifiedWebService.REQUEST_CANCELLED.CreditApproval', 'denied'), status: 'Failed' });
  expect((await ended()).outcomes.nodes[0]).toMatchObject({
    status: 'FAILED',
    isOnHold: false,
    contradicted: false,
    fault: { message: 'denied' },
  });
});

test('a request with a device on hold is read again from the store as it was', async () => {
  await using stack = await startStack({ register: false });
  const { id, say, show } = await activated(stack, 1);
  await say(1, { faultResponse: ON_HOLD, status: 'Success' });
  const before = await show();
  await stack.gateway[Symbol.asyncDispose]();
  await using again = await openGateway(stack.simulator, stack.storePath);
  expect(await operator(again.urls.graphql).show(id)).toEqual(before);
});

test('until the verdict comes, the latest word of the carrier is on the outcome', async () => {
  await using stack = await startStack({ register: false });
  const { say, show, ended } = await activated(stack, 1);
  await say(1, {
    status: 'warning',
    comment: 'SM-SR timed out',
    deviceIds: [
      { kind: 'iccid', id: iccid(1) },
      { kind: 'mdn', id: '5096306099' },
    ],
  });
  const [warned] = (await show()).outcomes.nodes;
  expect(warned).toMatchObject({ status: 'PENDING', source: null, carrierStatus: 'warning', comment: 'SM-SR timed out', isOnHold: false });
  expect(warned?.deviceIds).toContainEqual({ kind: 'MDN', value: '5096306099', reportedKind: 'mdn' });
  await say(1, { status: 'Pending', comment: 'tried again' });
  expect((await show()).outcomes.nodes[0]).toMatchObject({ status: 'PENDING', carrierStatus: 'Pending', comment: 'tried again' });
  await say(1, success(1));
  // A warning that comes late changes nothing.
  expect((await ended()).outcomes.nodes[0]).toMatchObject({ status: 'SUCCEEDED', carrierStatus: 'Success', comment: null });
  await say(1, { status: 'warning', comment: 'late' });
  expect((await show()).outcomes.nodes[0]).toMatchObject({ status: 'SUCCEEDED', carrierStatus: 'Success', comment: null });
});

test.each<[string, object, object]>([
  [
    'a fault beside Success',
    { ...success(1), faultResponse: fault('REQUEST_FAILED.X', 'no') },
    { code: 'REQUEST_FAILED.X', message: 'no' },
  ],
  [
    'a fault in PascalCase',
    { faultResponse: { FaultCode: 'REQUEST_FAILED.X', FaultString: 'no' }, status: 'Failed' },
    { code: 'REQUEST_FAILED.X', message: 'no' },
  ],
  [
    'a fault inside the response',
    { deviceResponse: { activateResponse: { faultResponse: fault('REQUEST_FAILED.X', 'no') } } },
    { code: 'REQUEST_FAILED.X', message: 'no' },
  ],
  [
    'an effect that did not come about',
    { deviceResponse: { restoreResponse: { restored: 'false' } }, status: 'Success' },
    { code: 'NOT_DONE' },
  ],
])('%s is a failure, and its reason is shown', async (_what, body, shown) => {
  await using stack = await startStack({ register: false });
  const { say, ended } = await activated(stack, 1);
  await say(1, body);
  expect((await ended()).outcomes.nodes[0]).toMatchObject({ status: 'FAILED', fault: shown });
});

test('where a profile and its device report both, the device decides, whichever comes first', async () => {
  await using stack = await startStack({ register: false });
  const eid = (number: number) => ({ kind: 'EID', value: `8904903200000000000000000000000${number}` });
  const input = {
    accountName: stack.account,
    devices: [1, 2].map((number) => ({ deviceIds: [eid(number), { kind: 'ICCID', value: iccid(number) }] })),
  };
  const { request } = await mutate(stack, 'RenewActivationCode', input);
  const requestId = request?.carrierRequests[0]?.carrierRequestId;
  const profile = (number: number) => ({
    requestId,
    deviceIds: [
      { kind: 'Eid', id: eid(number).value },
      { kind: 'Iccid', id: iccid(number) },
    ],
    faultResponse: fault('UnifiedWebService.REQUEST_FAILED.UnexpectedError', 'Profile is already suspended'),
    status: 'FAILED',
  });
  const device = (number: number) => ({
    requestId,
    deviceIds: [{ kind: 'Eid', id: eid(number).value }],
    deviceResponse: { deviceProfileResponse: { state: 'SUSPEND' } },
    status: 'SUCCESS',
  });
  for (const message of [profile(1), device(1), device(2), profile(2)])
    expect(await postCallback(stack, 'DeviceProfileService', message)).toBe(200);
  const { outcomes } = await operator(stack.gateway.urls.graphql).ended(request?.id ?? '');
  for (const outcome of outcomes.nodes)
    expect(outcome).toMatchObject({ status: 'SUCCEEDED', contradicted: false, fault: null, state: 'SUSPEND' });
});

test.each<[string, object, string]>([
  ['Pending', { Status: 'Pending', Comment: 'soon' }, 'PENDING'],
  ['Failed', { Status: 'Failed', Fault: { FaultCode: 'REQUEST_FAILED.X', FaultString: 'no' } }, 'FAILED'],
  ['a fault', { FaultResponse: { FaultCode: 'REQUEST_FAILED.X', FaultString: 'no' } }, 'FAILED'],
  ['Success', { Status: 'Success' }, 'SUCCEEDED'],
])('the legacy CallbackRequest with %s inside Data is read there', async (_what, inside, status) => {
  await using stack = await startStack({ register: false });
  const { activate, show } = operator(stack.gateway.urls.graphql);
  const { id, carrierRequests } = await activate(activation(stack.account, { devices: devices(1) }));
  const Data = { CarrierService: { ChangeDeviceState: { Activate: { State: 'TX' } } }, ...inside };
  const Device = { Kind: 'ICCID', Identifier: iccid(1) };
  const CallbackRequest = { RequestId: carrierRequests[0]?.carrierRequestId, Device, Data, CallbackCount: 1 };
  expect(await postCallback(stack, 'CarrierService', { CallbackRequest })).toBe(200);
  await until(async () => (await show(id)).outcomes.nodes[0]?.status === status);
});
