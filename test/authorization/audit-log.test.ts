import { expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { PLACE } from '../support/valid-inputs.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { auditOf, auditPage } from './support/audit-of.ts';
import { ACCOUNTS, openTwoAccounts } from './support/two-accounts.ts';

const AUTH = { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent' };
const RESULT = '__typename ... on InvalidInput { faults { code } }';
const ALL = { '*': ['read', 'write', 'admin'] } as const;

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ${RESULT} ... on ActivateDevicesAccepted { request { id } } } }`;
const activation = (more: object = {}) => ({
  accountName: ACCOUNTS.mine,
  target: { devices: devices(3) },
  servicePlan: 'm2m4G2GB',
  mdnZipCode: '98801',
  ...more,
});

/** Activates as this caller; the type of the result and the id of the request, where there is one. */
async function activate(stack: Stack, { authorization }: TestKey, more: object = {}) {
  const { data, errors } = await stack.query<{ activateDevices: { __typename: string; request?: { id: string } } }>(
    ACTIVATE,
    { input: activation(more) },
    authorization,
  );
  return { type: data?.activateDevices.__typename ?? errors?.[0]?.extensions?.code, id: data?.activateDevices.request?.id ?? null };
}

test('every mutation is recorded once: its caller, account, number of devices, subject and outcome', async () => {
  await using stack = await startStack({ env: AUTH });
  const owner = await makeKey(stack.gateway, { scopes: ALL });
  const key = await makeKey(stack.gateway, { scopes: { [ACCOUNTS.mine]: ['read', 'write'] } });
  const told = { action: 'ACTIVATE_DEVICES', accountName: ACCOUNTS.mine, deviceCount: 3 };
  const created = await activate(stack, key, { idempotencyKey: 'once' });
  const repeated = await activate(stack, key, { idempotencyKey: 'once' });
  expect(repeated.id).toBe(created.id);
  expect((await activate(stack, key, { idempotencyKey: 'once', target: { devices: devices(2) } })).type).toBe('IdempotencyKeyReused');
  expect((await activate(stack, key, { validateOnly: true })).type).toBe('InputAccepted');
  expect((await activate(stack, key, { mdnZipCode: 'letters' })).type).toBe('InvalidInput');
  expect((await activate(stack, key, { accountName: ACCOUNTS.theirs })).type).toBe('InvalidInput');
  expect((await activate(stack, key, { accountName: '0999999999-00009' })).type).toBe('InvalidInput');
  stack.simulator.faults.add({ endpoint: 'activate', status: 400, body: { text: '{"errorCode":"INPUT_INVALID","errorMessage":"no"}' } });
  const refused = await activate(stack, key, { target: { devices: devices(1, 50) } });
  const resume = 'mutation ($input: ResumeProfileInput!) { resumeProfile(input: $input) { __typename } }';
  const iccid = [{ kind: 'ICCID', value: '89141390780800784259' }];
  await stack.query(resume, { input: { accountName: ACCOUNTS.mine, devices: [{ deviceIds: iccid }] } }, key.authorization);
  // Questions are not told of.
  await stack.query('{ requests { nodes { id } } }', {}, key.authorization);
  const none = { accountName: null, deviceCount: null, subject: null };
  expect(await auditOf(stack, owner.authorization, key.caller)).toEqual([
    { ...told, subject: created.id, outcome: 'CREATED' },
    { ...told, subject: created.id, outcome: 'REPEATED' },
    { ...told, deviceCount: 2, subject: created.id, outcome: 'KEY_REUSED' },
    { ...told, ...none, outcome: 'INVALID' },
    // Asked for by somebody who may not: the account’s own admin sees it.
    { ...told, accountName: ACCOUNTS.theirs, subject: null, outcome: 'INVALID' },
    { ...told, accountName: null, subject: null, outcome: 'INVALID' },
    { ...told, deviceCount: 1, subject: refused.id ?? (expect.stringMatching(/^req_/) as string), outcome: 'CREATED' },
    {
      action: 'RESUME_PROFILE',
      accountName: ACCOUNTS.mine,
      deviceCount: 1,
      subject: expect.stringMatching(/^req_/) as string,
      outcome: 'CREATED',
    },
  ]);
});

test('an operation that was refused before it ran is recorded too, with each of its actions', async () => {
  await using stack = await startStack({ env: { ...AUTH, M2M_CALLER_MUTATIONS_PER_MINUTE: '2' } });
  const owner = await makeKey(stack.gateway, { scopes: ALL });
  const reader = await makeKey(stack.gateway, { scopes: { '*': ['read'] } });
  const two = `mutation ($input: ActivateDevicesInput!) { __typename first: activateDevices(input: $input) { __typename }
    redriveDeadLetters(input: { ids: ["dead_1"] }) { outcome } }`;
  const codeOf = async (key: TestKey, query: string, input: object) =>
    (await stack.query(query, { input }, key.authorization)).errors?.[0]?.extensions?.code;
  expect(await codeOf(reader, two, activation())).toBe('FORBIDDEN');
  const none = { accountName: null, deviceCount: null, subject: null };
  expect(await auditOf(stack, owner.authorization, reader.caller)).toEqual([
    { action: 'ACTIVATE_DEVICES', ...none, outcome: 'FORBIDDEN' },
    { action: 'REDRIVE_DEAD_LETTERS', ...none, outcome: 'FORBIDDEN' },
  ]);
  const writer = await makeKey(stack.gateway, { scopes: { '*': ['read', 'write'] } });
  for (const type of ['InputAccepted', 'InputAccepted', 'RATE_LIMITED'])
    expect((await activate(stack, writer, { validateOnly: true })).type).toBe(type);
  expect(await auditOf(stack, owner.authorization, writer.caller)).toEqual([
    { action: 'ACTIVATE_DEVICES', ...none, outcome: 'RATE_LIMITED' },
  ]);
});

test('a caller without rights cannot fill the log: only so many refusals a minute are recorded', async () => {
  await using stack = await startStack({ env: AUTH });
  const owner = await makeKey(stack.gateway, { scopes: ALL });
  const reader = await makeKey(stack.gateway, { scopes: { '*': ['read'] } });
  const ten = `mutation { ${Array.from({ length: 10 }, (_, at) => `a${at}: redriveDeadLetters(input: { ids: ["dead_1"] }) { outcome }`).join(' ')} }`;
  for (let at = 0; at < 70; at++) await stack.query(ten, {}, reader.authorization);
  const told = await auditOf(stack, owner.authorization, reader.caller);
  expect(told.length).toBeGreaterThanOrEqual(600);
  // What the minute gives back meanwhile comes on top.
  expect(told.length).toBeLessThan(700);
});

test('cancel, retry, resolve and redrive are recorded with their subject and their outcome', async () => {
  await using world = await openTwoAccounts();
  const { stack, mine, theirs } = world;
  const key = await makeKey(stack.gateway, { scopes: { [mine.account]: ['read', 'write', 'admin'] } });
  const run = (query: string) => stack.query(query, {}, key.authorization);
  const cancel = (id: string) => run(`mutation { cancelRequest(input: { requestId: "${id}" }) { __typename } }`);
  const retry = (id: string, more = '') => run(`mutation { retryFailedDevices(input: { requestId: "${id}" ${more} }) { __typename } }`);
  await cancel(mine.queued.id);
  await cancel(mine.settled.carrierRequestId);
  await cancel(theirs.queued.id);
  await retry(mine.settled.id);
  await retry(theirs.failed.id);
  await retry(mine.failed.id, 'validateOnly: true');
  // The new request waits in the queue, and its mutation with it: it is told of before.
  retry(mine.failed.id).catch(() => undefined);
  await until(async () => (await auditOf(stack, world.owner.authorization, key.caller)).length === 6);
  await run(`mutation { resolveUnknownRequest(input: { requestId: "${mine.settled.id}", fate: { neverArrived: true } }) { __typename } }`);
  await run(`mutation { redriveDeadLetters(input: { ids: ["${mine.deadLetterId}", "${theirs.deadLetterId}", "dead_777"] }) { outcome } }`);
  const told = { accountName: mine.account, deviceCount: null };
  const nothing = { accountName: null, deviceCount: null, subject: null };
  expect(await auditOf(stack, world.owner.authorization, key.caller)).toEqual([
    { ...told, action: 'CANCEL_REQUEST', subject: mine.queued.id, outcome: 'DONE' },
    { ...told, action: 'CANCEL_REQUEST', subject: mine.settled.id, outcome: 'INVALID', code: 'NOTHING_QUEUED' },
    { ...nothing, action: 'CANCEL_REQUEST', outcome: 'INVALID', code: 'NOT_FOUND' },
    { ...told, action: 'RETRY_FAILED_DEVICES', subject: mine.settled.id, outcome: 'INVALID', code: 'NOTHING_FAILED' },
    { ...nothing, action: 'RETRY_FAILED_DEVICES', outcome: 'INVALID', code: 'NOT_FOUND' },
    {
      action: 'RETRY_FAILED_DEVICES',
      accountName: mine.account,
      deviceCount: 2,
      subject: expect.stringMatching(/^req_/) as string,
      outcome: 'CREATED',
    },
    { ...told, action: 'RESOLVE_UNKNOWN_REQUEST', subject: mine.settled.id, outcome: 'INVALID', code: 'NOT_UNKNOWN' },
    { ...told, action: 'REDRIVE_DEAD_LETTERS', subject: mine.deadLetterId, outcome: 'UNREADABLE' },
  ]);
});

test('an admin sees the log of its accounts page by page, and an admin of every account also sees the entries of no account', async () => {
  await using world = await openTwoAccounts();
  const { stack, mine, theirs, owner } = world;
  const admin = await makeKey(stack.gateway, { scopes: { [mine.account]: ['admin'] } });
  const everything = await auditPage(stack, owner.authorization, { first: 1000 });
  const own = everything.nodes.filter(({ accountName }) => accountName === mine.account);
  expect(own.length).toBeGreaterThan(2);
  expect(everything.nodes.map(({ accountName }) => accountName)).toContain(null);
  expect((await auditPage(stack, admin.authorization)).nodes).toEqual(own);
  expect((await auditPage(stack, admin.authorization, { accountName: theirs.account })).nodes).toEqual([]);
  expect((await auditPage(stack, admin.authorization, { caller: 'admin-listener' })).nodes).toEqual([]);
  expect((await auditPage(stack, owner.authorization, { caller: 'admin-listener' })).nodes.length).toBeGreaterThan(0);
  const paged = [];
  for (let after: string | undefined; ;) {
    const { nodes, pageInfo } = await auditPage(stack, owner.authorization, { first: 2, ...(after !== undefined && { after }) });
    paged.push(...nodes);
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor ?? '';
  }
  expect(paged).toEqual(everything.nodes);
  const times = everything.nodes.map(({ at }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((left, right) => right - left));
});

test('the log holds nothing of an input', async () => {
  await using stack = await startStack({ env: AUTH });
  const owner = await makeKey(stack.gateway, { scopes: ALL });
  const input = activation({
    clientReference: 'reference-of-mine',
    idempotencyKey: 'idempotency-of-mine',
    groupName: '4G West',
    costCenterCode: 'COST CENTER 17',
    primaryPlaceOfUse: { ...PLACE, address: { ...PLACE.address, phone: '2125550142', emailAddress: 'zaphod@example.com' } },
  });
  const values = (value: unknown): string[] =>
    typeof value === 'object' && value !== null ? Object.values(value).flatMap(values) : [String(value)];
  const secrets = values(input).filter((value) => value.length > 2 && value !== ACCOUNTS.mine);
  expect(secrets.length).toBeGreaterThan(15);
  for (const more of [{}, {}, { mdnZipCode: '1 2 3' }, { target: { devices: [] } }]) await activate(stack, owner, { ...input, ...more });
  await stack.query('mutation { cancelRequest(input: { requestId: "an-id-that-is-none" }) { __typename } }', {}, owner.authorization);
  const { nodes } = await auditPage(stack, owner.authorization, { first: 1000, caller: owner.caller });
  expect(nodes).toHaveLength(5);
  const text = JSON.stringify(nodes);
  for (const secret of [...secrets, 'an-id-that-is-none', owner.text]) expect(text).not.toContain(secret);
});
