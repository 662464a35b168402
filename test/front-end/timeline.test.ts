import { expect, test } from 'vitest';
import { activation } from '../carrier/support/activation.ts';
import { operator } from '../follow-up/support/operator.ts';
import { withMaxDevices } from '../follow-up/support/with-max-devices.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { devices, iccid } from '../support/devices.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

interface Entry {
  readonly kind: string;
  readonly at: string;
  readonly lastAt: string;
  readonly count: number;
  readonly carrierRequestIndex: number | null;
  readonly status: string | null;
}

async function timelineOf(stack: Stack, id: string): Promise<Entry[]> {
  const { data, errors } = await stack.query<{ request: { timeline: Entry[] } }>(
    `query ($id: ID!) { request(id: $id) { timeline { kind at lastAt count carrierRequestIndex status } } }`,
    { id },
  );
  if (!data) throw new Error(JSON.stringify(errors));
  return data.request.timeline;
}

const brief = (entries: readonly Entry[]) => entries.map(({ kind, count, status }) => [kind, count, ...(status ? [status] : [])].join(' '));

const report = (stack: Stack, requestId: string | null | undefined, number: number, succeeds: boolean) =>
  postCallback(stack, 'CarrierService', {
    requestId,
    deviceIds: [{ kind: 'iccid', id: iccid(number) }],
    status: succeeds ? 'Success' : 'Failed',
    ...(!succeeds && { faultResponse: { faultcode: 'X', faultstring: 'x' } }),
  });

test('the life of a request: sent, answered, reported, completed, retried; each later event is added to what was told before', async () => {
  await using stack = await startStack({ register: false });
  const { activate, retry } = operator(stack.gateway.urls.graphql);
  const { id, carrierRequests } = await activate(activation(stack.account, { devices: devices(3) }));
  expect(brief(await timelineOf(stack, id))).toEqual(['CREATED 1', 'SENT 1', 'ACCEPTED 1']);
  const carrierRequestId = carrierRequests[0]?.carrierRequestId;
  await report(stack, carrierRequestId, 1, true);
  await report(stack, carrierRequestId, 2, false);
  const begun = ['CREATED 1', 'SENT 1', 'ACCEPTED 1', 'FIRST_REPORT 1', 'DEVICES_SUCCEEDED 1', 'DEVICES_FAILED 1'];
  expect(brief(await timelineOf(stack, id))).toEqual(begun);
  await report(stack, carrierRequestId, 3, true);
  const ended = begun.with(4, 'DEVICES_SUCCEEDED 2').concat('COMPLETED 1 PARTIALLY_FAILED');
  expect(brief(await timelineOf(stack, id))).toEqual(ended);
  await retry({ requestId: id });
  const entries = await timelineOf(stack, id);
  expect(brief(entries)).toEqual([...ended, 'RETRIED 1']);
  for (const [at, entry] of entries.entries()) {
    expect(Date.parse(entry.at)).toBeLessThanOrEqual(Date.parse(entry.lastAt));
    if (at > 0) expect(Date.parse(entries[at - 1]?.at ?? '')).toBeLessThanOrEqual(Date.parse(entry.at));
  }
});

test('1,000 devices make no more entries than one, however often it is asked meanwhile', async () => {
  await using stack = await startStack();
  const { id } = await activateDevices(stack, 1_000);
  let over = false;
  const asking = (async () => {
    // Under load it may be refused. It is asked again.
    while (!over) await stack.query(`{ request(id: "${id}") { timeline { kind } } }`);
  })();
  await stack.simulator.idle();
  over = true;
  await asking;
  expect(brief(await timelineOf(stack, id))).toEqual([
    'CREATED 1',
    'SENT 1',
    'ACCEPTED 1',
    'FIRST_REPORT 1',
    'DEVICES_SUCCEEDED 1000',
    'COMPLETED 1 SUCCEEDED',
  ]);
});

test('what was cancelled, refused or put off is told', async () => {
  await using stack = await startStack({ register: false });
  const { activate, cancel } = operator(stack.gateway.urls.graphql);
  stack.simulator.faults.status('activate', 429, { retryAfter: '600' });
  const { id } = await activate(activation(stack.account, { waitMs: 0 }));
  await until(async () => (await timelineOf(stack, id)).some(({ kind }) => kind === 'PUT_OFF'));
  await cancel(id);
  expect(brief(await timelineOf(stack, id))).toEqual(['CREATED 1', 'SENT 1', 'PUT_OFF 1', 'CANCELLED 1', 'COMPLETED 1 CANCELLED']);
});

test('overdue and expired devices are counted, and a late callback is told with the new end', async () => {
  const SOON = { M2M_OVERDUE_AFTER_MS: '200', M2M_EXPIRE_AFTER_MS: '900', M2M_RECONCILE_CALLS_PER_MINUTE: '1' };
  await using stack = await startStack({ register: false, env: SOON });
  // So nothing is reconciled.
  stack.simulator.faults.status('deviceList', 500, { times: Number.POSITIVE_INFINITY });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id, carrierRequests } = await activate(activation(stack.account, { devices: devices(2) }));
  await ended(id);
  for (const number of [1, 2]) await report(stack, carrierRequests[0]?.carrierRequestId, number, true);
  const told = brief(await timelineOf(stack, id));
  expect(told).toEqual(expect.arrayContaining(['DEVICES_OVERDUE 2', 'DEVICES_EXPIRED 2', 'CLOSED 1', 'DEVICES_SUCCEEDED 2']));
  expect(told.filter((entry) => entry.startsWith('COMPLETED'))).toEqual([
    'COMPLETED 1 EXPIRED',
    'COMPLETED 1 PARTIALLY_FAILED',
    'COMPLETED 1 SUCCEEDED',
  ]);
});

test.each([
  [2, [0, 1]],
  [12, [null]],
])('the steps of %i carrier requests', async (parts, indexes) => {
  using _split = withMaxDevices('ACTIVATE_DEVICES', 1);
  await using stack = await startStack({ register: false });
  const { activate, once } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(parts) }));
  await once(id, ({ status }) => status === 'IN_PROGRESS');
  const sent = (await timelineOf(stack, id)).filter(({ kind }) => kind === 'SENT');
  expect(sent.map(({ carrierRequestIndex }) => carrierRequestIndex)).toEqual(indexes);
  expect(sent.reduce((sum, { count }) => sum + count, 0)).toBe(parts);
});
