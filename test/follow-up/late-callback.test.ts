import { expect, test } from 'vitest';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { follow, followOverSse } from '../support/follow.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { operator } from './support/operator.ts';

const SOON = { M2M_OVERDUE_AFTER_MS: '300', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };
const GIVEN_UP = { M2M_OVERDUE_AFTER_MS: '300', M2M_EXPIRE_AFTER_MS: '600', M2M_RECONCILE_CALLS_PER_MINUTE: '1' };

/** A CarrierService message about a device by its ICCID. */
function report(stack: Stack, requestId: string | null | undefined, id: string, status: 'Success' | 'Failed' | 'Pending'): Promise<number> {
  const deviceIds = [{ kind: 'iccid', id }];
  const said = {
    Success: { deviceResponse: { activateResponse: { deviceIds, state: 'Active' } } },
    Failed: { faultResponse: { faultcode: 'REQUEST_FAILED.UnexpectedError', faultstring: 'Later.' } },
    Pending: {},
  };
  return postCallback(stack, 'CarrierService', { requestId, deviceIds, status, ...said[status] });
}

test.concurrent('a callback that comes after the carrier was asked stands above what it said, as an event after the terminal one', async () => {
  await using stack = await startStack({ env: SOON });
  stack.simulator.faults.callbacks.withholdNext = 2;
  const { activate, ended, show } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account));
  const events = await Array.fromAsync(follow(stack.client(), { id }));
  const before = await ended(id);
  expect(before).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2 } });
  const completed = before.completedAt;

  expect(await report(stack, before.carrierRequests[0]?.carrierRequestId, iccid(2), 'Failed')).toBe(200);
  const after = await show(id);
  expect(after).toMatchObject({ status: 'PARTIALLY_FAILED', progress: { succeeded: 1, failed: 1 }, completedAt: completed });
  expect(after.outcomes.nodes[1]).toMatchObject({
    status: 'FAILED',
    source: 'CALLBACK',
    contradicted: false,
    fault: { message: 'Later.' },
  });

  // A follower from the start ends with what is true now. One after the cursor of the first end gets the correction alone.
  const again = await Array.fromAsync(follow(stack.client(), { id }));
  expect(again.slice(-2)).toMatchObject([events.at(-1), { status: 'PARTIALLY_FAILED', outcomes: [{ index: 1, status: 'FAILED' }] }]);
  const rest = await Array.fromAsync(followOverSse(stack.gateway.urls.graphql, { id, after: events.at(-1)?.cursor ?? null }));
  expect(rest).toMatchObject([{ status: 'PARTIALLY_FAILED', outcomes: [{ index: 1, status: 'FAILED' }] }]);
  expect(await Array.fromAsync(follow(stack.client(), { id, after: rest[0]?.cursor ?? null }))).toEqual([]);
});

test.concurrent('a callback that comes after its device had expired settles it; the request stays closed, and its status is that of its devices', async () => {
  await using stack = await startStack({ env: GIVEN_UP, simulator: { unknownDevices: 'fail' } });
  stack.simulator.faults.callbacks.withholdNext = Number.POSITIVE_INFINITY;
  const { activate, ended, show } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account));
  const expired = await ended(id);
  expect(expired).toMatchObject({ status: 'EXPIRED', progress: { expired: 2 }, carrierRequests: [{ state: 'CLOSED' }] });
  const carrierRequestId = expired.carrierRequests[0]?.carrierRequestId;

  await report(stack, carrierRequestId, iccid(1), 'Pending');
  expect(await show(id)).toMatchObject({ status: 'EXPIRED', completedAt: expired.completedAt });
  await report(stack, carrierRequestId, iccid(1), 'Success');
  expect(await show(id)).toMatchObject({ status: 'PARTIALLY_FAILED', progress: { succeeded: 1, expired: 1 } });
  await report(stack, carrierRequestId, iccid(2), 'Success');
  await report(stack, carrierRequestId, iccid(2), 'Failed');
  const last = await show(id);
  expect(last).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2 }, completedAt: expired.completedAt });
  expect(last.outcomes.nodes.map(({ source, contradicted }) => [source, contradicted])).toEqual([
    ['CALLBACK', false],
    ['CALLBACK', true],
  ]);
  // A device that nobody named, after the request has ended: it is shown, and does not wait for a match.
  await report(stack, carrierRequestId, iccid(3), 'Failed');
  expect(await show(id)).toMatchObject({
    status: 'PARTIALLY_FAILED',
    progress: { succeeded: 2, failed: 1, unmatchedCallbacks: 0 },
    outcomes: { nodes: [{}, {}, { requested: null, status: 'FAILED' }] },
  });
});

test.concurrent('a late message that settles nothing does not open a request again whose devices only the carrier knows', async () => {
  await using stack = await startStack({ env: GIVEN_UP });
  stack.simulator.faults.status('deviceList', 500, { times: Number.POSITIVE_INFINITY });
  stack.simulator.faults.callbacks.withholdNext = Number.POSITIVE_INFINITY;
  const { activate, ended, show } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { target: { group: { groupName: '4G West' } } }));
  const expired = await ended(id);
  expect(expired).toMatchObject({ status: 'EXPIRED', deviceCount: null, carrierRequests: [{ state: 'CLOSED' }] });
  const carrierRequestId = expired.carrierRequests[0]?.carrierRequestId;
  await report(stack, carrierRequestId, iccid(1), 'Pending');
  expect(await show(id)).toMatchObject({ status: 'EXPIRED', completedAt: expired.completedAt });
  await report(stack, carrierRequestId, iccid(1), 'Success');
  expect(await show(id)).toMatchObject({
    status: 'SUCCEEDED',
    progress: { succeeded: 1, pending: 0, unmatchedCallbacks: 0, total: 1 },
    completedAt: expired.completedAt,
  });
});

test.concurrent('another tool’s request ends at the limit too; a later callback opens it, and it ends again', async () => {
  await using stack = await startStack({ env: { ...GIVEN_UP, M2M_ADOPT_AFTER_MS: '1000', M2M_EXPIRE_AFTER_MS: '2500' } });
  const theirs = '11111111-2222-3333-4444-555555555555';
  await report(stack, theirs, iccid(1), 'Pending');
  await report(stack, theirs, iccid(2), 'Success');
  const { ended, show } = operator(stack.gateway.urls.graphql);
  const adopted = async (): Promise<string> => {
    for (;;) {
      const { data } = await stack.query<{ requests: { nodes: { id: string }[] } }>('{ requests { nodes { id } } }');
      const id = data?.requests.nodes[0]?.id;
      if (id !== undefined) return id;
    }
  };
  const request = await ended(await adopted());
  expect(request).toMatchObject({
    origin: 'EXTERNAL',
    operation: null,
    deviceCount: null,
    status: 'PARTIALLY_FAILED',
    progress: { succeeded: 1, expired: 1, total: 2 },
    carrierRequests: [{ state: 'CLOSED', carrierRequestId: theirs }],
  });
  await report(stack, theirs, iccid(3), 'Pending');
  await report(stack, theirs, iccid(1), 'Success');
  await until(async () => (await show(request.id)).status === 'PARTIALLY_FAILED');
  expect(await show(request.id)).toMatchObject({
    status: 'PARTIALLY_FAILED',
    progress: { succeeded: 2, expired: 1, total: 3 },
    carrierRequests: [{ state: 'CLOSED' }],
  });
});

test.concurrent('a result of a device that nobody named is shown at once when nothing more is awaited', async () => {
  await using stack = await startStack({ env: GIVEN_UP, register: false });
  stack.simulator.faults.status('deviceList', 500, { times: Number.POSITIVE_INFINITY });
  const { activate, ended, show } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(2, 50) }));
  const expired = await ended(id);
  await report(stack, expired.carrierRequests[0]?.carrierRequestId, iccid(99), 'Success');
  const after = await show(id);
  expect(after).toMatchObject({ status: 'PARTIALLY_FAILED', progress: { expired: 2, succeeded: 1, unmatchedCallbacks: 0 } });
  expect(after.outcomes.nodes[2]).toMatchObject({ requested: null, status: 'SUCCEEDED', source: 'CALLBACK' });
});
