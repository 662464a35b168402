import { afterAll, beforeAll, expect, test } from 'vitest';
import { VARIABLES } from '../../src/config/config-variables.ts';
import { ask } from '../authorization/support/ask.ts';
import { ACCOUNTS, openTwoAccounts, type TwoAccounts } from '../authorization/support/two-accounts.ts';
import { issuerEnv } from '../support/issuer-env.ts';
import { makeKey } from '../support/make-key.ts';
import { startIssuer, type Issuer } from '../support/start-issuer.ts';
import { startStack } from '../support/stack.ts';

const VIEWER = `{ viewer { name accounts { accountName scopes } grants expiresAt
  limits { operationsPerMinute mutationsPerMinute objectsPerOperation openSockets openSubscriptions queuedRequests bodyBytes } } }`;

interface Viewer {
  readonly name: string;
  readonly accounts: readonly { readonly accountName: string; readonly scopes: readonly string[] }[];
  readonly grants: readonly string[];
  readonly expiresAt: string | null;
  readonly limits: Record<string, number>;
}

let world: TwoAccounts;
let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
  world = await openTwoAccounts({ ...issuerEnv(issuer), M2M_CALLER_OPERATIONS_PER_MINUTE: '4321', M2M_CALLER_SOCKETS: '3' });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

async function viewerOf(authorization: string): Promise<Viewer> {
  const { text } = await ask(world.url, authorization, { query: VIEWER });
  const { data, errors } = JSON.parse(text) as { data?: { viewer: Viewer }; errors?: unknown };
  if (!data) throw new Error(JSON.stringify(errors));
  return data.viewer;
}

test('the holder of an API key is told its name, accounts, scopes, grants, end and limits', async () => {
  const key = await makeKey(world.stack.gateway, {
    scopes: { [ACCOUNTS.mine]: ['read', 'write'], [ACCOUNTS.theirs]: ['admin'] },
    grants: ['activationCode'],
    livesMs: 3_600_000,
  });
  const viewer = await viewerOf(key.authorization);
  expect(viewer).toMatchObject({ name: key.caller, grants: ['activationCode'] });
  expect(new Map(viewer.accounts.map(({ accountName, scopes }) => [accountName, scopes]))).toEqual(
    new Map([
      [ACCOUNTS.mine, ['read', 'write']],
      [ACCOUNTS.theirs, ['admin']],
    ]),
  );
  expect(Date.parse(viewer.expiresAt ?? '')).toBeGreaterThan(Date.now());
  expect(viewer.limits).toEqual({
    operationsPerMinute: 4321,
    mutationsPerMinute: Number(VARIABLES.mutationsPerMinute.fallback),
    objectsPerOperation: Number(VARIABLES.maxCost.fallback),
    openSockets: 3,
    openSubscriptions: 300,
    queuedRequests: Number(VARIABLES.maxQueuedPerCaller.fallback),
    bodyBytes: Number(VARIABLES.maxBodyBytes.fallback),
  });
  await key.change({ scopes: { [ACCOUNTS.mine]: ['read'] }, grants: [] });
  expect(await viewerOf(key.authorization)).toMatchObject({ accounts: [{ accountName: ACCOUNTS.mine, scopes: ['read'] }], grants: [] });
});

test('a scope for every account is told for each account of the gateway, together with those of its own', async () => {
  const key = await makeKey(world.stack.gateway, { scopes: { '*': ['read'], [ACCOUNTS.mine]: ['write'] } });
  expect(new Map((await viewerOf(key.authorization)).accounts.map(({ accountName, scopes }) => [accountName, scopes]))).toEqual(
    new Map(world.stack.simulator.accounts.map((account) => [account, account === ACCOUNTS.mine ? ['read', 'write'] : ['read']] as const)),
  );
});

test('the holder of a JWT is told when it expires; it needs no scope, and learns of no account that is not its own', async () => {
  const authorization = `Bearer ${await issuer.sign({ m2m: { accounts: { [ACCOUNTS.theirs]: ['read'], elsewhere: ['read'] } } })}`;
  const viewer = await viewerOf(authorization);
  expect(viewer.accounts).toEqual([{ accountName: ACCOUNTS.theirs, scopes: ['read'] }]);
  const { exp } = JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()) as { exp: number };
  expect(viewer.expiresAt).toBe(new Date(exp * 1000).toISOString());
  const nobody = await viewerOf(`Bearer ${await issuer.sign({ m2m: { accounts: {} } })}`);
  expect(nobody).toMatchObject({ accounts: [], grants: [] });
  expect(nobody.name).toMatch(/^sub:/);
});

test('without a key there is no viewer; without authentication it is `local`, which may do everything and never expires', async () => {
  expect((await ask(world.url, null, { query: VIEWER })).text).toContain('UNAUTHENTICATED');
  await using stack = await startStack({ register: false });
  const { data } = await stack.query<{ viewer: Viewer }>(VIEWER);
  expect(data?.viewer).toMatchObject({ name: 'local', expiresAt: null, grants: ['deviceCredential', 'activationCode', 'introspection'] });
  expect(data?.viewer.accounts.map(({ accountName }) => accountName)).toEqual([...stack.simulator.accounts]);
  expect(new Set(data?.viewer.accounts.flatMap(({ scopes }) => scopes))).toEqual(new Set(['read', 'write', 'terminate', 'admin']));
});
