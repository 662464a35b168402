import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { activation } from '../carrier/support/activation.ts';
import { openHostileStack, type HostileStack } from '../carrier/support/hostile-stack.ts';
import { until } from '../support/until.ts';
import { operator } from './support/operator.ts';

const OTHER = 'b0e3a8de-0000-4000-8000-000000000009';

/** An activation that the carrier has taken on and not answered in time. `answer` gives its answer. */
async function unanswered(stack: HostileStack, given?: { readonly status: number; readonly body: string }) {
  stack.simulator.holdCallbacks();
  const held = Promise.withResolvers<() => void>();
  stack.carrier.misbehave('/devices/actions/activate', (response: ServerResponse, truth) => {
    held.resolve(() => void response.writeHead(given?.status ?? 200).end(given?.body ?? truth.body));
  });
  const request = await operator(stack.gateway.urls.graphql).activate(activation(stack.account));
  expect(request.status).toBe('UNKNOWN');
  return { id: request.id, answer: await held.promise };
}

const open = () => openHostileStack({ env: { M2M_CALLBACK_REGISTER: 'on', M2M_THINGSPACE_TIMEOUT_MS: '500' } });

test.each([
  ['nothing was said of it', null],
  ['a person said that it never arrived', { neverArrived: true }],
  ['a person gave another id', { carrierRequestId: OTHER }],
] as const)('the carrier answers late, and %s: its answer wins, and its callbacks are applied', async (_what, said) => {
  await using stack = await open();
  const { resolve, show } = operator(stack.gateway.urls.graphql);
  const { id, answer } = await unanswered(stack);
  if (said) {
    expect(await resolve({ requestId: id, fate: said })).toMatchObject({ __typename: 'UnknownRequestResolved' });
    expect((await show(id)).status).toBe('neverArrived' in said ? 'CANCELLED' : 'IN_PROGRESS');
  }
  answer();
  const isOpen = async () => (await show(id)).carrierRequests[0]?.carrierRequestId !== (said && 'carrierRequestId' in said ? OTHER : null);
  await until(isOpen);
  expect(await show(id)).toMatchObject({
    status: 'IN_PROGRESS',
    error: null,
    completedAt: null,
    progress: { pending: 2, cancelled: 0, unknown: 0 },
    carrierRequests: [{ state: 'ACCEPTED', error: null, attempts: 1 }],
  });
  stack.simulator.releaseCallbacks();
  await until(async () => (await show(id)).status === 'SUCCEEDED');
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('callbacks that came before the late answer are applied with it', async () => {
  await using stack = await open();
  const { resolve, show } = operator(stack.gateway.urls.graphql);
  const { id, answer } = await unanswered(stack);
  await resolve({ requestId: id, fate: { neverArrived: true } });
  stack.simulator.releaseCallbacks();
  await stack.simulator.idle();
  expect((await show(id)).status).toBe('CANCELLED');
  answer();
  await until(async () => (await show(id)).status === 'SUCCEEDED');
});

test('a late refusal is a refusal', async () => {
  await using stack = await open();
  const { show } = operator(stack.gateway.urls.graphql);
  const { id, answer } = await unanswered(stack, { status: 400, body: '{"errorCode":"A.B","errorMessage":"In words."}' });
  answer();
  await until(async () => (await show(id)).status === 'REJECTED');
  expect(await show(id)).toMatchObject({
    error: { code: 'CARRIER_REFUSED', carrierErrorCode: 'A.B' },
    progress: { rejected: 2, unknown: 0 },
  });
});
