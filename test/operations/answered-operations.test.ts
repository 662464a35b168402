import { expect, test } from 'vitest';
import { operator } from '../follow-up/support/operator.ts';
import { mutate } from '../support/mutations.ts';
import { identifierOf, OPERATION_CASES } from '../support/operation-fixtures.ts';
import { startStack } from '../support/stack.ts';

const ANSWERED = OPERATION_CASES.filter(({ operation }) => operation.callbackService === null).map(
  (each) => [each.operation.mutation, each] as const,
);

test.each(ANSWERED)('more devices than one request takes are split, and all results come with the answers: %s', async (_name, each) => {
  await using stack = await startStack({ simulator: { magicIdentifiers: false } });
  const { maxDevices, typeName } = each.operation;
  const devices = Array.from({ length: maxDevices + 1 }, (_, at) => ({ deviceIds: [identifierOf(at, each)] }));
  const { request } = await mutate(stack, typeName, { accountName: stack.account, devices });
  const ended = await operator(stack.gateway.urls.graphql).ended(request?.id ?? '');
  expect(ended).toMatchObject({ status: 'SUCCEEDED', progress: { total: maxDevices + 1, succeeded: maxDevices + 1 } });
  expect(stack.simulator.ledger.posts).toHaveLength(2);
});

test.each(ANSWERED)('a device that the answer leaves out is still awaited, and the others are settled: %s', async (_name, each) => {
  await using stack = await startStack({ simulator: { magicIdentifiers: true } });
  // The carrier says nothing of the second.
  const devices = [1, 2].map((number) => ({ deviceIds: [identifierOf(number, each)] }));
  const { request } = await mutate(stack, each.operation.typeName, { accountName: stack.account, devices });
  expect(await operator(stack.gateway.urls.graphql).show(request?.id ?? '')).toMatchObject({
    status: 'IN_PROGRESS',
    outcomes: {
      nodes: [
        { status: 'SUCCEEDED', source: 'ANSWER' },
        { status: 'PENDING', source: null },
      ],
    },
  });
});
