import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { openGateway } from '../support/open-gateway.ts';
import { graphql, registerListeners, startStack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { operator } from './support/operator.ts';
import { resumeProfiles } from './support/resume-profiles.ts';
import { withMaxDevices } from './support/with-max-devices.ts';

const bodies = ({ posts }: { readonly posts: readonly { readonly devices: readonly string[] }[] }) => posts.map((post) => post.devices);

test('more devices than the carrier takes at once become several carrier requests of one request, each sent once, with one list of outcomes', async () => {
  using _split = withMaxDevices('ACTIVATE_DEVICES', 3);
  await using stack = await startStack();
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(8) }));
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'SUCCEEDED', deviceCount: 8, progress: { succeeded: 8, total: 8, unmatchedCallbacks: 0 } });
  expect(request.carrierRequests).toMatchObject([
    { firstIndex: 0, deviceCount: 3, attempts: 1, state: 'ACCEPTED' },
    { firstIndex: 3, deviceCount: 3, attempts: 1, state: 'ACCEPTED' },
    { firstIndex: 6, deviceCount: 2, attempts: 1, state: 'ACCEPTED' },
  ]);
  expect(request.outcomes.nodes.map(({ index, requested }) => [index, requested?.find(({ kind }) => kind === 'ICCID')?.value])).toEqual(
    Array.from({ length: 8 }, (_, at) => [at, iccid(at + 1)]),
  );
  expect(bodies(stack.simulator.ledger)).toEqual([[1, 2, 3].map(iccid), [4, 5, 6].map(iccid), [7, 8].map(iccid)]);
  const first = await graphql(
    stack.gateway.urls.graphql,
    'query ($id: ID!) { request(id: $id) { carrierRequests(first: 2) { firstIndex } } }',
    {
      id,
    },
  );
  expect(first.data).toEqual({ request: { carrierRequests: [{ firstIndex: 0 }, { firstIndex: 3 }] } });
  // Each of the carrier's ids leads to the whole request.
  expect(await Promise.all(request.carrierRequests.map(async (part) => (await ended(part.carrierRequestId ?? '')).id))).toEqual([
    id,
    id,
    id,
  ]);
});

test.each([
  [
    'refused',
    { status: 400, body: { text: '{"errorCode":"UnifiedWebService.A.B","errorMessage":"In words."}' } },
    'REFUSED',
    'REJECTED',
    'PARTIALLY_FAILED',
  ],
  ['not answered', { drop: 'before-answer', performed: false }, 'UNKNOWN', 'UNKNOWN', 'UNKNOWN'],
] as const)('when one part is %s the others are still sent and done', async (_what, fault, state, outcome, status) => {
  using _split = withMaxDevices('ACTIVATE_DEVICES', 2);
  await using stack = await startStack({ env: { M2M_SUBMIT_WAIT_MS: '0' } });
  const { activate, once } = operator(stack.gateway.urls.graphql);
  stack.simulator.faults.latency('activate', 0);
  stack.simulator.faults.add({ endpoint: 'activate', ...fault });
  const { id } = await activate(activation(stack.account, { devices: devices(6) }));
  const request = await once(id, ({ progress }) => progress.succeeded === 4);
  expect(request).toMatchObject({ status, carrierRequests: [{ state: 'ACCEPTED' }, { state }, { state: 'ACCEPTED' }] });
  expect(request.error).toEqual(request.carrierRequests[1]?.error);
  expect(request.outcomes.nodes.map((each) => each.status)).toEqual(['SUCCEEDED', 'SUCCEEDED', outcome, outcome, 'SUCCEEDED', 'SUCCEEDED']);
  expect(request.carrierRequests[1]?.error).not.toBeNull();
  expect(bodies(stack.simulator.ledger)).toHaveLength(3);
});

test('all parts refused: REJECTED', async () => {
  using _split = withMaxDevices('ACTIVATE_DEVICES', 2);
  await using stack = await startStack();
  const { ended } = operator(stack.gateway.urls.graphql);
  const { data } = await stack.query<{ activateDevices: { request: { id: string } } }>(
    `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ... on CarrierRefused { request { id } } } }`,
    { input: activation(stack.account, { devices: devices(5), servicePlan: 'NoSuchPlan' }) },
  );
  const request = await ended(data?.activateDevices.request.id ?? '');
  expect(request).toMatchObject({ status: 'REJECTED', progress: { rejected: 5 } });
  expect(request.carrierRequests.map(({ state }) => state)).toEqual(['REFUSED', 'REFUSED', 'REFUSED']);
});

test('two parts of unknown fate are told apart by their callbacks', async () => {
  using _split = withMaxDevices('ACTIVATE_DEVICES', 2);
  await using stack = await startStack({ env: { M2M_ADOPT_AFTER_MS: '1000' } });
  stack.simulator.faults.drop('activate', 'before-answer', { times: 2 });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account, { devices: devices(5) }));
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 5 } });
  const performed = stack.simulator.ledger.posts.map(({ requestId }) => requestId);
  expect(request.carrierRequests.map(({ carrierRequestId }) => carrierRequestId)).toEqual(performed);
  expect(bodies(stack.simulator.ledger)).toHaveLength(3);
});

test('after a restart a request goes on with the parts that still wait', async () => {
  using _split = withMaxDevices('ACTIVATE_DEVICES', 2);
  await using simulator = await startSimulator({ magicIdentifiers: false, callbackDelayMs: [0, 10] });
  await using folder = await tempFolder();
  const [account = ''] = simulator.accounts;
  const store = `${folder.path}/store`;
  let id: string;
  {
    await using gateway = await openGateway(simulator, store, { M2M_SUBMIT_WAIT_MS: '200', M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '1' });
    await registerListeners(simulator, gateway);
    const { activate } = operator(gateway.urls.graphql);
    const made = await activate(activation(account, { devices: devices(4) }));
    expect(made).toMatchObject({
      status: 'SUBMITTING',
      queue: { position: 1 },
      carrierRequests: [{ state: 'ACCEPTED' }, { state: 'QUEUED' }],
    });
    ({ id } = made);
    await simulator.idle();
  }
  await using gateway = await openGateway(simulator, store);
  await registerListeners(simulator, gateway);
  expect(await operator(gateway.urls.graphql).ended(id)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 4 } });
  expect(new Set(simulator.ledger.postsPerDevice().values())).toEqual(new Set([1]));
});

test('profiles are sent by 100: the carrier’s SDK allows no more, though its page does', async () => {
  await using stack = await startStack();
  const { ended } = operator(stack.gateway.urls.graphql);
  const named = Array.from({ length: 120 }, (_, at) => iccid(at + 1));
  const { id } = await resumeProfiles(stack.gateway.urls.graphql, stack.account, named);
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'SUCCEEDED', deviceCount: 120, progress: { succeeded: 120, total: 120 } });
  expect(bodies(stack.simulator.ledger).map(({ length }) => length)).toEqual([100, 20]);
});
