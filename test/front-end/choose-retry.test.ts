import { expect, test } from 'vitest';
import { activation } from '../carrier/support/activation.ts';
import { faultCodes, operator } from '../follow-up/support/operator.ts';
import { devices, iccid } from '../support/devices.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** Seven devices: 0 and 1 failed with A, 2 with B, 3 with a fault that no retry cures, 4 succeeded, 5 and 6 are open. */
async function settled(stack: Stack) {
  const { activate } = operator(stack.gateway.urls.graphql);
  const { id, carrierRequests } = await activate(activation(stack.account, { devices: devices(7) }));
  for (const [at, faultcode] of ['X.A', 'X.A', 'X.B', 'X.INPUT_INVALID.Device.Identifier.Invalid', null].entries())
    await postCallback(stack, 'CarrierService', {
      requestId: carrierRequests[0]?.carrierRequestId,
      deviceIds: [{ kind: 'iccid', id: iccid(at + 1) }],
      status: faultcode ? 'Failed' : 'Success',
      ...(faultcode && { faultResponse: { faultcode, faultstring: 'x' } }),
    });
  return { id, outcome: (index: number) => `out_${id.slice(4)}_${index}` };
}

const sent = ({ simulator }: Stack) => simulator.ledger.posts.at(-1)?.devices;

async function retriedIn(stack: Stack, id: string): Promise<(string | null)[]> {
  const { data } = await stack.query<{ request: { outcomes: { nodes: { retriedIn: { id: string } | null }[] } } }>(
    `query ($id: ID!) { request(id: $id) { outcomes { nodes { retriedIn { id } } } } }`,
    { id },
  );
  return data?.request.outcomes.nodes.map((node) => node.retriedIn?.id ?? null) ?? [];
}

test('a person chooses devices by id, then by fault code; each is sent once, and shows its retry', async () => {
  await using stack = await startStack({ register: false });
  const { retry } = operator(stack.gateway.urls.graphql);
  const { id, outcome } = await settled(stack);
  expect(await retriedIn(stack, id)).toEqual(Array.from({ length: 7 }, () => null));
  const first = await retry({ requestId: id, outcomeIds: [outcome(1)] });
  if (first.__typename !== 'RetryFailedDevicesAccepted') throw new Error(JSON.stringify(first));
  expect(sent(stack)).toEqual([iccid(2)]);
  const second = await retry({ requestId: id, faultCodes: ['X.A'] });
  if (second.__typename !== 'RetryFailedDevicesAccepted') throw new Error(JSON.stringify(second));
  expect(sent(stack)).toEqual([iccid(1)]);
  expect(await retriedIn(stack, id)).toEqual([second.request.id, first.request.id, null, null, null, null, null]);
  // Without a choice: all that may still succeed. The fault that no retry cures is left out.
  const third = await retry({ requestId: id });
  expect(third).toMatchObject({ request: { deviceCount: 1 } });
  expect(sent(stack)).toEqual([iccid(3)]);
  expect(faultCodes(await retry({ requestId: id }))).toEqual(['NOT_RETRIABLE']);
  expect(stack.simulator.ledger.postsPerDevice().get(iccid(1))).toBe(2);
});

test('what cannot be retried is named with its place, and nothing is sent', async () => {
  await using stack = await startStack({ register: false });
  const { retry } = operator(stack.gateway.urls.graphql);
  const { id, outcome } = await settled(stack);
  const other = await settled(stack);
  await retry({ requestId: id, outcomeIds: [outcome(0)] });
  const { length } = stack.simulator.ledger.posts;
  const outcomeIds = [outcome(0), outcome(1), outcome(1), outcome(3), outcome(4), outcome(5), outcome(99), other.outcome(1), 'out_x', id];
  const refused = await retry({ requestId: id, outcomeIds });
  expect(refused.__typename === 'InvalidInput' && refused.faults.map(({ path, code }) => `${path.join('.')} ${code}`)).toEqual([
    'outcomeIds.0 ALREADY_RETRIED',
    'outcomeIds.2 DUPLICATE_DEVICE',
    'outcomeIds.3 NOT_RETRIABLE',
    'outcomeIds.4 NOT_FAILED',
    'outcomeIds.5 NOT_FAILED',
    'outcomeIds.6 NOT_FAILED',
    'outcomeIds.7 NOT_OF_REQUEST',
    'outcomeIds.8 NOT_OF_REQUEST',
    'outcomeIds.9 NOT_OF_REQUEST',
  ]);
  const faultCodesOf = ['X.B', 'Unheard', 'X.INPUT_INVALID.Device.Identifier.Invalid'];
  const byCode = await retry({ requestId: id, faultCodes: faultCodesOf });
  expect(byCode.__typename === 'InvalidInput' && byCode.faults.map(({ path, code }) => `${path.join('.')} ${code}`)).toEqual([
    'faultCodes.1 NOTHING_FAILED',
    'faultCodes.2 NOT_RETRIABLE',
  ]);
  expect(faultCodes(await retry({ requestId: id, outcomeIds: [outcome(1)], faultCodes: ['X.A'] }))).toEqual(['EXACTLY_ONE']);
  expect(faultCodes(await retry({ requestId: id, outcomeIds: [] }))).toEqual(['TOO_SMALL']);
  expect(faultCodes(await retry({ requestId: id, faultCodes: Array.from({ length: 101 }, () => 'X') }))).toEqual(['TOO_BIG']);
  expect(stack.simulator.ledger.posts).toHaveLength(length);
});

test('a key stands for one choice: repeated it is the same retry, with another choice it is another input', async () => {
  await using stack = await startStack({ register: false });
  const { retry } = operator(stack.gateway.urls.graphql);
  const { id, outcome } = await settled(stack);
  const input = { requestId: id, idempotencyKey: 'key', outcomeIds: [outcome(0), outcome(2)] };
  const first = await retry(input);
  if (first.__typename !== 'RetryFailedDevicesAccepted') throw new Error(JSON.stringify(first));
  expect(await retry({ ...input, outcomeIds: input.outcomeIds.toReversed() })).toMatchObject({ request: { id: first.request.id } });
  for (const choice of [{ outcomeIds: [outcome(1)] }, { outcomeIds: undefined }, { outcomeIds: undefined, faultCodes: ['X.A'] }])
    expect(await retry({ ...input, ...choice })).toMatchObject({ __typename: 'IdempotencyKeyReused', requestId: first.request.id });
  expect(stack.simulator.ledger.posts).toHaveLength(2);
});

test('of 20 choices of one device at once, one becomes a retry', async () => {
  await using stack = await startStack({ register: false });
  const { retry } = operator(stack.gateway.urls.graphql);
  const { id, outcome } = await settled(stack);
  const answers = await Promise.all(Array.from({ length: 20 }, () => retry({ requestId: id, outcomeIds: [outcome(0)] })));
  expect(answers.flatMap(faultCodes)).toEqual(Array.from({ length: 19 }, () => 'ALREADY_RETRIED'));
  expect(stack.simulator.ledger.postsPerDevice().get(iccid(1))).toBe(2);
});
