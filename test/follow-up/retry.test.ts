import { expect, test } from 'vitest';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { faultCodes, operator } from './support/operator.ts';

const byIccid = (id: string) => ({ deviceIds: [{ kind: 'ICCID' as const, value: id }] });

/** SIMs whose activation fails until they are `mended`. */
function active({ simulator, account }: Stack, count: number): { readonly iccids: string[]; mend(): void } {
  const found = simulator.inventory.find({ account, state: 'active' }).slice(0, count);
  return {
    iccids: found.map(({ identifiers }) => identifiers.iccid ?? ''),
    mend: () => {
      for (const device of found) device.state = 'pre-active';
    },
  };
}

function posted({ simulator }: Stack): (Record<string, unknown> & { devices: { deviceIds: { id: string }[] }[] })[] {
  return simulator.ledger.posts.map(({ body }) => JSON.parse(body) as ReturnType<typeof posted>[number]);
}

const idsIn = (body: ReturnType<typeof posted>[number] | undefined) => body?.devices.map(({ deviceIds }) => deviceIds[0]?.id);

test('only the failed devices are tried again, with the same settings, and both requests name each other', async () => {
  await using stack = await startStack();
  const { activate, ended, retry, show } = operator(stack.gateway.urls.graphql);
  const failing = active(stack, 2);
  const settings = {
    groupName: '4G East',
    customFields: [{ key: 'CustomField1', value: 'blue' }],
    skuNumber: 'VZW12',
    costCenterCode: 'cc-7',
  };
  const list = [byIccid(iccid(1)), ...failing.iccids.map(byIccid), byIccid(iccid(2))];
  const first = await activate(activation(stack.account, { ...settings, devices: list, clientReference: 'spring' }));
  expect(await ended(first.id)).toMatchObject({
    status: 'PARTIALLY_FAILED',
    progress: { succeeded: 2, failed: 2 },
    retryOf: null,
    retries: { nodes: [] },
  });
  failing.mend();
  const result = await retry({ requestId: first.id });
  if (result.__typename !== 'RetryFailedDevicesAccepted') throw new Error(JSON.stringify(result));
  expect(result.request).toMatchObject({
    retryOf: { id: first.id },
    clientReference: 'spring',
    operation: 'ACTIVATE_DEVICES',
    deviceCount: 2,
  });
  expect(await ended(result.request.id)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2 } });
  expect(await show(first.id)).toMatchObject({ status: 'PARTIALLY_FAILED', retries: { nodes: [{ id: result.request.id }] } });
  const [before, after] = posted(stack);
  expect(idsIn(after)).toEqual(failing.iccids);
  expect({ ...after, devices: null }).toEqual({ ...before, devices: null });
  expect(faultCodes(await retry({ requestId: first.id }))).toEqual(['ALREADY_RETRIED']);
  expect(faultCodes(await retry({ requestId: result.request.id }))).toEqual(['NOTHING_FAILED']);
  expect(stack.simulator.ledger.posts).toHaveLength(2);
});

test('20 retries at once are one request, and one POST for each device', async () => {
  await using stack = await startStack();
  const { activate, ended, retry } = operator(stack.gateway.urls.graphql);
  const failing = active(stack, 3);
  const first = await activate(activation(stack.account, { devices: failing.iccids.map(byIccid), skuNumber: 'VZW12' }));
  expect((await ended(first.id)).status).toBe('FAILED');
  failing.mend();
  const answers = await Promise.all(Array.from({ length: 20 }, () => retry({ requestId: first.id })));
  expect(answers.filter(({ __typename }) => __typename === 'RetryFailedDevicesAccepted')).toHaveLength(1);
  expect(answers.flatMap(faultCodes)).toEqual(Array.from({ length: 19 }, () => 'ALREADY_RETRIED'));
  expect(stack.simulator.ledger.postsPerDevice()).toEqual(new Map(failing.iccids.map((id) => [id, 2])));
});

test('a second retry takes the devices that failed since the first; the failures of a retry go into a retry of that retry', async () => {
  await using stack = await startStack({ register: false });
  const { activate, retry, show } = operator(stack.gateway.urls.graphql);
  const first = await activate(activation(stack.account, { devices: devices(3) }));
  const fail = async (carrierRequestId: string | null | undefined, number: number) =>
    postCallback(stack, 'CarrierService', {
      requestId: carrierRequestId,
      deviceIds: [{ kind: 'iccid', id: iccid(number) }],
      status: 'Failed',
      faultResponse: { faultcode: 'X', faultstring: 'x' },
    });
  const retried = async (requestId: string) => {
    const result = await retry({ requestId });
    if (result.__typename !== 'RetryFailedDevicesAccepted') throw new Error(JSON.stringify(result));
    return result.request;
  };
  expect(faultCodes(await retry({ requestId: first.id }))).toEqual(['NOTHING_FAILED']);
  await fail(first.carrierRequests[0]?.carrierRequestId, 1);
  const second = await retried(first.id);
  await fail(first.carrierRequests[0]?.carrierRequestId, 3);
  const third = await retried(first.id);
  await fail(second.carrierRequests[0]?.carrierRequestId, 1);
  const fourth = await retried(second.id);
  expect(posted(stack).map((body) => body.devices.length)).toEqual([3, 1, 1, 1]);
  expect([...stack.simulator.ledger.postsPerDevice()]).toEqual([
    [iccid(1), 3],
    [iccid(2), 1],
    [iccid(3), 2],
  ]);
  expect((await show(first.id)).retries.nodes).toEqual([{ id: second.id }, { id: third.id }]);
  expect(await show(second.id)).toMatchObject({ retryOf: { id: first.id }, retries: { nodes: [{ id: fourth.id }] } });
  expect(faultCodes(await retry({ requestId: first.id }))).toEqual(['ALREADY_RETRIED']);
});

test('devices of a request that the carrier refused as a whole are tried again', async () => {
  await using stack = await startStack();
  const { activate, ended, retry } = operator(stack.gateway.urls.graphql);
  stack.simulator.faults.status('activate', 400, { body: { text: '{"errorCode":"INPUT_INVALID.Any","errorMessage":"Not today."}' } });
  const refused = await activate(activation(stack.account)).catch((error: unknown) => String(error));
  expect(refused).toContain('CarrierRefused');
  const { data } = await stack.query<{ requests: { nodes: { id: string }[] } }>('{ requests { nodes { id } } }');
  const id = data?.requests.nodes[0]?.id ?? '';
  expect(await ended(id)).toMatchObject({ status: 'REJECTED', progress: { rejected: 2 } });
  const result = await retry({ requestId: id });
  expect(result).toMatchObject({ __typename: 'RetryFailedDevicesAccepted', request: { deviceCount: 2, retryOf: { id } } });
});

test('a retry that was cancelled before it was sent does not hold its devices', async () => {
  await using stack = await startStack({ env: { M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '1', M2M_SUBMIT_WAIT_MS: '200' } });
  const { activate, ended, retry, cancel, show } = operator(stack.gateway.urls.graphql);
  const first = await activate(activation(stack.account, { devices: active(stack, 2).iccids.map(byIccid), skuNumber: 'VZW12' }));
  await ended(first.id);
  const waiting = await retry({ requestId: first.id });
  if (waiting.__typename !== 'RetryFailedDevicesAccepted') throw new Error(waiting.__typename);
  expect(faultCodes(await retry({ requestId: first.id }))).toEqual(['ALREADY_RETRIED']);
  await cancel(waiting.request.id);
  expect(await retry({ requestId: first.id })).toMatchObject({ request: { status: 'QUEUED', deviceCount: 2 } });
  expect((await show(first.id)).retries.nodes).toHaveLength(2);
});

test('the retry of a group activation sends only the failed devices, without the group and the filter', async () => {
  await using stack = await startStack();
  const { activate, ended, retry } = operator(stack.gateway.urls.graphql);
  const group = { groupName: '4G West', customFieldFilter: [{ key: 'CustomField2', value: 'SuperVend' }] };
  const members = stack.simulator.inventory.find({ account: stack.account, groupName: '4G West' });
  const chosen = members.filter(({ customFields }) => customFields.get('CustomField2') === 'SuperVend');
  const failing = chosen.filter(({ state }) => state === 'active');
  const spare = chosen.filter(({ state }) => state === 'pre-active').slice(1);
  // One device fails, the others succeed.
  for (const device of spare) device.state = 'suspend';
  const failed = new Set([...failing, ...spare].map(({ identifiers }) => identifiers.iccid));
  const first = await activate(activation(stack.account, { target: { group: group }, costCenterCode: 'cc' }));
  expect(await ended(first.id)).toMatchObject({ progress: { failed: failed.size, total: chosen.length } });
  const result = await retry({ requestId: first.id });
  expect(result).toMatchObject({
    __typename: 'RetryFailedDevicesAccepted',
    request: { deviceCount: failed.size, deviceCountIsEstimate: false },
  });
  const body = posted(stack).at(-1);
  expect(new Set(body?.devices.map(({ deviceIds }) => deviceIds.at(-1)?.id))).toEqual(failed);
  expect({ ...body, devices: [] }).toEqual({
    accountName: stack.account,
    servicePlan: 'm2m4G2GB',
    mdnZipCode: '98801',
    costCenterCode: 'cc',
    devices: [],
  });
});

test('a device that only its failure named is tried again with the identifiers of the failure', async () => {
  await using stack = await startStack({ register: false });
  const { activate, retry } = operator(stack.gateway.urls.graphql);
  stack.simulator.faults.status('deviceList', 500);
  const { carrierRequests, id } = await activate(activation(stack.account, { target: { group: { groupName: '4G West' } } }));
  const deviceIds = [
    { kind: 'iccId', id: iccid(7) },
    { kind: 'Imei', id: '990000000000070' },
    { kind: 'mdn', id: '5091234567' },
  ];
  const faultResponse = { faultcode: 'X', faultstring: 'x' };
  await postCallback(stack, 'CarrierService', {
    requestId: carrierRequests[0]?.carrierRequestId,
    deviceIds,
    status: 'Failed',
    faultResponse,
  });
  expect(await retry({ requestId: id })).toMatchObject({ __typename: 'RetryFailedDevicesAccepted' });
  expect(posted(stack).at(-1)).toMatchObject({
    devices: [
      {
        deviceIds: [
          { kind: 'imei', id: '990000000000070' },
          { kind: 'iccid', id: iccid(7) },
        ],
      },
    ],
  });
});

test('another tool’s request cannot be tried again', async () => {
  await using stack = await startStack({ register: false, env: { M2M_ADOPT_AFTER_MS: '1000' } });
  const { retry } = operator(stack.gateway.urls.graphql);
  const requestId = 'a5e1f7c0-0000-4000-8000-000000000001';
  const faultResponse = { faultcode: 'X', faultstring: 'x' };
  await postCallback(stack, 'CarrierService', { requestId, deviceIds: [{ kind: 'iccid', id: iccid(1) }], status: 'Failed', faultResponse });
  await until(async () => faultCodes(await retry({ requestId }))[0] !== 'NOT_FOUND');
  expect(faultCodes(await retry({ requestId }))).toEqual(['NOT_RETRIABLE']);
  expect(stack.simulator.ledger.posts).toEqual([]);
});
