import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { activate, activation } from '../carrier/support/activation.ts';
import { startGatedProxy } from '../follow-up/support/gated-proxy.ts';
import { operator } from '../follow-up/support/operator.ts';
import { openGateway } from '../support/open-gateway.ts';
import { startStack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Longer than a test may take. */
const FOR_EVER = { M2M_SUBMIT_WAIT_MS: '120000' };

test('with waitMs 0 a mutation returns while the carrier has not answered; a repeat may wait longer and is the same input', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using folder = await tempFolder();
  await using proxy = await startGatedProxy(simulator);
  await using gateway = await openGateway(proxy.carrier, `${folder.path}/gateway.sqlite`, FOR_EVER);
  const url = gateway.urls.graphql;
  const input = activation(simulator.accounts[0] ?? '', { idempotencyKey: 'one click' });
  proxy.hold('/actions/activate');
  const first = await activate(url, { ...input, waitMs: 0 });
  if (first.__typename !== 'ActivateDevicesAccepted') throw new Error(first.__typename);
  expect(['QUEUED', 'SUBMITTING']).toContain(first.request.status);
  await proxy.held(1);
  // Without waitMs it waits as configured.
  const repeat = activate(url, input);
  proxy.release();
  expect(await repeat).toMatchObject({ request: { id: first.request.id, status: 'IN_PROGRESS' } });
  expect(await activate(url, { ...input, waitMs: 60_000 })).toMatchObject({ request: { id: first.request.id } });
  expect(simulator.ledger.posts).toHaveLength(1);
});

test('a retry takes waitMs too, also when it is repeated', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using folder = await tempFolder();
  await using proxy = await startGatedProxy(simulator);
  await using gateway = await openGateway(proxy.carrier, `${folder.path}/gateway.sqlite`, FOR_EVER);
  const { retry } = operator(gateway.urls.graphql);
  simulator.faults.status('activate', 400, { body: { text: '{"errorCode":"X","errorMessage":"Not today."}' } });
  const refused = await activate(gateway.urls.graphql, activation(simulator.accounts[0] ?? ''));
  if (refused.__typename !== 'CarrierRefused') throw new Error(refused.__typename);
  proxy.hold('/actions/activate');
  const input = { requestId: refused.request.id, idempotencyKey: 'again', waitMs: 0 };
  const first = await retry(input);
  if (first.__typename !== 'RetryFailedDevicesAccepted') throw new Error(first.__typename);
  await proxy.held(1);
  expect(await retry(input)).toMatchObject({ request: { id: first.request.id, status: 'SUBMITTING' } });
  proxy.release();
});

test.each([-1, 60_001])('waitMs %i is a fault of the input', async (waitMs) => {
  await using stack = await startStack();
  expect(await activate(stack.gateway.urls.graphql, activation(stack.account, { waitMs }))).toMatchObject({
    __typename: 'InvalidInput',
    faults: [{ path: ['waitMs'], message: 'waitMs must be between 0 and 60,000 milliseconds.' }],
  });
  expect(stack.simulator.ledger.posts).toEqual([]);
});
