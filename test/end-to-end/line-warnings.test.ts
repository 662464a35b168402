import { expect, test } from 'vitest';
import { operator } from '../follow-up/support/operator.ts';
import { devices } from '../support/devices.ts';
import { mutate } from '../support/mutations.ts';
import { startStack } from '../support/stack.ts';

const CHECK = `mutation ($input: SuspendDevicesInput!) { suspendDevices(input: $input) {
  ... on InputAccepted { deviceCount warnings { code message count indexes } } ... on MutationError { message } } }`;
const WARNINGS = 'query ($id: ID!) { request(id: $id) { warnings { code count indexes } } }';

interface Warning {
  readonly code: string;
  readonly count: number;
  readonly indexes: readonly number[];
}

test('lines that were changed five times a day, or have a request under way, are told before the mutation and stop nothing', async () => {
  await using stack = await startStack();
  const { ended } = operator(stack.gateway.urls.graphql);
  const [often, once, busy] = devices(3);
  const of = (...list: unknown[]) => ({ accountName: stack.account, target: { devices: list } });
  const check = async (input: object) => {
    const { data } = await stack.query<{ suspendDevices: { warnings: readonly Warning[] } }>(CHECK, {
      input: { ...input, validateOnly: true },
    });
    return data?.suspendDevices.warnings.map(({ code, count, indexes }) => ({ code, count, indexes }));
  };
  for (const name of ['SuspendDevices', 'RestoreDevices', 'SuspendDevices', 'RestoreDevices']) {
    const { request } = await mutate(stack, name, of(often));
    await ended(request?.id ?? '');
  }
  expect(await check(of(once, often))).toEqual([]);
  const fifth = await mutate(stack, 'SuspendDevices', of(often, once));
  await ended(fifth.request?.id ?? '');
  Object.assign(stack.simulator.faults.callbacks, { withholdNext: Number.POSITIVE_INFINITY });
  await mutate(stack, 'SuspendDevices', of(busy));
  expect(await check(of(once, often, busy))).toEqual([
    { code: 'UNDER_WAY', count: 1, indexes: [2] },
    { code: 'LINE_CHANGES', count: 1, indexes: [1] },
  ]);
  const sixth = await mutate(stack, 'RestoreDevices', of(once, often));
  const { data } = await stack.query<{ request: { warnings: readonly Warning[] } }>(WARNINGS, { id: sixth.request?.id });
  expect(data?.request.warnings).toEqual([{ code: 'LINE_CHANGES', count: 1, indexes: [1] }]);
});
