import { expect, test } from 'vitest';
import { RequestsDocument } from '../../documents/gql/graphql.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { devices } from '../support/devices.ts';
import { openGateway } from '../support/open-gateway.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { acceptedRequest, activate, activation } from './support/activation.ts';

test('20 mutations at once under one key with one input are one request and one POST', async () => {
  await using stack = await startStack({ register: false });
  const url = stack.gateway.urls.graphql;
  const input = activation(stack.account, { idempotencyKey: 'a-key' });
  const results = await Promise.all(Array.from({ length: 20 }, () => activate(url, input)));
  const ids = new Set(results.map((result) => acceptedRequest(result).id));
  expect(ids.size).toBe(1);
  expect(new Set(results.map((result) => acceptedRequest(result).status))).toEqual(new Set(['IN_PROGRESS']));
  expect([...stack.simulator.ledger.postsPerDevice().values()]).toEqual([1, 1]);
  expect((await runDocument(url, RequestsDocument, {})).requests.nodes).toHaveLength(1);
});

test('20 mutations at once under one key that the carrier refuses are all the same CarrierRefused', async () => {
  await using stack = await startStack({ register: false });
  stack.simulator.faults.add({
    endpoint: 'activate',
    status: 400,
    body: { text: '{"errorCode":"UnifiedWebService.A.B","errorMessage":"In words."}' },
    latencyMs: 100,
  });
  const input = activation(stack.account, { idempotencyKey: 'a-key' });
  const results = await Promise.all(Array.from({ length: 20 }, () => activate(stack.gateway.urls.graphql, input)));
  for (const result of results) expect(result).toEqual(results[0]);
  expect(results[0]).toMatchObject({ __typename: 'CarrierRefused' });
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('a repeat shows the request as it is now', async () => {
  await using stack = await startStack();
  const input = activation(stack.account, { idempotencyKey: 'a-key' });
  const { id } = acceptedRequest(await activate(stack.gateway.urls.graphql, input));
  await stack.simulator.idle();
  const repeat = acceptedRequest(await activate(stack.gateway.urls.graphql, input));
  expect(repeat).toMatchObject({ id, status: 'SUCCEEDED' });
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test.each([
  ['other devices', { devices: devices(2, 7) }],
  ['another order of the devices', { devices: devices(2).toReversed() }],
  ['another setting', { mdnZipCode: '10001' }],
])('the same key with %s is IdempotencyKeyReused and names the request it stands for', async (_what, other) => {
  await using stack = await startStack({ register: false });
  const url = stack.gateway.urls.graphql;
  const { id } = acceptedRequest(await activate(url, activation(stack.account, { idempotencyKey: 'a-key' })));
  const reused = await activate(url, activation(stack.account, { idempotencyKey: 'a-key', ...other }));
  expect(reused).toMatchObject({ __typename: 'IdempotencyKeyReused', code: 'IDEMPOTENCY_KEY_REUSED', requestId: id });
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('of two inputs at once under one key, one is taken on and the other gets an error', async () => {
  await using stack = await startStack({ register: false });
  const url = stack.gateway.urls.graphql;
  const results = await Promise.all(
    ['98801', '10001'].map((mdnZipCode) => activate(url, activation(stack.account, { idempotencyKey: 'a-key', mdnZipCode }))),
  );
  expect(results.map(({ __typename }) => __typename).toSorted()).toEqual(['ActivateDevicesAccepted', 'IdempotencyKeyReused']);
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('an input written in another way is the same input', async () => {
  await using stack = await startStack({ register: false });
  const url = stack.gateway.urls.graphql;
  const input = activation(stack.account, { idempotencyKey: 'a-key' });
  const { id } = acceptedRequest(await activate(url, input));
  const { target, ...rest } = input;
  const rewritten = { target, groupName: null, clientReference: 'another name for it', ...rest };
  expect(acceptedRequest(await activate(url, rewritten)).id).toBe(id);
});

test('the same key in another account is a key of its own', async () => {
  await using stack = await startStack({ register: false });
  const [first, second] = await Promise.all(
    stack.simulator.accounts
      .slice(0, 2)
      .map((account) => activate(stack.gateway.urls.graphql, activation(account, { idempotencyKey: 'a-key' }))),
  );
  expect(first && second && acceptedRequest(first).id !== acceptedRequest(second).id).toBe(true);
  expect(stack.simulator.ledger.posts).toHaveLength(2);
});

test('a repeat of a refused request gets the same CarrierRefused, and nothing is sent', async () => {
  await using stack = await startStack({ register: false });
  const url = stack.gateway.urls.graphql;
  const input = activation(stack.account, { idempotencyKey: 'a-key', servicePlan: 'NoSuchPlan' });
  const refused = await activate(url, input);
  expect(refused).toMatchObject({ __typename: 'CarrierRefused', httpStatus: 400, request: { status: 'REJECTED' } });
  expect(await activate(url, input)).toEqual(refused);
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('a repeat of a request of unknown fate sends nothing', async () => {
  await using stack = await startStack({ register: false });
  stack.simulator.faults.drop('activate', 'before-answer');
  const input = activation(stack.account, { idempotencyKey: 'a-key' });
  const { id } = acceptedRequest(await activate(stack.gateway.urls.graphql, input));
  expect(acceptedRequest(await activate(stack.gateway.urls.graphql, input))).toMatchObject({ id, status: 'UNKNOWN' });
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('a key survives a restart', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  const input = activation(simulator.accounts[0] ?? '', { idempotencyKey: 'a-key' });
  const ids = new Set<string>();
  for (let start = 0; start < 2; start++) {
    await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`);
    ids.add(acceptedRequest(await activate(gateway.urls.graphql, input)).id);
  }
  expect(ids.size).toBe(1);
  expect(simulator.ledger.posts).toHaveLength(1);
});

test.each([
  ['empty', ''],
  ['of 256 characters', 'k'.repeat(256)],
  ['with a line feed', 'a\nb'],
])('a key that is %s is InvalidInput, and nothing is sent', async (_what, idempotencyKey) => {
  await using stack = await startStack({ register: false });
  const result = await activate(stack.gateway.urls.graphql, activation(stack.account, { idempotencyKey }));
  expect(result).toMatchObject({ __typename: 'InvalidInput', faults: [{ path: ['idempotencyKey'] }] });
  expect(stack.simulator.ledger.posts).toHaveLength(0);
});

test('a key of 255 characters works', async () => {
  await using stack = await startStack({ register: false });
  const input = activation(stack.account, { idempotencyKey: 'ü'.repeat(255) });
  const { id } = acceptedRequest(await activate(stack.gateway.urls.graphql, input));
  expect(acceptedRequest(await activate(stack.gateway.urls.graphql, input)).id).toBe(id);
});
