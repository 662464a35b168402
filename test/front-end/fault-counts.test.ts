import { expect, test } from 'vitest';
import { isRetriable } from '../../src/resolvers/requests/advice.ts';
import { activation } from '../carrier/support/activation.ts';
import { operator } from '../follow-up/support/operator.ts';
import { devices, iccid } from '../support/devices.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';

const FAULTS = `query ($id: ID!) { request(id: $id) {
  faultCounts { code message advice retriable count }
  outcomes(status: FAILED) { nodes { fault { code retriable } } } } }`;

interface Shown {
  readonly request: {
    readonly faultCounts: readonly { readonly code: string; readonly count: number; readonly retriable: boolean }[];
    readonly outcomes: { readonly nodes: readonly { readonly fault: { readonly code: string; readonly retriable: boolean } | null }[] };
  };
}

/** A request of `count` devices whose callbacks the test writes. */
async function accepted(stack: Stack, count: number) {
  const { activate } = operator(stack.gateway.urls.graphql);
  const { id, carrierRequests } = await activate(activation(stack.account, { devices: devices(count) }));
  const report = (number: number, fault: { faultcode: string; faultstring?: string } | null) =>
    postCallback(stack, 'CarrierService', {
      requestId: carrierRequests[0]?.carrierRequestId,
      deviceIds: [{ kind: 'iccid', id: iccid(number) }],
      status: fault ? 'Failed' : 'Success',
      ...(fault && { faultResponse: { faultstring: 'it says', ...fault } }),
    });
  return { id, report };
}

test('failed devices are counted by their fault code, most frequent first, as they stand now', async () => {
  await using stack = await startStack({ register: false });
  const { id, report } = await accepted(stack, 8);
  const show = async () => (await stack.query<Shown>(FAULTS, { id })).data?.request;
  expect((await show())?.faultCounts).toEqual([]);
  await report(1, { faultcode: 'A.REQUEST_FAILED.UnexpectedError' });
  for (const number of [2, 3, 4]) await report(number, { faultcode: 'A.INPUT_INVALID.Device.Identifier.Invalid' });
  await report(5, null);
  const shown = await show();
  expect(shown?.faultCounts).toEqual([
    {
      code: 'A.INPUT_INVALID.Device.Identifier.Invalid',
      message: 'it says',
      advice: 'Check the identifiers of this device, digit by digit.',
      retriable: false,
      count: 3,
    },
    {
      code: 'A.REQUEST_FAILED.UnexpectedError',
      message: 'it says',
      advice: 'A general error at the carrier. Open a support ticket with the carrier request id.',
      retriable: true,
      count: 1,
    },
  ]);
  // The counts and the devices say the same.
  for (const { code, count, retriable } of shown?.faultCounts ?? []) {
    const same = shown?.outcomes.nodes.filter(({ fault }) => fault?.code === code && fault.retriable === retriable);
    expect(same).toHaveLength(count);
  }
  // A later one counts at once, although the others were read before.
  for (const number of [6, 7, 8]) await report(number, { faultcode: 'B.Unheard' });
  expect((await show())?.faultCounts.map(({ code, count }) => [code, count])).toEqual([
    ['A.INPUT_INVALID.Device.Identifier.Invalid', 3],
    ['B.Unheard', 3],
    ['A.REQUEST_FAILED.UnexpectedError', 1],
  ]);
});

test('codes that a carrier makes up for each device are cut at 100; those that count most stay', async () => {
  await using stack = await startStack({ register: false });
  const { id, report } = await accepted(stack, 130);
  await Promise.all(Array.from({ length: 120 }, (_, at) => report(at + 1, { faultcode: `X.${at}` })));
  for (const number of [121, 122]) await report(number, { faultcode: 'Twice' });
  const counts = (await stack.query<Shown>(FAULTS, { id })).data?.request.faultCounts ?? [];
  expect(counts).toHaveLength(100);
  expect(counts[0]).toMatchObject({ code: 'Twice', count: 2 });
});

test.each([
  ['UnifiedWebService.REQUEST_ONHOLD.CreditApproval', false],
  ['REQUEST_ON_HOLD.Anything', false],
  ['UnifiedWebService.INPUT_INVALID.ServicePlan.NotFound', false],
  ['INPUT_INVALID.Device.Kind.Invalid', false],
  ['UnifiedWebService.INPUT_INVALID.DeviceState.Invalid', true],
  ['UnifiedWebService.REQUEST_FAILED.DeviceAlreadyActive', true],
  ['WITHHOLDING', true],
  ['Unheard', true],
])('a fault %s is retriable: %s', (code, retriable) => {
  expect(isRetriable(code)).toBe(retriable);
});
