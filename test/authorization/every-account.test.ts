import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeKey } from '../support/make-key.ts';
import { OPERATION_CASES } from '../support/operation-fixtures.ts';
import { ask } from './support/ask.ts';
import { ACCOUNTS, openTwoAccounts, type TwoAccounts } from './support/two-accounts.ts';

let world: TwoAccounts;
beforeAll(async () => {
  world = await openTwoAccounts();
});
afterAll(() => world[Symbol.asyncDispose]());

const REACHING = OPERATION_CASES.filter(({ operation }) => operation.namesNoAccount);

test('the operations whose request names no account are known', () => {
  const unnamed = OPERATION_CASES.filter(({ operation, input }) => {
    const parsed = operation.parse(input);
    if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
    return !JSON.stringify(operation.actionOn(input.accountName, parsed.command.devices, parsed.command.settings).body).includes(
      input.accountName,
    );
  });
  expect(unnamed.map(({ operation }) => operation.name)).toEqual(REACHING.map(({ operation }) => operation.name));
});

test.each(REACHING)('$operation.mutation may reach every account, so it takes the right to all of them', async ({ operation, input }) => {
  const { stack, url } = world;
  const query = `mutation ($input: ${operation.typeName}Input!) { result: ${operation.mutation}(input: $input) {
    __typename ... on InvalidInput { faults { path code } } } }`;
  const mutate = async (authorization: string) =>
    (await ask(url, authorization, { query, variables: { input: { ...input, accountName: ACCOUNTS.mine } } })).text;
  const scopes = ['read', 'write', 'terminate'] as const;
  const one = await makeKey(stack.gateway, { scopes: { [ACCOUNTS.mine]: scopes } });
  const all = await makeKey(stack.gateway, { scopes: { '*': scopes } });
  const posts = stack.simulator.ledger.posts.length;
  expect(await mutate(one.authorization)).toContain('"code":"NEEDS_EVERY_ACCOUNT"');
  expect(stack.simulator.ledger.posts).toHaveLength(posts);
  expect(await mutate(all.authorization)).toContain(`${operation.typeName}Accepted`);
});
