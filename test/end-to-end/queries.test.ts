import { expect, test } from 'vitest';
import { devices, iccid } from '../support/devices.ts';
import { startStack, type Stack } from '../support/stack.ts';

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ... on ActivateDevicesAccepted { request { id carrierRequests { carrierRequestId } } } } }`;

test('requests are listed by account, status, operation, device, reference and time, page by page', async () => {
  await using stack = await startStack();
  const [first, second] = [await activate(stack, 1, { clientReference: 'order 1' }), await activate(stack, 2)];
  await settled(stack, first.id);
  await settled(stack, second.id);
  const find = async (filter: object, more: object = {}) => {
    const answer = await stack.query<{ requests: { nodes: { id: string }[] } }>(
      `query ($filter: RequestFilter, $accountName: String) { requests(filter: $filter, accountName: $accountName) { nodes { id } } }`,
      { filter, ...more },
    );
    return answer.data?.requests.nodes.map(({ id }) => id);
  };
  expect(await find({})).toEqual([second.id, first.id]);
  expect(await find({}, { accountName: stack.simulator.accounts[1] })).toEqual([]);
  expect(await find({ status: ['SUCCEEDED'], operation: 'ACTIVATE_DEVICES' })).toEqual([second.id, first.id]);
  expect(await find({ status: ['QUEUED'] })).toEqual([]);
  expect(await find({ operation: 'RESUME_PROFILE' })).toEqual([]);
  expect(await find({ clientReference: 'order 1' })).toEqual([first.id]);
  expect(await find({ deviceId: { kind: 'ICCID', value: iccid(2) } })).toEqual([second.id]);
  expect(await find({ since: '2100-01-01T00:00:00Z' })).toEqual([]);
  expect(await find({ until: '2100-01-01T00:00:00Z' })).toEqual([second.id, first.id]);
  const page = `query ($after: Cursor) { requests(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage endCursor hasPreviousPage startCursor } } }`;
  const one = await stack.query<{ requests: { pageInfo: { endCursor: string } } }>(page);
  expect(one.data).toMatchObject({ requests: { nodes: [{ id: second.id }], pageInfo: { hasNextPage: true } } });
  const two = await stack.query(page, { after: one.data?.requests.pageInfo.endCursor });
  expect(two.data).toMatchObject({ requests: { nodes: [{ id: first.id }], pageInfo: { hasNextPage: false } } });
});

test('a request is found by its id and by the carrier’s id, an outcome by node; a missing one is null', async () => {
  await using stack = await startStack();
  const { id, carrierRequestId } = await activate(stack, 1);
  await settled(stack, id);
  const outcome = `out_${id.slice(4)}_0`;
  const answer = await stack.query(
    `query ($id: ID!, $carrier: ID!, $outcome: ID!) {
      mine: request(id: $id) { id } byCarrier: request(id: $carrier) { id } none: request(id: "req_01ARZ3NDEKTSV4RRFFQ69G5FAV") { id } noCarrier: request(id: "4711") { id }
      request: node(id: $id) { __typename id } outcome: node(id: $outcome) { __typename id ... on DeviceOutcome { status index requestId } }
      noNode: node(id: "out_01ARZ3NDEKTSV4RRFFQ69G5FAV_0") { id } noIndex: node(id: "${outcome.slice(0, -1)}9") { id }
    }`,
    { id, carrier: carrierRequestId, outcome },
  );
  expect(answer).toEqual({
    data: {
      mine: { id },
      byCarrier: { id },
      none: null,
      noCarrier: null,
      request: { __typename: 'Request', id },
      outcome: { __typename: 'DeviceOutcome', id: outcome, status: 'SUCCEEDED', index: 0, requestId: id },
      noNode: null,
      noIndex: null,
    },
  });
});

test.each([
  ['requests(first: 0)', 'BAD_USER_INPUT'],
  ['requests(first: -1)', 'BAD_USER_INPUT'],
  ['requests(first: 2147483648)', 'GRAPHQL_VALIDATION_FAILED'],
  ['requests(filter: { since: "yesterday" })', 'GRAPHQL_VALIDATION_FAILED'],
  ['requests(filter: { since: 1764000000000 })', 'GRAPHQL_VALIDATION_FAILED'],
  ['requests(filter: { until: "" })', 'GRAPHQL_VALIDATION_FAILED'],
  ['requests(filter: { status: DONE })', 'GRAPHQL_VALIDATION_FAILED'],
  ['requests(after: "")', 'CURSOR_INVALID'],
  ['unclaimedCallbacks(after: "1 OR 1=1")', 'CURSOR_INVALID'],
  ['unclaimedCallbacks(after: "-1")', 'CURSOR_INVALID'],
  ['requests(first: 1001)', 'BAD_USER_INPUT'],
  ['requests(after: "x")', 'CURSOR_INVALID'],
  ['unclaimedCallbacks(after: "x")', 'CURSOR_INVALID'],
])('%s is refused with %s', async (field, code) => {
  await using stack = await startStack();
  const answer = await stack.query(`{ ${field} { pageInfo { hasNextPage } } }`);
  expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual([code]);
});

test.each([
  '',
  '../x',
  'req_',
  'req_\n',
  'req_00000000000000000000000000',
  'out_x',
  'out_1e3_0',
  "' OR 1=1 --",
  'a\0b',
  'x'.repeat(10_000),
])('there is nothing with the id %j', async (id) => {
  await using stack = await startStack({ register: false });
  const answer = await stack.query('query ($id: ID!) { request(id: $id) { id } node(id: $id) { id } }', { id });
  expect(answer).toEqual({ data: { request: null, node: null } });
});

test.each(['accountName: "../x"', 'accountName: ""', `filter: { clientReference: "' OR 1=1 --" }`, 'filter: { status: [] }'])(
  'a list of requests with %s is empty',
  async (argument) => {
    await using stack = await startStack();
    await activate(stack, 1);
    expect(await stack.query(`{ requests(${argument}) { nodes { id } } }`)).toEqual({ data: { requests: { nodes: [] } } });
  },
);

async function activate(stack: Stack, device: number, more: object = {}): Promise<{ id: string; carrierRequestId: string }> {
  const input = {
    accountName: stack.account,
    target: { devices: devices(1, device) },
    servicePlan: 'm2m4G2GB',
    mdnZipCode: '98801',
    ...more,
  };
  const answer = await stack.query<{ activateDevices: { request: { id: string; carrierRequests: { carrierRequestId: string }[] } } }>(
    ACTIVATE,
    { input },
  );
  const request = answer.data?.activateDevices.request;
  if (!request) throw new Error(JSON.stringify(answer));
  return { id: request.id, carrierRequestId: request.carrierRequests[0]?.carrierRequestId ?? '' };
}

async function settled(stack: Stack, id: string): Promise<void> {
  for await (const _ of stack
    .client()
    .iterate({ query: `subscription ($id: ID!) { requestStatus(requestId: $id) { status } }`, variables: { id } }));
}
