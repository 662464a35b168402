import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Scope } from '../../src/resolvers/access/caller.ts';
import { operator } from '../follow-up/support/operator.ts';
import { iccid } from '../support/devices.ts';
import { makeKey } from '../support/make-key.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';

const MUTATION = `mutation ($input: DeactivateDevicesInput!) { deactivateDevices(input: $input) {
  __typename ... on DeactivateDevicesAccepted { request { id carrierRequests { carrierRequestId } } } ... on InvalidInput { faults { code } } } }`;

interface Deactivated {
  readonly deactivateDevices: {
    readonly __typename: string;
    readonly request?: { readonly id: string; readonly carrierRequests: readonly { readonly carrierRequestId: string }[] };
  };
}

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent' }, register: false });
});
afterAll(() => stack[Symbol.asyncDispose]());

async function keyOf(...scopes: Scope[]): Promise<string> {
  return (await makeKey(stack.gateway, { scopes: { [stack.account]: scopes } })).authorization;
}

function deactivate(number: number, authorization: string) {
  const input = { accountName: stack.account, target: { devices: [{ deviceIds: [{ kind: 'ICCID', value: iccid(number) }] }] } };
  return stack.query<Deactivated>(MUTATION, { input }, authorization);
}

/** The id of a deactivation whose only device has failed. */
async function failed(number: number): Promise<string> {
  const { data } = await deactivate(number, await keyOf('terminate'));
  const { id, carrierRequests } = data?.deactivateDevices.request ?? { id: '', carrierRequests: [] };
  await postCallback(stack, 'CarrierService', {
    requestId: carrierRequests[0]?.carrierRequestId,
    deviceIds: [{ kind: 'iccid', id: iccid(number) }],
    status: 'Failed',
    faultResponse: { faultcode: 'UnifiedWebService.INPUT_INVALID.DeviceState.Invalid', faultstring: 'x' },
  });
  return id;
}

test('a key that may write, read and administer cannot deactivate a line', async () => {
  const before = stack.simulator.ledger.posts.length;
  const { data, errors } = await deactivate(1, await keyOf('read', 'write', 'admin'));
  expect(data ?? null).toBeNull();
  expect(JSON.stringify(errors)).toContain('the scope terminate (Mutation.deactivateDevices)');
  expect(stack.simulator.ledger.posts).toHaveLength(before);
});

test('a key for another account only finds no account', async () => {
  const other = stack.simulator.accounts.find((account) => account !== stack.account) ?? '';
  const key = await makeKey(stack.gateway, { scopes: { [other]: ['terminate'], [stack.account]: ['read', 'write', 'admin'] } });
  const { data } = await deactivate(1, key.authorization);
  expect(data?.deactivateDevices).toEqual({ __typename: 'InvalidInput', faults: [{ code: 'UNKNOWN_ACCOUNT' }] });
});

test('terminate alone deactivates, and does nothing that needs write', async () => {
  const key = await keyOf('terminate');
  expect((await deactivate(2, key)).data?.deactivateDevices.__typename).toBe('DeactivateDevicesAccepted');
  const suspend = `mutation { suspendDevices(input: { accountName: "${stack.account}", target: { devices: [{ deviceIds: [{ kind: ICCID, value: "${iccid(3)}" }] }] } }) { __typename } }`;
  expect(JSON.stringify((await stack.query(suspend, {}, key)).errors)).toContain('the scope write (Mutation.suspendDevices)');
});

test('a retry of a deactivation needs terminate beside read and write, and its action says so', async () => {
  const id = await failed(4);
  const retry = `mutation { retryFailedDevices(input: { requestId: "${id}" }) { __typename ... on InvalidInput { faults { code } } } }`;
  const actions = `{ request(id: "${id}") { actions { action allowed reason message } } }`;
  const without = await keyOf('read', 'write');
  const before = stack.simulator.ledger.posts.length;
  expect((await stack.query(retry, {}, without)).data).toEqual({
    retryFailedDevices: { __typename: 'InvalidInput', faults: [{ code: 'NOT_FOUND' }] },
  });
  expect(stack.simulator.ledger.posts).toHaveLength(before);
  const shown = JSON.stringify((await stack.query(actions, {}, without)).data);
  expect(shown).toContain(
    '{"action":"RETRY_FAILED","allowed":false,"reason":"FORBIDDEN","message":"Your key or token does not have the scope terminate for the account of this request."}',
  );
  const both = await keyOf('read', 'write', 'terminate');
  expect(JSON.stringify((await stack.query(actions, {}, both)).data)).toContain('{"action":"RETRY_FAILED","allowed":true');
  expect((await stack.query(retry, {}, both)).data).toEqual({ retryFailedDevices: { __typename: 'RetryFailedDevicesAccepted' } });
  expect(stack.simulator.ledger.posts).toHaveLength(before + 1);
});

test('without authentication everybody on this machine may deactivate', async () => {
  await using local = await startStack({ register: false });
  const input = { accountName: local.account, target: { devices: [{ deviceIds: [{ kind: 'ICCID', value: iccid(1) }] }] } };
  const { data } = await local.query<Deactivated>(MUTATION, { input });
  const id = data?.deactivateDevices.request?.id ?? '';
  expect(await operator(local.gateway.urls.graphql).show(id)).toMatchObject({ operation: 'DEACTIVATE_DEVICES', status: 'IN_PROGRESS' });
});
