import { afterAll, beforeAll, expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import { inputLiteral } from '../support/input-literal.ts';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { OPERATION_CASES } from '../support/operation-fixtures.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { ask } from './support/ask.ts';
import { ACCOUNTS, openTwoAccounts, type Belongings, type TwoAccounts } from './support/two-accounts.ts';

let world: TwoAccounts;
/** Has every scope and grant, on its own account. */
let caller: TestKey;
beforeAll(async () => {
  // A test asks for every mutation, in the name of many accounts.
  world = await openTwoAccounts({ M2M_CALLER_MUTATIONS_PER_MINUTE: '10000' });
  caller = await makeKey(world.stack.gateway, {
    scopes: { [ACCOUNTS.mine]: ['read', 'write', 'terminate', 'admin'], [WITH_LETTERS]: ['read', 'write', 'terminate', 'admin'] },
    grants: ['deviceCredential', 'activationCode', 'introspection'],
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const NO_ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const NO_CARRIER_ID = '5a1f7f0e-0000-4000-8000-7d0a6c9b5e11';
const NO_OUTCOME = 'out_01ARZ3NDEKTSV4RRFFQ69G5FAV_0';
const WITH_LETTERS = 'TestAccount-1';
const NO_ACCOUNT = '0999999999-00009';

const FAULTS = '__typename ... on MutationError { code message } ... on InvalidInput { totalFaults faults { path code message } }';
const SUMMARY = 'id status accountName createdBy cursor outcomes { nodes { id activationCode } pageInfo { hasNextPage endCursor } }';

/** [what is asked for, the operation, what is another account's, what does not exist] */
const ASKED: readonly (readonly [what: string, query: string, theirs: (theirs: Belongings) => unknown, missing: unknown])[] = [
  ['request, by its id', `query ($v: ID!) { request(id: $v) { ${SUMMARY} } }`, ({ settled }) => settled.id, NO_ID],
  ['request, by the id of one that waits', `query ($v: ID!) { request(id: $v) { ${SUMMARY} } }`, ({ queued }) => queued.id, NO_ID],
  [
    'request, by the carrier’s id',
    `query ($v: ID!) { request(id: $v) { ${SUMMARY} } }`,
    ({ settled }) => settled.carrierRequestId,
    NO_CARRIER_ID,
  ],
  [
    'node, of a request',
    `query ($v: ID!) { node(id: $v) { __typename id ... on Request { ${SUMMARY} } } }`,
    ({ settled }) => settled.id,
    NO_ID,
  ],
  [
    'node, of an outcome',
    'query ($v: ID!) { node(id: $v) { __typename id ... on DeviceOutcome { status deviceIds { value } } } }',
    ({ outcomeId }) => outcomeId,
    NO_OUTCOME,
  ],
  [
    'node, of a dead letter',
    'query ($v: ID!) { node(id: $v) { __typename id ... on DeadLetter { accountName body } } }',
    ({ deadLetterId }) => deadLetterId,
    'dead_999999',
  ],
  [
    'node, of an unclaimed callback',
    'query ($v: ID!) { node(id: $v) { __typename id ... on UnclaimedCallback { accountName payload } } }',
    ({ unclaimedId }) => unclaimedId,
    'unc_999999',
  ],
  [
    'node, of an audit entry',
    'query ($v: ID!) { node(id: $v) { __typename id ... on AuditEntry { accountName action } } }',
    ({ auditEntryId }) => auditEntryId,
    'aud_999999',
  ],
  [
    'requests, of an account',
    `query ($v: String) { requests(accountName: $v) { nodes { ${SUMMARY} } edges { cursor } pageInfo { hasNextPage endCursor } } }`,
    ({ account }) => account,
    NO_ACCOUNT,
  ],
  [
    'requests, of a device',
    'query ($v: String!) { requests(filter: { deviceId: { kind: ICCID, value: $v } }) { nodes { id } pageInfo { hasNextPage endCursor } } }',
    () => devices(1, 101)[0]?.deviceIds[1]?.value,
    '89148009999999999999',
  ],
  [
    'unclaimedCallbacks',
    'query ($v: String) { unclaimedCallbacks(accountName: $v) { nodes { id payload } pageInfo { hasNextPage endCursor } } }',
    ({ account }) => account,
    NO_ACCOUNT,
  ],
  [
    'deadLetters',
    'query ($v: String) { deadLetters(accountName: $v) { nodes { id body } pageInfo { hasNextPage endCursor } } }',
    ({ account }) => account,
    NO_ACCOUNT,
  ],
  [
    'auditLog',
    'query ($v: String) { auditLog(accountName: $v) { nodes { id action } pageInfo { hasNextPage endCursor } } }',
    ({ account }) => account,
    NO_ACCOUNT,
  ],
  [
    'cancelRequest',
    `mutation ($v: ID!) { cancelRequest(input: { requestId: $v }) { ${FAULTS} ... on RequestCancelled { request { id } } } }`,
    ({ queued }) => queued.id,
    NO_ID,
  ],
  [
    'checkNow',
    `mutation ($v: ID!) { checkNow(input: { requestId: $v }) { ${FAULTS} ... on CheckScheduled { request { id } } } }`,
    ({ queued }) => queued.id,
    NO_ID,
  ],
  [
    'cancelRequest, by the carrier’s id',
    `mutation ($v: ID!) { cancelRequest(input: { requestId: $v }) { ${FAULTS} } }`,
    ({ settled }) => settled.carrierRequestId,
    NO_CARRIER_ID,
  ],
  [
    'retryFailedDevices',
    `mutation ($v: ID!) { retryFailedDevices(input: { requestId: $v, idempotencyKey: "k" }) { ${FAULTS} ... on RetryFailedDevicesAccepted { request { id } } } }`,
    ({ failed }) => failed.id,
    NO_ID,
  ],
  [
    'retryFailedDevices, to validate',
    `mutation ($v: ID!) { retryFailedDevices(input: { requestId: $v, validateOnly: true }) { ${FAULTS} ... on InputAccepted { deviceCount } } }`,
    ({ failed }) => failed.id,
    NO_ID,
  ],
  [
    'resolveUnknownRequest',
    `mutation ($v: ID!) { resolveUnknownRequest(input: { requestId: $v, fate: { neverArrived: true } }) { ${FAULTS} } }`,
    ({ settled }) => settled.id,
    NO_ID,
  ],
  ...OPERATION_CASES.flatMap(({ operation: { mutation, typeName }, input }) =>
    [false, true].map(
      (validateOnly) =>
        [
          validateOnly ? `${mutation}, to validate` : mutation,
          `mutation ($v: String!) { ${mutation}(input: ${inputLiteral(typeName, { ...input, accountName: 'V', validateOnly }).replace('"V"', '$v')}) { ${FAULTS} } }`,
          ({ account }: Belongings) => account,
          NO_ACCOUNT,
        ] as const,
    ),
  ),
];

test.each(ASKED)('another account’s answers as what does not exist: %s', async (_what, query, theirs, missing) => {
  const posts = world.stack.simulator.ledger.posts.length;
  const question = { query, variables: { v: theirs(world.theirs) } };
  const foreign = await ask(world.url, caller.authorization, question);
  expect(foreign).toEqual(await ask(world.url, caller.authorization, { query, variables: { v: missing } }));
  expect(foreign.text).not.toMatch(/"errors"/);
  expect(world.stack.simulator.ledger.posts).toHaveLength(posts);
  // It is there to be found, by somebody who may. (A mutation would do something.)
  if (query.startsWith('query')) expect((await ask(world.url, world.owner.authorization, question)).text).not.toBe(foreign.text);
});

test('after another account’s request a list goes on as after one made at the same time that does not exist', async () => {
  const query = 'query ($v: Cursor) { requests(after: $v) { nodes { id accountName } pageInfo { hasNextPage endCursor } } }';
  const epoch = world.mine.cursor.split('.').at(-1);
  const after = (id: string) => ask(world.url, caller.authorization, { query, variables: { v: `${id}.requests.${epoch}` } });
  const { id } = world.theirs.failed;
  const foreign = await after(id);
  expect(foreign).toEqual(await after(`${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`));
  expect(foreign.text).toContain(world.mine.settled.id);
  expect(foreign.text).not.toContain(ACCOUNTS.theirs);
});

test('a dead letter of another account looks like one that does not exist', async () => {
  const redrive = async (id: string) => {
    const query = 'mutation ($id: ID!) { redriveDeadLetters(input: { ids: [$id] }) { outcome } }';
    return ask(world.url, caller.authorization, { query, variables: { id } });
  };
  const foreign = await redrive(world.theirs.deadLetterId);
  expect(foreign).toEqual(await redrive('dead_999999'));
  expect(foreign.text).toContain('NOT_FOUND');
  expect((await redrive(world.mine.deadLetterId)).text).toContain('UNREADABLE');
});

const FOLLOW = 'subscription ($id: ID!, $after: Cursor) { requestStatus(requestId: $id, after: $after) { cursor status outcomes { id } } }';
const CHANGES = 'subscription ($account: String!) { requestsChanged(accountName: $account) { cursor requests { id status } } }';
/** [what is asked for, how, what does not exist, the document] */
const FOLLOWED: readonly (readonly [what: string, theirs: (theirs: Belongings) => object, missing: object, query: string])[] = [
  ['with all of its account', () => ({ account: ACCOUNTS.theirs }), { account: NO_ACCOUNT }, CHANGES],
  ['by its id', ({ settled }) => ({ id: settled.id }), { id: NO_ID }, FOLLOW],
  ['by the carrier’s id', ({ settled }) => ({ id: settled.carrierRequestId }), { id: NO_CARRIER_ID }, FOLLOW],
  ['while it is open', ({ queued }) => ({ id: queued.id, after: 'LATEST' }), { id: NO_ID, after: 'LATEST' }, FOLLOW],
  [
    'after its own cursor',
    ({ settled, cursor }) => ({ id: settled.id, after: cursor }),
    { id: NO_ID, after: `3.${NO_ID}.00000000` },
    FOLLOW,
  ],
];

test.each(FOLLOWED)(
  'another account’s request is not followed, as one that does not exist: %s, over Server-Sent Events',
  async (_what, theirs, missing, query) => {
    const follow = (variables: object) => ask(world.url, caller.authorization, { query, variables: { ...variables } }, 'text/event-stream');
    const foreign = await follow(theirs(world.theirs));
    expect(foreign).toEqual(await follow(missing));
    expect(foreign.text).toContain('NOT_FOUND');
  },
);

test.each(FOLLOWED)(
  'another account’s request is not followed, as one that does not exist: %s, over a WebSocket',
  async (_what, theirs, missing, query) => {
    await using socket = await RawWebSocket.ready(world.stack.gateway.urls.websocket, caller.authorization);
    const follow = async (variables: object) => {
      socket.subscribe('same', query, { ...variables });
      return socket.ending('same');
    };
    const foreign = await follow(theirs(world.theirs));
    expect(foreign).toEqual(await follow(missing));
    expect(JSON.stringify(foreign)).toContain('NOT_FOUND');
  },
);

test('a cursor of another account’s request tells no more than one of a request that never existed', async () => {
  const { mine, theirs } = world;
  const after = (cursor: string) =>
    ask(world.url, caller.authorization, { query: FOLLOW, variables: { id: mine.settled.id, after: cursor } }, 'text/event-stream');
  const foreign = await after(theirs.cursor);
  expect(foreign).toEqual(await after(theirs.cursor.replace(theirs.settled.id, NO_ID)));
  expect(foreign.text).toContain('CURSOR_INVALID');
});

test.each([
  ['the beginning of an own account', ACCOUNTS.mine.slice(0, -1)],
  ['an own account and more', `${ACCOUNTS.mine}1`],
  ['small letters', WITH_LETTERS.toLowerCase()],
  ['capitals', WITH_LETTERS.toUpperCase()],
  ['without its leading zeros', ACCOUNTS.mine.replace(/^0+/, '')],
  ['every account', '*'],
  ['a name of JavaScript', '__proto__'],
  ['another name of JavaScript', 'constructor'],
])('an account is its own name, letter for letter: %s is as one that does not exist', async (_what, account) => {
  for (const [what, query, , missing] of ASKED) {
    if (missing !== NO_ACCOUNT) continue;
    const answer = await ask(world.url, caller.authorization, { query, variables: { v: account } });
    expect(answer, what).toEqual(await ask(world.url, caller.authorization, { query, variables: { v: NO_ACCOUNT } }));
  }
});

test('lists without an account name hold only the caller’s own accounts', async () => {
  const query = `{ requests { nodes { accountName } } unclaimedCallbacks { nodes { accountName } }
    deadLetters { nodes { accountName } } auditLog(first: 1000) { nodes { accountName } } }`;
  const accounts = async ({ authorization }: TestKey) => {
    const { data } = JSON.parse((await ask(world.url, authorization, { query })).text) as {
      data: Record<string, { nodes: { accountName: string | null }[] }>;
    };
    return Object.fromEntries(
      Object.entries(data).map(([list, { nodes }]) => [list, new Set(nodes.map(({ accountName }) => accountName))]),
    );
  };
  const own = new Set([ACCOUNTS.mine]);
  expect(await accounts(caller)).toEqual({ requests: own, unclaimedCallbacks: own, deadLetters: own, auditLog: own });
  const all = new Set([ACCOUNTS.mine, ACCOUNTS.theirs]);
  expect(await accounts(world.owner)).toEqual({
    requests: all,
    unclaimedCallbacks: all,
    deadLetters: all,
    auditLog: new Set([...all, null]),
  });
});
