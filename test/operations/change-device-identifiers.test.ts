import { expect, test } from 'vitest';
import { hashInput } from '../../src/resolvers/requests/same-input.ts';
import { changeDeviceIdentifiers } from '../../src/operations/change-device-identifiers.ts';
import { operator } from '../follow-up/support/operator.ts';
import { iccid } from '../support/devices.ts';
import { mutate } from '../support/mutations.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';

const NEW = { kind: 'ICCID', value: iccid(7_000_001) };

async function search(stack: Stack, text: string) {
  const { data } = await stack.query(`{ requests(filter: { search: "${text}" }) { nodes { id } } }`);
  return (data as { requests: { nodes: { id: string }[] } }).requests.nodes.map(({ id }) => id);
}

test('each line has a carrier request of its own, and its outcome shows the old and the new identifiers', async () => {
  await using stack = await startStack();
  const lines = [1, 2].map((number) => ({
    deviceIds: [{ kind: 'ICCID', value: iccid(number) }],
    changeTo: [{ kind: 'ICCID', value: iccid(7_000_000 + number) }],
  }));
  const { request } = await mutate(stack, 'ChangeDeviceIdentifiers', { accountName: stack.account, devices: lines });
  const ended = await operator(stack.gateway.urls.graphql).ended(request?.id ?? '');
  expect(stack.simulator.ledger.posts).toHaveLength(2);
  expect(ended.status).toBe('SUCCEEDED');
  for (const [at, { deviceIds, changeTo }] of lines.entries()) {
    const shown = ended.outcomes.nodes[at]?.deviceIds.map(({ value }) => value);
    expect(shown).toEqual([...deviceIds, ...changeTo].map(({ value }) => value));
  }
});

test('once the callback has come, the new identifier finds the request, and a later message under it finds the line', async () => {
  await using stack = await startStack({ register: false });
  const old = { kind: 'MDN', value: '5550100018' };
  const devices = [{ deviceIds: [old], changeTo: [NEW] }];
  const { request } = await mutate(stack, 'ChangeDeviceIdentifiers', { accountName: stack.account, devices });
  const id = request?.id ?? '';
  expect([await search(stack, old.value), await search(stack, NEW.value)]).toEqual([[id], []]);
  const report = (deviceIds: object[], more: object) =>
    postCallback(stack, 'CarrierService', { requestId: request?.carrierRequests[0]?.carrierRequestId, deviceIds, ...more });
  const changed = { deviceResponse: { changeIdentifierResponse: { deviceIds: [{ kind: 'iccid', id: NEW.value }] } }, status: 'Success' };
  expect(await report([{ kind: 'mdn', id: old.value }], changed)).toBe(200);
  const { ended, show } = operator(stack.gateway.urls.graphql);
  expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await search(stack, NEW.value)).toEqual([id]);
  const fault = { faultcode: 'UnifiedWebService.REQUEST_FAILED.UnexpectedError', faultstring: 'Unexpected error occurred.' };
  expect(await report([{ kind: 'iccid', id: NEW.value }], { faultResponse: fault, status: 'Failed' })).toBe(200);
  expect(await show(id)).toMatchObject({
    progress: { unmatchedCallbacks: 0 },
    outcomes: { nodes: [{ status: 'SUCCEEDED', contradicted: true }] },
  });
});

test('a line that is named by its number too is proven changed, though its old SIM finds nothing', async () => {
  await using stack = await startStack({ env: { M2M_OVERDUE_AFTER_MS: '200', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' } });
  Object.assign(stack.simulator.faults.callbacks, { withholdNext: Number.POSITIVE_INFINITY });
  const line = stack.simulator.inventory.find({ account: stack.account, state: 'active' })[0]?.identifiers;
  const deviceIds = [
    { kind: 'ICCID', value: line?.iccid ?? '' },
    { kind: 'MDN', value: line?.mdn ?? '' },
  ];
  const { request } = await mutate(stack, 'ChangeDeviceIdentifiers', {
    accountName: stack.account,
    devices: [{ deviceIds, changeTo: [NEW] }],
  });
  expect(await operator(stack.gateway.urls.graphql).ended(request?.id ?? '')).toMatchObject({
    outcomes: { nodes: [{ status: 'SUCCEEDED', source: 'RECONCILED' }] },
  });
});

test('the hash of an input sees what a line changes to, and nothing new where nothing changes', () => {
  const device = { deviceIds: [{ kind: 'MDN', id: '5550100018' }] };
  const hash = (devices: Parameters<typeof hashInput>[0]['devices']) =>
    Buffer.from(hashInput({ operation: changeDeviceIdentifiers.name, accountName: 'a', retryOf: null, devices, settings: {} })).toString(
      'hex',
    );
  const to = (id: string) => [{ ...device, changeTo: [{ kind: 'ICCID', id }] }];
  expect(hash([device])).toBe(hash([{ ...device, changeTo: undefined }]));
  expect(new Set([hash([device]), hash(to(iccid(1))), hash(to(iccid(2)))]).size).toBe(3);
});
