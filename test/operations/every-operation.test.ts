import { expect, test } from 'vitest';
import { allOperations } from '../../simulator/actions/all-operations.ts';
import { faultCodes, operator } from '../follow-up/support/operator.ts';
import { devices } from '../support/devices.ts';
import { followOverSse } from '../support/follow.ts';
import { mutate } from '../support/mutations.ts';
import { identifierOf, OPERATION_CASES, withCompanions, withDevices, type OperationCase } from '../support/operation-fixtures.ts';
import { startStack, type Stack } from '../support/stack.ts';

const SOON = { M2M_OVERDUE_AFTER_MS: '200', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };
const WITHHELD = { withholdNext: Number.POSITIVE_INFINITY };
/** With magic identifiers, the simulated carrier always fails a device whose ICCID ends with this. */
const FAILING = 4040;
/** With magic identifiers, a device whose ICCID ends with this reports a second time, when NIDD is configured. */
const NB_IOT = 7;

/** What the carrier does for a device in whatever state it is. */
const IN_EVERY_STATE = new Set(['UPDATE_CUSTOM_FIELDS', 'UPDATE_COST_CENTER']);

/** Submits the operation for one device that is unknown to the simulated carrier, which adopts it in the state that it needs. */
async function submit(stack: Stack, each: OperationCase, number: number): Promise<string> {
  const { operation, identifierKinds } = each;
  const [device] = devices(1, number);
  const named = (device?.deviceIds ?? []).filter(({ kind }) => identifierKinds.includes(kind));
  const deviceIds = withCompanions(named.length > 0 ? named : [identifierOf(number, each)], each);
  const result = await mutate(stack, operation.typeName, { ...withDevices(each, [{ deviceIds }]), accountName: stack.account });
  if (!result.request) throw new Error(JSON.stringify(result));
  return result.request.id;
}

test.each(OPERATION_CASES)('$operation.mutation is sent once, and its device settles by its callback or by the answer', async (each) => {
  await using stack = await startStack();
  const { ended } = operator(stack.gateway.urls.graphql);
  const request = await ended(await submit(stack, each, 1));
  expect(request).toMatchObject({ operation: each.operation.name, status: 'SUCCEEDED', progress: { total: 1, succeeded: 1 } });
  const source = each.operation.callbackService === null ? 'ANSWER' : 'CALLBACK';
  expect(request.outcomes.nodes).toMatchObject([{ status: 'SUCCEEDED', source, fault: null }]);
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test.each(OPERATION_CASES)(
  '$operation.mutation is never sent again when its answer is lost; the carrier is asked what happened, if it can tell',
  async (each) => {
    await using stack = await startStack({ env: SOON });
    const { ended, show } = operator(stack.gateway.urls.graphql);
    Object.assign(stack.simulator.faults.callbacks, WITHHELD);
    const simulated = allOperations.find(({ path }) => path === `/api${each.operation.path}`);
    stack.simulator.faults.drop(simulated?.endpoint ?? '', 'before-answer');
    const id = await submit(stack, each, 1);
    expect((await show(id)).carrierRequests).toMatchObject([{ carrierRequestId: null, attempts: 1 }]);
    if (each.operation.provenBy === 'NOTHING') expect((await show(id)).status).toBe('UNKNOWN');
    else
      expect(await ended(id)).toMatchObject({
        status: 'SUCCEEDED',
        carrierRequests: [{ state: 'ACCEPTED', attempts: 1 }],
        outcomes: { nodes: [{ status: 'SUCCEEDED', source: 'RECONCILED' }] },
      });
    expect(stack.simulator.ledger.posts).toHaveLength(1);
  },
);

test.each(OPERATION_CASES)('$operation.mutation is tried again for a device that failed, with the same body', async (each) => {
  await using stack = await startStack({ simulator: { magicIdentifiers: true } });
  const { ended, retry } = operator(stack.gateway.urls.graphql);
  const first = await submit(stack, each, FAILING);
  expect(await ended(first)).toMatchObject({ status: 'FAILED', outcomes: { nodes: [{ fault: { code: expect.any(String) } }] } });
  const again = await retry({ requestId: first });
  if (again.__typename !== 'RetryFailedDevicesAccepted') throw new Error(JSON.stringify(again));
  expect(again.request).toMatchObject({ operation: each.operation.name, retryOf: { id: first } });
  await ended(again.request.id);
  const [before, after, ...more] = stack.simulator.ledger.posts;
  expect(after?.body).toBe(before?.body);
  expect(more).toEqual([]);
});

test.each(OPERATION_CASES.filter(({ operation }) => operation.secondService !== null))(
  '$operation.mutation shows the second message of an NB-IoT device, which changes nothing else',
  async (each) => {
    await using stack = await startStack({ simulator: { magicIdentifiers: true } });
    const id = await submit(stack, each, NB_IOT);
    const events = await Array.fromAsync(followOverSse(stack.gateway.urls.graphql, { id, untilNiddSettled: true }));
    expect(events.at(-1)).toMatchObject({ status: 'SUCCEEDED', progress: { total: 1, succeeded: 1 } });
    expect((await operator(stack.gateway.urls.graphql).show(id)).outcomes.nodes).toMatchObject([
      { status: 'SUCCEEDED', nidd: { configured: true, status: 'ConfigCreated' } },
    ]);
  },
);

test.each(OPERATION_CASES.filter(({ operation }) => 'target' in operation.input.shape))(
  '$operation.mutation of a group settles each of its devices, and a retry lists those that failed',
  async ({ operation, input, counts }) => {
    await using stack = await startStack();
    const { ended, retry } = operator(stack.gateway.urls.graphql);
    const members = stack.simulator.inventory.find({ account: stack.account, groupName: '4G West' });
    const group = { groupName: '4G West', ...(counts && { confirmDeviceCount: members.length }) };
    const submitted = await mutate(stack, operation.typeName, { ...input, accountName: stack.account, target: { group } });
    const request = await ended(submitted.request?.id ?? '');
    expect(request).toMatchObject({ deviceCountIsEstimate: true, deviceCount: members.length });
    const { total, succeeded, failed } = request.progress;
    expect([total, succeeded + failed]).toEqual([members.length, members.length]);
    const again = await retry({ requestId: request.id });
    if (IN_EVERY_STATE.has(operation.name)) {
      expect([failed, faultCodes(again)]).toEqual([0, ['NOTHING_FAILED']]);
      return;
    }
    expect(failed).toBeGreaterThan(0);
    if (again.__typename !== 'RetryFailedDevicesAccepted') throw new Error(JSON.stringify(again));
    await ended(again.request.id);
    const body = JSON.parse(stack.simulator.ledger.posts[1]?.body ?? '') as { readonly devices: unknown[] };
    expect(body).not.toHaveProperty('groupName');
    expect(body.devices).toHaveLength(failed);
  },
);
