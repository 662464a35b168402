import { expect, test } from 'vitest';
import { deviceCallback } from '../support/device-callback.ts';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { openTwoOpen } from './support/two-open.ts';
import { ACCOUNTS } from './support/two-accounts.ts';

const ALL = ['read', 'write', 'admin'] as const;

interface Seen {
  readonly requests: {
    readonly nodes: readonly {
      readonly id: string;
      readonly origin: string;
      readonly carrierRequests: readonly { readonly carrierRequestId: string }[];
    }[];
  };
  readonly unclaimedCallbacks: { readonly nodes: readonly { readonly carrierRequestId: string }[] };
  readonly deadLetters: { readonly nodes: readonly { readonly reason: string }[] };
}

const SEEN = `{ requests { nodes { id origin carrierRequests { carrierRequestId } } } unclaimedCallbacks { nodes { carrierRequestId } }
  deadLetters { nodes { reason } } }`;

async function seenBy(stack: Stack, { authorization }: TestKey) {
  const { data, errors } = await stack.query<Seen>(SEEN, {}, authorization);
  if (!data) throw new Error(JSON.stringify(errors));
  return {
    external: data.requests.nodes.flatMap(({ origin, carrierRequests }) =>
      origin === 'EXTERNAL' ? carrierRequests.map(({ carrierRequestId }) => carrierRequestId) : [],
    ),
    ids: data.requests.nodes.map(({ id }) => id),
    unclaimed: data.unclaimedCallbacks.nodes.map(({ carrierRequestId }) => carrierRequestId),
    dead: data.deadLetters.nodes.map(({ reason }) => reason),
  };
}

test('a callback for another tool’s request belongs to the account of its path: it is unclaimed first, then a request of its own', async () => {
  await using stack = await startStack({ env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent', M2M_ADOPT_AFTER_MS: '1000' }, register: false });
  const mine = await makeKey(stack.gateway, { scopes: { [ACCOUNTS.mine]: ALL } });
  const theirs = await makeKey(stack.gateway, { scopes: { [ACCOUNTS.theirs]: ALL } });
  const from = { [ACCOUNTS.mine]: 'of-mine', [ACCOUNTS.theirs]: 'of-theirs' };
  for (const [account, carrierRequestId] of Object.entries(from))
    await postCallback({ gateway: stack.gateway, account }, 'CarrierService', {
      ...deviceCallback(carrierRequestId, 1),
      accountName: ACCOUNTS.mine,
    });
  expect((await seenBy(stack, mine)).unclaimed).toEqual(['of-mine']);
  expect((await seenBy(stack, theirs)).unclaimed).toEqual(['of-theirs']);
  await until(async () => (await seenBy(stack, theirs)).external.length === 1 && (await seenBy(stack, mine)).external.length === 1);
  expect(await seenBy(stack, mine)).toMatchObject({ external: ['of-mine'], unclaimed: [] });
  expect(await seenBy(stack, theirs)).toMatchObject({ external: ['of-theirs'], unclaimed: [] });
  const find = async (key: TestKey, id: string) =>
    (await stack.query(`{ request(id: "${id}") { accountName } }`, {}, key.authorization)).data;
  expect(await find(mine, 'of-mine')).toEqual({ request: { accountName: ACCOUNTS.mine } });
  expect(await find(mine, 'of-theirs')).toEqual({ request: null });
});

test('whoever knows the path of one account cannot change another account: the message is a dead letter of the path’s account', async () => {
  await using world = await openTwoOpen({ devices: 1 });
  const { stack } = world;
  const mine = await makeKey(stack.gateway, { scopes: { [ACCOUNTS.mine]: ALL } });
  const theirs = await makeKey(stack.gateway, { scopes: { [ACCOUNTS.theirs]: ALL } });
  const { data } = await stack.query<Seen>(SEEN, {}, theirs.authorization);
  const carrierRequestId = data?.requests.nodes[0]?.carrierRequests[0]?.carrierRequestId ?? '';
  expect(
    await postCallback({ gateway: stack.gateway, account: ACCOUNTS.mine }, 'CarrierService', deviceCallback(carrierRequestId, 101)),
  ).toBe(200);
  expect(await seenBy(stack, mine)).toMatchObject({ ids: [world.mine.id], dead: ['FOREIGN_REQUEST'], unclaimed: [] });
  expect(await seenBy(stack, theirs)).toMatchObject({ ids: [world.theirs.id], dead: [], unclaimed: [] });
  const show = `{ request(id: "${world.theirs.id}") { status } }`;
  expect((await stack.query(show, {}, theirs.authorization)).data).toEqual({ request: { status: 'IN_PROGRESS' } });
});

test.each([
  ['a credential', { deviceResponse: { activateResponse: { deviceCredential: { username: 'u', password: 'canary-secret' } } } }],
  ['an activation code', { deviceResponse: { deviceProfileResponse: { activationCode: 'canary-secret' } } }],
  ['either in a place of its own', { anywhere: [{ ActivationCode: 'canary-secret' }] }],
])('a message of a service that is not followed is not shown where it has %s', async (_what, secret) => {
  await using stack = await startStack({ env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent' }, register: false });
  const key = await makeKey(stack.gateway, { scopes: { '*': ['read'] } });
  for (const service of ['DeviceService', 'NiddService'] as const) {
    expect(await postCallback(stack, service, { requestId: 'one', comment: 'harmless' })).toBe(200);
    expect(await postCallback(stack, service, { requestId: 'two', ...secret })).toBe(200);
  }
  const answer = await stack.query('{ unclaimedCallbacks { nodes { carrierRequestId payload } } }', {}, key.authorization);
  expect(JSON.stringify(answer)).not.toContain('canary-secret');
  const harmless = { carrierRequestId: 'one', payload: expect.stringContaining('harmless') as string };
  const hidden = { carrierRequestId: 'two', payload: null };
  expect(answer.data).toEqual({ unclaimedCallbacks: { nodes: [harmless, hidden, harmless, hidden] } });
});
