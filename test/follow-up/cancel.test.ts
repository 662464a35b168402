import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { openGateway } from '../support/open-gateway.ts';
import { startStack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startGatedProxy } from './support/gated-proxy.ts';
import { faultCodes, operator } from './support/operator.ts';
import { withMaxDevices } from './support/with-max-devices.ts';

/** Room for one activation a minute: the next ones wait. */
const ONE = { M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '1', M2M_SUBMIT_WAIT_MS: '100' };

test('a request cancelled while it waits ends as CANCELLED, its subscriber is told, and it is not sent after a kill and a restart either', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using folder = await tempFolder();
  const env = gatewayEnv(simulator, `${folder.path}/gateway.sqlite`);
  const [account = ''] = simulator.accounts;
  const ids: string[] = [];
  {
    await using process = await spawnGateway({ ...env, ...ONE });
    const { activate, cancel, ended } = operator(process.graphql);
    for (const number of [1, 2, 3]) ids.push((await activate(activation(account, { devices: devices(1, number) }))).id);
    const followed = ended(ids[1] ?? '').then(({ status }) => status);
    expect(await cancel(ids[1] ?? '')).toMatchObject({
      __typename: 'RequestCancelled',
      request: {
        status: 'CANCELLED',
        queue: null,
        error: { code: 'CANCELLED' },
        carrierRequests: [{ state: 'CANCELLED', attempts: 0, sentAt: null }],
        progress: { cancelled: 1, settled: 1, total: 1 },
      },
    });
    expect(await followed).toBe('CANCELLED');
    process.kill('SIGKILL');
    await process.exited;
  }
  // There is room for all: every QUEUED request goes out at once, in order.
  await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`);
  await simulator.ledger.until(({ posts }) => posts.some((post) => post.devices.includes(iccid(3))));
  const { show, cancel } = operator(gateway.urls.graphql);
  expect(simulator.ledger.postsPerDevice()).toEqual(
    new Map([
      [iccid(1), 1],
      [iccid(3), 1],
    ]),
  );
  expect(await show(ids[1] ?? '')).toMatchObject({ status: 'CANCELLED', completedAt: expect.any(String) });
  expect(faultCodes(await cancel(ids[1] ?? ''))).toEqual(['NOTHING_QUEUED']);
  expect(faultCodes(await cancel(ids[0] ?? ''))).toEqual(['NOTHING_QUEUED']);
  expect(faultCodes(await cancel('req_01JD0000000000000000000000'))).toEqual(['NOT_FOUND']);
});

test('a group activation that is cancelled while its members are read ends as CANCELLED and is not sent', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using proxy = await startGatedProxy(simulator);
  await using folder = await tempFolder();
  await using gateway = await openGateway(proxy.carrier, `${folder.path}/store`, {
    M2M_SUBMIT_WAIT_MS: '0',
  });
  const { activate, cancel, show } = operator(gateway.urls.graphql);
  const [account = ''] = simulator.accounts;
  proxy.hold('/devices/actions/list');
  const { id } = await activate(activation(account, { target: { group: { groupName: '4G West' } } }));
  await proxy.held(1);
  expect(await cancel(id)).toMatchObject({ __typename: 'RequestCancelled', request: { status: 'CANCELLED' } });
  proxy.release();
  // The next request has read the list too. So the members of the first were read by now.
  const next = await activate(activation(account, { target: { group: { groupName: '4G East' } } }));
  await simulator.ledger.until(({ posts }) => posts.length > 0);
  expect(simulator.ledger.posts.map(({ body }) => (JSON.parse(body) as { groupName: string }).groupName)).toEqual(['4G East']);
  expect(await show(id)).toMatchObject({ status: 'CANCELLED', completedAt: expect.any(String), carrierRequests: [{ state: 'CANCELLED' }] });
  expect((await show(next.id)).deviceCount).toBe(10);
});

test('a cancellation of a request takes back its waiting carrier requests, and the one under way goes on to its end', async () => {
  using _split = withMaxDevices('ACTIVATE_DEVICES', 2);
  await using stack = await startStack({ env: { M2M_SUBMIT_WAIT_MS: '0' } });
  const { activate, cancel, ended } = operator(stack.gateway.urls.graphql);
  stack.simulator.faults.latency('activate', 300);
  const { id } = await activate(activation(stack.account, { devices: devices(5) }));
  await stack.simulator.ledger.until(({ posts }) => posts.length === 1);
  const cancelled = await cancel(id);
  expect(cancelled).toMatchObject({
    __typename: 'RequestCancelled',
    request: { status: 'SUBMITTING', carrierRequests: [{ state: 'SENDING' }, { state: 'CANCELLED' }, { state: 'CANCELLED' }] },
  });
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'PARTIALLY_FAILED', progress: { succeeded: 2, cancelled: 3, total: 5 } });
  expect(request.outcomes.nodes.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'CANCELLED', 'CANCELLED', 'CANCELLED']);
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('a carrier request that was under way during the cancellation and is then put off by the carrier is still sent', async () => {
  using _split = withMaxDevices('ACTIVATE_DEVICES', 2);
  await using stack = await startStack({ env: { M2M_SUBMIT_WAIT_MS: '0' } });
  const { activate, cancel, ended } = operator(stack.gateway.urls.graphql);
  stack.simulator.faults.add({ endpoint: 'activate', status: 429, headers: { 'retry-after': '1' }, latencyMs: 300 });
  const { id } = await activate(activation(stack.account, { devices: devices(3) }));
  await stack.simulator.ledger.until(({ posts }) => posts.length === 1);
  expect(await cancel(id)).toMatchObject({ request: { carrierRequests: [{ state: 'SENDING' }, { state: 'CANCELLED' }] } });
  const request = await ended(id);
  expect(request).toMatchObject({
    status: 'PARTIALLY_FAILED',
    progress: { succeeded: 2, cancelled: 1 },
    carrierRequests: [{ state: 'ACCEPTED', attempts: 2 }, { state: 'CANCELLED' }],
  });
  expect([...stack.simulator.ledger.performedPerDevice().values()]).toEqual([1, 1]);
});
