import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EndpointFault } from '../../simulator/faults/endpoint-faults.ts';
import { makeKey } from '../support/make-key.ts';
import { startStack, type GraphqlAnswer, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ register: false, env: { M2M_THINGSPACE_READS_PER_MINUTE: '10000' } });
});
afterAll(() => stack[Symbol.asyncDispose]());
beforeEach(() => {
  stack.simulator.faults.clear();
  stack.simulator.ledger.clear();
});

const ID = '89148000000000009999';
/** [the endpoint of the simulator, the question]. A failure is not kept, so each is asked again. */
const QUESTIONS: readonly (readonly [endpoint: string, select: string])[] = [
  ['plans', 'servicePlans(accountName: $account) { code }'],
  ['account', 'account(accountName: $account) { accountName }'],
  ['leads', 'leads(accountName: $account) { nodes { leadId } }'],
  ['callbackList', 'callbackRegistrations(accountName: $account) { callbackService }'],
  ['groups', 'deviceGroups(accountName: $account) { name }'],
  ['deviceList', 'devices(accountName: $account) { nodes { state } }'],
  ['deviceList', `device(accountName: $account, id: { kind: ICCID, value: "${ID}" }) { state }`],
];

const ask = (select: string): Promise<GraphqlAnswer<Record<string, unknown>>> =>
  stack.query(`query ($account: String!) { ${select} }`, { account: stack.account });

const UNAVAILABLE = { code: 'CARRIER_UNAVAILABLE' };

test.each<[what: string, fault: Omit<EndpointFault, 'endpoint'>, extensions: object]>([
  ['is down', { status: 503, times: Infinity }, UNAVAILABLE],
  ['hangs up', { drop: 'before-answer', times: Infinity }, UNAVAILABLE],
  ['answers with a page of HTML', { status: 200, body: 'html', times: Infinity }, UNAVAILABLE],
  ['answers with half a JSON', { status: 200, body: 'truncated-json', times: Infinity }, UNAVAILABLE],
  ['answers with a number', { status: 200, body: { text: '17' }, times: Infinity }, UNAVAILABLE],
  ['limits us', { status: 429, headers: { 'retry-after': '7' }, times: Infinity }, { ...UNAVAILABLE, retryAfterMs: 7_000 }],
  [
    'refuses',
    { status: 400, body: { text: '{"errorCode":"X.REQUEST_FAILED.NoAccounts","errorMessage":"of somebody"}' }, times: Infinity },
    { code: 'CARRIER_REFUSED', carrierErrorCode: 'X.REQUEST_FAILED.NoAccounts' },
  ],
])(
  'when the carrier %s, each question fails with a code and without the words of the carrier, and the next one is asked',
  async (_what, fault, extensions) => {
    for (const [endpoint, select] of QUESTIONS) {
      stack.simulator.faults.endpoints.add({ endpoint, ...fault });
      const { errors } = await ask(select);
      expect(errors, select).toMatchObject([{ extensions }]);
      expect(JSON.stringify(errors)).not.toContain('of somebody');
      stack.simulator.faults.endpoints.clear();
    }
  },
);

test('a question without a fault is answered after all of these', async () => {
  for (const [, select] of QUESTIONS) expect((await ask(select)).errors, select).toBeUndefined();
});

test.each([
  ['deviceList', { hasMoreData: false, devices: [{ accountName: 'another', deviceIds: [{ kind: 'iccid', id: ID }] }] }],
  ['deviceList', { hasMoreData: true, devices: [{ deviceIds: [{ kind: 'iccid', id: ID }] }] }],
])('a list that cannot be of the account, or cannot be gone on with, is not shown: %s %j', async (endpoint, body) => {
  stack.simulator.faults.endpoints.add({ endpoint, body: { text: JSON.stringify(body) } });
  const { data, errors } = await ask('devices(accountName: $account, first: 3) { nodes { identifiers { value } } }');
  expect(Object.values(data ?? { devices: null })).toEqual([null]);
  expect(errors).toHaveLength(1);
  expect(JSON.stringify(errors)).not.toContain(ID);
});

/** Each is asked for by an identifier of its own, because an answer is kept for 2 seconds. */
test.each([
  ['names another account', '89148000000000009901', { accountName: 'another' }],
  ['names no account', '89148000000000009902', {}],
  ['is about another device', '89148000000000009903', { accountName: '0868924207-00001', deviceIds: [{ kind: 'iccid', id: ID }] }],
])('a record that %s is not shown as the device', async (_what, value, record) => {
  const body = { hasMoreData: false, devices: [{ deviceIds: [{ kind: 'iccid', id: value }], ...record }] };
  stack.simulator.faults.endpoints.add({ endpoint: 'deviceList', status: 200, body: { text: JSON.stringify(body) } });
  expect(await ask(`device(accountName: $account, id: { kind: ICCID, value: "${value}" }) { state }`)).toEqual({ data: { device: null } });
});

test('when an identifier is that of several lines, the caller is told to name one', async () => {
  const eid = '89049032000000000000000000000042';
  const record = (id: string) => ({
    accountName: stack.account,
    deviceIds: [
      { kind: 'eid', id: eid },
      { kind: 'iccid', id },
    ],
  });
  const body = { hasMoreData: false, devices: [record(ID), record('89148000000000008888')] };
  stack.simulator.faults.endpoints.add({ endpoint: 'deviceList', status: 200, body: { text: JSON.stringify(body) } });
  const { errors } = await ask(`device(accountName: $account, id: { kind: EID, value: "${eid}" }) { state }`);
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining('ICCID') as string }]);
});

test('the usage of a day may exceed 2^53: every digit is shown, and what is no number is null', async () => {
  const [device] = stack.simulator.inventory.find({ account: stack.account, state: 'active' });
  const days = '{"timestamp":"2026-03-01T00:00:00Z","bytesUsed":9007199254740993,"smsUsed":"2"},{"timestamp":"soon","bytesUsed":"many"}';
  stack.simulator.faults.endpoints.add({ endpoint: 'usage', body: { text: `{"usageHistory":[${days}],"hasMoreData":true}` } });
  const { data } = await ask(`device(accountName: $account, id: { kind: ICCID, value: "${device?.identifiers.iccid}" }) {
    usage(since: "2026-03-01T00:00:00Z", until: "2026-03-02T00:00:00Z") { hasMore entries { startsAt bytesUsed smsUsed servicePlan } } }`);
  expect(data).toEqual({
    device: {
      usage: {
        hasMore: true,
        entries: [
          { startsAt: '2026-03-01T00:00:00.000Z', bytesUsed: '9007199254740993', smsUsed: 2, servicePlan: null },
          { startsAt: null, bytesUsed: null, smsUsed: null, servicePlan: null },
        ],
      },
    },
  });
});

test('one failing part of a device leaves the others as they are', async () => {
  const [, device] = stack.simulator.inventory.find({ account: stack.account, state: 'active' });
  stack.simulator.faults.endpoints.add({ endpoint: 'connections', status: 503 });
  const { data, errors } = await ask(`device(accountName: $account, id: { kind: ICCID, value: "${device?.identifiers.iccid}" }) { state
    history(since: "2026-01-01T00:00:00Z") { hasMore } connections(since: "2026-01-01T00:00:00Z") { hasMore } }`);
  expect(data).toEqual({ device: { state: 'ACTIVE', history: { hasMore: false }, connections: null } });
  expect(errors).toMatchObject([{ path: ['device', 'connections'], extensions: { code: 'CARRIER_UNAVAILABLE' } }]);
});

test('identical questions that come while one is under way are asked once', async () => {
  stack.simulator.faults.endpoints.add({ endpoint: 'deviceList', latencyMs: 500 });
  const select = `device(accountName: $account, id: { kind: ICCID, value: "89148000000000007777" }) { state }`;
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(select)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['{"data":{"device":null}}']));
  expect(stack.simulator.ledger.counts.calls['deviceList']).toBe(1);
});

test('a login that the carrier refuses makes it unavailable, with what is to be done', async () => {
  await using other = await startStack({ register: false, env: { M2M_THINGSPACE_PASSWORD: 'wrong', M2M_LOG_LEVEL: 'silent' } });
  const { errors } = await other.query('query ($account: String!) { servicePlans(accountName: $account) { code } }', {
    account: other.account,
  });
  expect(errors).toMatchObject([{ extensions: UNAVAILABLE, message: expect.stringContaining('administrator') as string }]);
});

test('a caller that has used its share is told when to come again, and another caller is answered', async () => {
  await using other = await startStack({ register: false, env: { M2M_AUTH: 'on', M2M_THINGSPACE_READS_PER_MINUTE: '4' } });
  const scopes = { [other.account]: ['read'] as const };
  const [greedy, modest] = [await makeKey(other.gateway, { scopes }), await makeKey(other.gateway, { scopes })];
  const list = ({ authorization }: typeof greedy) =>
    other.query(
      'query ($account: String!) { devices(accountName: $account, first: 1) { nodes { state } } }',
      { account: other.account },
      authorization,
    );
  for (let asked = 0; asked < 2; asked++) expect((await list(greedy)).errors).toBeUndefined();
  const { errors } = await list(greedy);
  expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) as number } }]);
  expect((await list(modest)).errors).toBeUndefined();
  await until(() => other.simulator.ledger.counts.calls['deviceList'] === 3);
});

test('the history of a long list is refused before anything is asked; that of a short one is told', async () => {
  const list = (first: number) =>
    ask(`devices(accountName: $account, first: ${first}) { nodes { history(since: "2026-02-03T00:00:00Z", first: 1) { hasMore } } }`);
  expect((await list(500)).errors).toMatchObject([{ extensions: { code: 'OPERATION_TOO_LARGE' } }]);
  expect(stack.simulator.ledger.counts.calls).toEqual({});
  expect((await list(10)).errors).toBeUndefined();
  expect(stack.simulator.ledger.counts.calls).toEqual({ deviceList: 1, deviceHistory: 10 });
});
