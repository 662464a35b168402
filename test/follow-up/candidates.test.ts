import { expect, test } from 'vitest';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { operator } from './support/operator.ts';

/** Unclaimed callbacks are checked every second. The carrier is asked about nothing. */
const TIDY = { M2M_ADOPT_AFTER_MS: '1000' };
const GROUP = { target: { group: { groupName: '4G West' } } };

interface Seen {
  readonly requests: { readonly nodes: readonly { readonly id: string; readonly origin: string; readonly accountName: string }[] };
  readonly unclaimedCallbacks: { readonly nodes: readonly { readonly carrierRequestId: string; readonly accountName: string }[] };
}

async function seen(stack: Stack): Promise<Seen> {
  const { data } = await stack.query<Seen>(
    '{ requests { nodes { id origin accountName } } unclaimedCallbacks(first: 1000) { nodes { carrierRequestId accountName } } }',
  );
  if (!data) throw new Error('no data');
  return data;
}

const success = (requestId: string, id: string) => ({
  requestId,
  deviceIds: [{ kind: 'iccid', id }],
  status: 'Success',
  deviceResponse: {},
});

/** A callback of another tool about an unknown device. When it is adopted, all older unclaimed callbacks were checked. */
async function tidied(stack: Stack, id = `marker-${performance.now()}`.replace('.', '-')): Promise<void> {
  await postCallback({ ...stack, account: stack.simulator.accounts[2] ?? '' }, 'CarrierService', success(id, iccid(999)));
  const before = (await seen(stack)).requests.nodes.length;
  await until(async () => (await seen(stack)).requests.nodes.length > before);
}

test.concurrent('callbacks that two requests of unknown fate may own go to neither; after the operator decides one, the other follows by itself', async () => {
  await using stack = await startStack({ env: TIDY });
  stack.simulator.holdCallbacks();
  stack.simulator.faults.drop('activate', 'before-answer', { times: 2 });
  const { activate, show, resolve, ended } = operator(stack.gateway.urls.graphql);
  const first = await activate(activation(stack.account));
  const second = await activate(activation(stack.account));
  stack.simulator.releaseCallbacks();
  await stack.simulator.idle();
  await tidied(stack);
  expect([(await show(first.id)).status, (await show(second.id)).status]).toEqual(['UNKNOWN', 'UNKNOWN']);
  expect((await seen(stack)).unclaimedCallbacks.nodes).toHaveLength(4);

  const [one, two] = stack.simulator.ledger.posts.map(({ requestId }) => requestId ?? '');
  expect(await resolve({ requestId: first.id, fate: { carrierRequestId: one ?? '' } })).toMatchObject({
    __typename: 'UnknownRequestResolved',
    request: { status: 'SUCCEEDED', carrierRequests: [{ carrierRequestId: one }] },
  });
  expect(await ended(second.id)).toMatchObject({ status: 'FAILED', progress: { failed: 2 }, carrierRequests: [{ carrierRequestId: two }] });
  expect((await seen(stack)).unclaimedCallbacks.nodes).toEqual([]);
});

test.concurrent('a callback may also belong to a group activation of unknown fate, so it does not go to the request that names its device', async () => {
  await using stack = await startStack({ env: TIDY });
  stack.simulator.faults.status('deviceList', 500);
  stack.simulator.faults.drop('activate', 'before-answer', { times: 2, performed: false });
  const { activate, show, resolve } = operator(stack.gateway.urls.graphql);
  const group = await activate(activation(stack.account, GROUP));
  const named = await activate(activation(stack.account, { devices: devices(1) }));
  await postCallback(stack, 'CarrierService', success('whose-is-it', iccid(1)));
  await tidied(stack);
  expect([(await show(group.id)).status, (await show(named.id)).status]).toEqual(['UNKNOWN', 'UNKNOWN']);
  expect(await resolve({ requestId: group.id, fate: { neverArrived: true } })).toMatchObject({ request: { status: 'CANCELLED' } });
  await until(async () => (await show(named.id)).status === 'SUCCEEDED');
});

test.concurrent('callbacks of a group activation of unknown fate are not taken for another tool’s, and are its own when the operator gives the id', async () => {
  await using stack = await startStack({ env: TIDY });
  stack.simulator.faults.status('deviceList', 500);
  stack.simulator.faults.drop('activate', 'before-answer');
  const { activate, show, resolve } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, GROUP));
  expect((await show(id)).status).toBe('UNKNOWN');
  await stack.simulator.idle();
  await tidied(stack);
  const before = await seen(stack);
  expect(before.requests.nodes.filter(({ accountName }) => accountName === stack.account)).toEqual([
    { id, origin: 'GATEWAY', accountName: stack.account },
  ]);
  expect(before.unclaimedCallbacks.nodes).toHaveLength(10);
  const carrierRequestId = stack.simulator.ledger.posts[0]?.requestId ?? '';
  const resolved = await resolve({ requestId: id, fate: { carrierRequestId } });
  expect(resolved).toMatchObject({ request: { status: 'IN_PROGRESS', progress: { succeeded: 5, failed: 5, total: 10 } } });
  expect((await seen(stack)).unclaimedCallbacks.nodes).toEqual([]);
});

test.concurrent('a group activation whose members are known is told by its callbacks', async () => {
  await using stack = await startStack({ env: TIDY });
  stack.simulator.faults.drop('activate', 'before-answer');
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, GROUP));
  expect(await ended(id)).toMatchObject({ status: 'PARTIALLY_FAILED', progress: { succeeded: 5, failed: 5, total: 10 } });
});

test.concurrent('an account that is always sending something is looked after all the same', async () => {
  await using stack = await startStack({ env: { ...TIDY, M2M_SUBMIT_WAIT_MS: '200' } });
  stack.simulator.holdCallbacks();
  stack.simulator.faults.drop('activate', 'before-answer');
  const { activate, ended, show } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account));
  stack.simulator.releaseCallbacks();
  await until(async () => (await seen(stack)).unclaimedCallbacks.nodes.length === 2);
  stack.simulator.faults.latency('activate', 5_000);
  const later = await activate(activation(stack.account, { devices: devices(1, 50) }));
  expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
  expect((await show(later.id)).status).toBe('SUBMITTING');
});

test('a hundred ids that cannot be decided do not stop the decision about others', async () => {
  await using stack = await startStack({ env: TIDY });
  stack.simulator.faults.status('deviceList', 500);
  stack.simulator.faults.drop('activate', 'before-answer', { times: 1, performed: false });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const [first = '', second = ''] = stack.simulator.accounts;
  await activate(activation(first, GROUP));
  await Promise.all(Array.from({ length: 120 }, (_, at) => postCallback(stack, 'CarrierService', success(`undecided-${at}`, iccid(at)))));
  stack.simulator.faults.drop('activate', 'before-answer');
  const { id } = await activate(activation(second));
  expect((await ended(id)).status).toBe('SUCCEEDED');
  await postCallback({ ...stack, account: second }, 'CarrierService', success('of-another-tool', iccid(7)));
  await until(async () => (await seen(stack)).requests.nodes.some(({ origin }) => origin === 'EXTERNAL'));
  expect((await seen(stack)).unclaimedCallbacks.nodes).toHaveLength(120);
});
