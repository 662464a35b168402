import { expect, test } from 'vitest';
import { readDeviceSearch } from '../../src/datasources/request-log/device-search.ts';
import { activation } from '../carrier/support/activation.ts';
import { operator } from '../follow-up/support/operator.ts';
import { devices, iccid } from '../support/devices.ts';
import { openGateway } from '../support/open-gateway.ts';
import { postCallback } from '../support/post-callback.ts';
import { graphql, startStack, type Stack } from '../support/stack.ts';

const FIND = `query ($id: ID!, $status: [OutcomeStatus!], $faultCode: [String!], $search: String, $first: Int, $after: Cursor) {
  request(id: $id) { outcomes(status: $status, faultCode: $faultCode, search: $search, first: $first, after: $after) {
    nodes { index } pageInfo { hasNextPage endCursor } } } }`;

interface Outcomes {
  readonly nodes: readonly { readonly index: number }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const DEVICES = 40;

/** Every third device fails with A, every fourth of the others with B; one has not reported. Each has learnt a phone number. */
async function settled(stack: Stack): Promise<string> {
  const { activate } = operator(stack.gateway.urls.graphql);
  const { id, carrierRequests } = await activate(activation(stack.account, { devices: devices(DEVICES) }));
  for (let at = 0; at < DEVICES - 1; at++) {
    const faultcode = at % 3 === 0 ? 'X.A' : at % 4 === 0 ? 'X.B' : null;
    await postCallback(stack, 'CarrierService', {
      requestId: carrierRequests[0]?.carrierRequestId,
      deviceIds: [
        { kind: 'iccid', id: iccid(at + 1) },
        { kind: 'mdn', id: `50912345${String(at).padStart(2, '0')}` },
      ],
      status: faultcode ? 'Failed' : 'Success',
      ...(faultcode && { faultResponse: { faultcode, faultstring: 'x' } }),
    });
  }
  return id;
}

async function pageOf(stack: Pick<Stack, 'query'>, variables: Record<string, unknown>): Promise<Outcomes> {
  const { data, errors } = await stack.query<{ request: { outcomes: Outcomes } | null }>(FIND, variables);
  if (!data?.request) throw new Error(errors?.[0]?.extensions?.code);
  return data.request.outcomes;
}

async function find(stack: Pick<Stack, 'query'>, variables: Record<string, unknown>): Promise<number[]> {
  const found: number[] = [];
  for (let after: string | null = null, more = true; more;) {
    const { nodes, pageInfo }: Outcomes = await pageOf(stack, { ...variables, after });
    found.push(...nodes.map(({ index }) => index));
    after = pageInfo.endCursor;
    more = pageInfo.hasNextPage;
  }
  return found;
}

const all = Array.from({ length: DEVICES - 1 }, (_, at) => at);
const failedA = all.filter((at) => at % 3 === 0);
const failedB = all.filter((at) => at % 3 !== 0 && at % 4 === 0);

test('devices are found by fault code and by any identifier, together with their status, page by page, after a restart too', async () => {
  await using stack = await startStack({ register: false });
  const id = await settled(stack);
  const expectAll = async (asked: Pick<Stack, 'query'>) => {
    for (const first of [1, 3, 1_000]) {
      expect(await find(asked, { id, first, faultCode: ['X.A'] })).toEqual(failedA);
      expect(await find(asked, { id, first, faultCode: ['X.B', 'X.A'] })).toEqual([...failedA, ...failedB].toSorted((a, b) => a - b));
    }
    expect(await find(asked, { id, faultCode: ['A'] })).toEqual([]);
    expect(await find(asked, { id, faultCode: [] })).toEqual([]);
    expect(await find(asked, { id, faultCode: ['X.A'], status: ['SUCCEEDED'] })).toEqual([]);
    // A phone number, which only a callback has told.
    expect(await find(asked, { id, search: '509-123 4517' })).toEqual([17]);
    expect(await find(asked, { id, search: '5091234517', status: ['SUCCEEDED'] })).toEqual([17]);
    expect(await find(asked, { id, search: '5091234518', faultCode: ['X.A'] })).toEqual([18]);
    expect(await find(asked, { id, search: '5091234518', faultCode: ['X.B'] })).toEqual([]);
    // The device that has not reported is found by what the mutation named.
    expect(await find(asked, { id, search: iccid(DEVICES) })).toEqual([DEVICES - 1]);
    expect(await find(asked, { id, search: '50912345', first: 7 })).toEqual(all);
    expect(await find(asked, { id, search: '0000000000000000' })).toEqual([]);
  };
  await expectAll(stack);
  await stack.gateway[Symbol.asyncDispose]();
  await using again = await openGateway(stack.simulator, stack.storePath);
  await expectAll({ query: (document, variables) => graphql(again.urls.graphql, document, variables) });
});

test.each([{ search: '' }, { search: ' - ' }, { search: '1'.repeat(65) }, { faultCode: Array.from({ length: 101 }, () => 'X') }])(
  'a search that cannot find anything is refused: %o',
  async (variables) => {
    await using stack = await startStack({ register: false });
    const { activate } = operator(stack.gateway.urls.graphql);
    const { id } = await activate(activation(stack.account));
    await expect(find(stack, { id, ...variables })).rejects.toThrow('BAD_USER_INPUT');
  },
);

const identifier = (id: string) => ({ kind: 'ICCID', id, reportedKind: 'iccid' }) as const;
test.each([
  ['8914 8000', '89148000000000000001', true],
  ['0001', '89148000000000000001', true],
  ['a1000', 'A10000009296F5', true],
  ['8914 8000 0000 0000 0001F', '89148000000000000001', true],
  ['8914800000000000000', '89148000000000000001', true],
  ['89148000000000000001', '8914800000000000000', true],
  ['89148000000000000002', '89148000000000000001', false],
  ['0002', '89148000000000000001', false],
  ['', '89148000000000000001', false],
])('"%s" finds %s: %s', (text, id, found) => {
  expect(readDeviceSearch(text)([identifier(id)])).toBe(found);
});
