import { expect, test } from 'vitest';
import { CheckNowDocument } from '../../documents/gql/graphql.ts';
import { openTwoAccounts } from '../authorization/support/two-accounts.ts';
import { activate, activation } from '../carrier/support/activation.ts';
import { faultCodes, operator } from '../follow-up/support/operator.ts';
import { devices, iccid } from '../support/devices.ts';
import { makeKey } from '../support/make-key.ts';
import { postCallback } from '../support/post-callback.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack, type GraphqlAnswer, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const ACTIONS = '{ action allowed reason message }';

interface Action {
  readonly action: string;
  readonly allowed: boolean;
  readonly reason: string | null;
  readonly message: string | null;
}

async function actionsOf(stack: Stack, id: string, authorization?: string): Promise<Record<string, Action>> {
  const { data, errors }: GraphqlAnswer<{ request: { actions: Action[] } }> = await stack.query(
    `query ($id: ID!) { request(id: $id) { actions ${ACTIONS} } }`,
    { id },
    authorization,
  );
  if (!data) throw new Error(JSON.stringify(errors));
  return Object.fromEntries(data.request.actions.map((each) => [each.action, each]));
}

/** Brings a request into a state. Gives back its id. */
const STATES: Readonly<Record<string, (stack: Stack) => Promise<string>>> = {
  'in progress': async (stack) => (await made(stack)).id,
  succeeded: async (stack) => reported(stack, [null, null]),
  'failed, retriable': async (stack) => reported(stack, ['X.A', null]),
  'failed, in a way that no retry cures': async (stack) => reported(stack, ['X.INPUT_INVALID.Device.Identifier.Invalid', null]),
  'one failed, one open': async (stack) => reported(stack, ['X.A']),
  'failed and retried': async (stack) => {
    const id = await reported(stack, ['X.A', null]);
    expect(await operator(stack.gateway.urls.graphql).retry({ requestId: id })).toMatchObject({ __typename: 'RetryFailedDevicesAccepted' });
    return id;
  },
  rejected: async (stack) => {
    stack.simulator.faults.status('activate', 400, { body: { text: '{"errorCode":"X","errorMessage":"Not today."}' } });
    const result = await activate(stack.gateway.urls.graphql, activation(stack.account));
    if (result.__typename !== 'CarrierRefused') throw new Error(result.__typename);
    return result.request.id;
  },
  unknown: async (stack) => {
    stack.simulator.faults.drop('activate', 'before-answer');
    return (await made(stack)).id;
  },
  queued: async (stack) => {
    // The carrier wants a pause, so this one and all behind it wait.
    stack.simulator.faults.status('activate', 429, { retryAfter: '600' });
    const { id } = await made(stack, { waitMs: 0 });
    await until(async () => {
      const { data } = await stack.query<{ request: { error: { code: string } | null } }>(`{ request(id: "${id}") { error { code } } }`);
      return data?.request.error?.code === 'RATE_LIMITED';
    });
    return id;
  },
  cancelled: async (stack) => {
    const id = await STATES['queued']?.(stack);
    await operator(stack.gateway.urls.graphql).cancel(id ?? '');
    return id ?? '';
  },
  'of another tool': async (stack) => {
    const requestId = 'a5e1f7c0-0000-4000-8000-000000000001';
    await postCallback(stack, 'CarrierService', { requestId, deviceIds: [{ kind: 'iccid', id: iccid(9) }], status: 'Failed' });
    await until(async () => (await stack.query<{ request: unknown }>(`{ request(id: "${requestId}") { id } }`)).data?.request !== null);
    return requestId;
  },
};

async function check({ gateway }: Stack, requestId: string) {
  return (await runDocument(gateway.urls.graphql, CheckNowDocument, { input: { requestId } })).checkNow;
}

function made(stack: Stack, more = {}) {
  return operator(stack.gateway.urls.graphql).activate(activation(stack.account, { devices: devices(2), ...more }));
}

async function reported(stack: Stack, faults: readonly (string | null)[]): Promise<string> {
  const { id, carrierRequests } = await made(stack);
  for (const [at, faultcode] of faults.entries())
    await postCallback(stack, 'CarrierService', {
      requestId: carrierRequests[0]?.carrierRequestId,
      deviceIds: [{ kind: 'iccid', id: iccid(at + 1) }],
      status: faultcode ? 'Failed' : 'Success',
      ...(faultcode && { faultResponse: { faultcode, faultstring: 'x' } }),
    });
  return id;
}

test.each(Object.keys(STATES))('of a request that is %s, actions and mutations say the same', async (state) => {
  await using stack = await startStack({ register: false, env: { M2M_ADOPT_AFTER_MS: '1000', M2M_SUBMIT_WAIT_MS: '2000' } });
  // A check must not settle a device between two comparisons.
  stack.simulator.faults.status('deviceList', 500, { times: Number.POSITIVE_INFINITY });
  const id = (await STATES[state]?.(stack)) ?? '';
  const { retry, cancel, resolve } = operator(stack.gateway.urls.graphql);
  const actions = await actionsOf(stack, id);
  expect(Object.keys(actions)).toEqual(['CANCEL', 'RETRY_FAILED', 'RESOLVE_UNKNOWN', 'CHECK_NOW']);
  const answers = {
    RETRY_FAILED: await retry({ requestId: id, validateOnly: true }),
    CHECK_NOW: await check(stack, id),
    CANCEL: await cancel(id),
    RESOLVE_UNKNOWN: await resolve({ requestId: id, fate: { neverArrived: true } }),
  };
  for (const [action, answer] of Object.entries(answers)) {
    const shown = actions[action];
    const [fault] = answer.__typename === 'InvalidInput' ? answer.faults : [];
    expect({ action, reason: shown?.reason, message: shown?.message }).toEqual({
      action,
      reason: fault?.code ?? null,
      message: fault?.message ?? null,
    });
    expect([action, shown?.allowed]).toEqual([action, faultCodes(answer).length === 0]);
  }
});

test('each action is allowed in some state, and so the test above compares both answers', async () => {
  await using stack = await startStack({ register: false });
  expect(await actionsOf(stack, await reported(stack, ['X.A']))).toMatchObject({
    CANCEL: { allowed: false, reason: 'NOTHING_QUEUED' },
    RETRY_FAILED: { allowed: true, reason: null, message: null },
    RESOLVE_UNKNOWN: { allowed: false, reason: 'NOT_UNKNOWN' },
    CHECK_NOW: { allowed: true },
  });
  expect(await actionsOf(stack, await reported(stack, [null, null]))).toMatchObject({
    RETRY_FAILED: { reason: 'NOTHING_FAILED' },
    CHECK_NOW: { allowed: false, reason: 'NOTHING_TO_ASK' },
  });
  const unknown = await STATES['unknown']?.(stack);
  expect(await actionsOf(stack, unknown ?? '')).toMatchObject({ RESOLVE_UNKNOWN: { allowed: true }, CHECK_NOW: { allowed: true } });
});

test('who may only read is told so for every action', async () => {
  await using world = await openTwoAccounts();
  const { stack, mine } = world;
  const { authorization } = await makeKey(stack.gateway, { scopes: { [mine.account]: ['read'], '0000123456-00001': ['read', 'write'] } });
  for (const { id } of [mine.failed, mine.queued]) {
    const actions = Object.values(await actionsOf(stack, id, authorization));
    expect(actions.map(({ allowed, reason }) => [allowed, reason])).toEqual(Array.from({ length: 4 }, () => [false, 'FORBIDDEN']));
  }
  expect(await actionsOf(stack, mine.queued.id, world.owner.authorization)).toMatchObject({ CANCEL: { allowed: true } });
});
