import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { ask, codeOf } from './support/ask.ts';
import { CARRIER_FIELDS, operationOf } from './support/carrier-fields.ts';
import { ACCOUNTS, openTwoAccounts, type TwoAccounts } from './support/two-accounts.ts';

const NO_ACCOUNT = '0999999999-00009';

let world: TwoAccounts;
let caller: TestKey;
beforeAll(async () => {
  world = await openTwoAccounts();
  caller = await makeKey(world.stack.gateway, {
    scopes: { [ACCOUNTS.mine]: ['read', 'write', 'admin'] },
    grants: ['deviceCredential', 'activationCode', 'introspection'],
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const calls = () => ({ ...world.stack.simulator.ledger.counts.calls });

test.each(Object.entries(CARRIER_FIELDS))(
  '%s of another account answers as of one that does not exist, also when it was just read by who may, and asks nothing',
  async (_name, field) => {
    const of = (account: string, { authorization } = caller) => ask(world.url, authorization, { query: operationOf(field, { account }) });
    const owner = await of(ACCOUNTS.theirs, world.owner);
    expect(owner.text).toContain(field.allowed);
    const before = calls();
    const foreign = await of(ACCOUNTS.theirs);
    expect(foreign).toEqual(await of(NO_ACCOUNT));
    expect(foreign.text).toContain(field.missing);
    for (const account of ['*', 'constructor', '__proto__', `${ACCOUNTS.mine}1`, ACCOUNTS.mine.slice(0, -1)])
      expect(await of(account)).toEqual(foreign);
    expect(calls()).toEqual(before);
  },
);

test('a caller with every account may not have an account asked for that the gateway does not serve', async () => {
  const before = calls();
  for (const [name, field] of Object.entries(CARRIER_FIELDS)) {
    const { text } = await ask(world.url, world.owner.authorization, { query: operationOf(field, { account: NO_ACCOUNT }) });
    expect(text, name).toContain(field.missing);
  }
  expect(calls()).toEqual(before);
});

test('a device of another account is not shown by its identifier, with whichever account it is asked for', async () => {
  const [device] = world.stack.simulator.inventory.find({ account: ACCOUNTS.theirs });
  const id = { kind: 'ICCID', value: device?.identifiers.iccid };
  const query = 'query ($account: String!, $id: DeviceIdentifierInput!) { device(accountName: $account, id: $id) { state } }';
  const of = (accountName: string, key = caller) => ask(world.url, key.authorization, { query, variables: { account: accountName, id } });
  const missing = { ...id, value: '89148009999999999999' };
  expect(await of(ACCOUNTS.mine)).toEqual(
    await ask(world.url, caller.authorization, { query, variables: { account: ACCOUNTS.mine, id: missing } }),
  );
  expect(codeOf(await of(ACCOUNTS.theirs))).toBe('NOT_FOUND');
  expect((await of(ACCOUNTS.theirs, world.owner)).text).toContain('"state"');
});

test('who may write and not read changes a group, and is shown nothing of it', async () => {
  const writer = await makeKey(world.stack.gateway, { scopes: { [ACCOUNTS.mine]: ['write'] } });
  const query = `mutation { changeDeviceGroup(input: { accountName: "${ACCOUNTS.mine}", name: "4G West", newDescription: "West" }) {
    ... on DeviceGroupSaved { name group { description } } } }`;
  const { text } = await ask(world.url, writer.authorization, { query });
  expect(JSON.parse(text)).toEqual({ data: { changeDeviceGroup: { name: '4G West', group: null } } });
});

test('a change by a caller without the right is in the audit log, and is not done', async () => {
  const reader = await makeKey(world.stack.gateway, { scopes: { [ACCOUNTS.mine]: ['read'] } });
  const query = `mutation { deleteDeviceGroup(input: { accountName: "${ACCOUNTS.mine}", name: "4G West" }) { __typename } }`;
  expect(codeOf(await ask(world.url, reader.authorization, { query }))).toBe('FORBIDDEN');
  const entries = await ask(world.url, world.owner.authorization, {
    query: `query ($caller: String!) { auditLog(first: 1, caller: $caller) { nodes { action outcome } } }`,
    variables: { caller: reader.caller },
  });
  expect(entries.text).toContain('{"action":"DELETE_DEVICE_GROUP","outcome":"FORBIDDEN"}');
});
