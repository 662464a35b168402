import { afterAll, beforeAll, expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { follow, refusalOf } from '../support/follow.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';

const FIELDS = {
  requests: 'requests(first: 1, after: $after) { ...Page }',
  unclaimedCallbacks: 'unclaimedCallbacks(first: 1, after: $after) { ...Page }',
  deadLetters: 'deadLetters(first: 1, after: $after) { ...Page }',
  auditLog: 'auditLog(first: 1, after: $after) { ...Page }',
  'Request.outcomes': 'request(id: $id) { outcomes(first: 1, after: $after) { ...Page } }',
  'Request.retries': 'request(id: $id) { retries(first: 1, after: $after) { ...Page } }',
  'of the other': 'request(id: $other) { outcomes(first: 1, after: $after) { ...Page } }',
} as const;
type List = keyof typeof FIELDS | 'requestStatus';

let stack: Stack;
let [id, other] = ['', ''];
/** A cursor of each list, after its first entry. */
const cursors = new Map<List, string>();

beforeAll(async () => {
  stack = await startStack({
    simulator: { magicIdentifiers: true },
    env: { M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '2', M2M_SUBMIT_WAIT_MS: '3000' },
  });
  // The devices whose numbers end with 4040 fail.
  id = (await activateDevices(stack, [4_040, 14_040])).id;
  other = (await activateDevices(stack, 2, { first: 3 })).id;
  await stack.simulator.idle();
  // Two retries: what the first of them did not send, the second may.
  for (let retry = 0; retry < 2; retry++) await retryAndCancel();
  for (const number of [1, 2]) {
    await postCallback(stack, 'CarrierService', `not a message ${number}`);
    await postCallback(stack, 'DeviceUsage', { requestId: `usage-${number}` });
  }
  for await (const { cursor } of follow(stack.client(), { id, batchSize: 1 })) {
    cursors.set('requestStatus', cursor);
    break;
  }
});
afterAll(() => stack[Symbol.asyncDispose]());

async function retryAndCancel(): Promise<void> {
  const retried = await stack.query<{ retryFailedDevices: { request: { id: string } } }>(
    'mutation ($id: ID!) { retryFailedDevices(input: { requestId: $id }) { ... on RequestAccepted { request { id } } } }',
    { id },
  );
  const requestId = retried.data?.retryFailedDevices.request.id;
  await stack.query('mutation ($requestId: ID!) { cancelRequest(input: { requestId: $requestId }) { __typename } }', { requestId });
}

async function page(list: keyof typeof FIELDS, after: string | null) {
  const { data, errors } = await stack.query(
    `query ($id: ID!, $other: ID!, $after: Cursor) { ${FIELDS[list]} ids: request(id: $id) { id } others: request(id: $other) { id } }
     fragment Page on ${TYPES[list]}Connection { edges { cursor node { id } } pageInfo { hasNextPage endCursor } }`,
    { id, other, after },
  );
  const text = JSON.stringify(data ?? null);
  return {
    text,
    node: /"node":\{"id":"([^"]+)"/.exec(text)?.[1],
    cursor: /"endCursor":"([^"]+)"/.exec(text)?.[1] ?? '',
    refusal: errors?.map(({ message, extensions }) => `${extensions?.code} ${message}`).join(),
  };
}

const TYPES = {
  requests: 'Request',
  unclaimedCallbacks: 'UnclaimedCallback',
  deadLetters: 'DeadLetter',
  auditLog: 'AuditEntry',
  'Request.outcomes': 'RequestOutcomes',
  'Request.retries': 'RequestRetries',
  'of the other': 'RequestOutcomes',
} as const;
const LISTS = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

test.each(LISTS)('a cursor of %s reads on behind it, as an edge and as the end of a page', async (list) => {
  const first = await page(list, null);
  expect(first.text).toContain(`"cursor":"${first.cursor}"`);
  cursors.set(list, first.cursor);
  const second = await page(list, first.cursor);
  expect(second.node).toBeDefined();
  expect(second.node).not.toBe(first.node);
});

test('a cursor of another list or request is refused, and the error names both lists', async () => {
  const accepted: string[] = [];
  for (const list of LISTS) {
    for (const [from, cursor] of cursors) {
      const { refusal } = await page(list, cursor);
      const [itsList, here] = [from, list].map((each) => (each === 'of the other' ? 'Request.outcomes' : each));
      if (refusal === undefined) accepted.push(`${from} → ${list}`);
      else if (itsList === here) expect(refusal).toMatch(/^CURSOR_INVALID .*another request/);
      else expect(refusal).toMatch(new RegExp(`^CURSOR_INVALID .*cursor of \`${itsList}\`, and this is \`${here}\``));
    }
  }
  expect(accepted).toEqual(LISTS.map((list) => `${list} → ${list}`).toSorted((a, b) => accepted.indexOf(a) - accepted.indexOf(b)));
});

test('a cursor of a page does not follow a request', async () => {
  expect(await refusalOf(follow(stack.client(), { id, after: cursors.get('Request.outcomes') ?? '' }))).toBe('CURSOR_INVALID');
});

test.each(LISTS)('a cursor of %s from before a restore has expired', async (list) => {
  const cursor = cursors.get(list) ?? '';
  const otherEpoch = cursor.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
  expect((await page(list, otherEpoch)).refusal).toMatch(/^CURSOR_EXPIRED /);
});

test.each(['5', 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV'])('%s, a cursor of the last version, is told to be one', async (after) => {
  for (const list of LISTS) expect((await page(list, after)).refusal).toMatch(/^CURSOR_INVALID .*another form since the last version/);
});

test.each([
  '',
  'x',
  '1 OR 1=1',
  '-1',
  'LATEST',
  `1e3.auditLog.01234567`,
  '1.Kowalczyk.01234567',
  '1.constructor.01234567',
  'x'.repeat(200),
])('%j is no cursor of any list, and is not repeated', async (after) => {
  for (const list of LISTS) {
    const { refusal = '' } = await page(list, after);
    expect(refusal).toMatch(/^CURSOR_INVALID /);
    if (after.length > 5 && after !== 'LATEST') expect(refusal).not.toContain(after);
    expect(refusal).not.toContain('Kowalczyk');
  }
});

test.each(LISTS)('a forged position in %s is refused', async (list) => {
  const cursor = cursors.get(list) ?? '';
  const position = cursor.split('.')[0] ?? '';
  for (const forged of ['x', 'req_1', '-1', '1e3', 'aud_', 'dead_1x', position.startsWith('req_') ? '1' : `req_${'0'.repeat(26)}`]) {
    expect((await page(list, cursor.replace(position, forged))).refusal).toMatch(/^CURSOR_INVALID /);
  }
});
