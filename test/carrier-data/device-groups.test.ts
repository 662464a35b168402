import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startStack, type GraphqlAnswer, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack[Symbol.asyncDispose]());
beforeEach(() => {
  stack.simulator.faults.clear();
  stack.simulator.ledger.clear();
});

interface Result {
  readonly __typename: string;
  readonly name?: string;
  readonly group?: { readonly name: string; readonly devices: { readonly nodes: readonly Named[] } } | null;
  readonly faults?: readonly { readonly path: readonly string[]; readonly code: string }[];
}

interface Named {
  readonly identifiers: readonly { readonly value: string }[];
}

const SHOWN = `name description isDefault devices { nodes { identifiers { value } groups } }`;
const SAVED = `__typename ... on DeviceGroupSaved { name group { ${SHOWN} } } ... on InvalidInput { faults { path code message } }`;
const DELETED = '__typename ... on DeviceGroupDeleted { name } ... on InvalidInput { faults { path code message } }';

function change(mutation: 'create' | 'change' | 'delete', input: object): Promise<GraphqlAnswer<{ result: Result }>> {
  const name = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}DeviceGroup`;
  const document = `mutation ($input: ${name}Input!) { result: ${mutation}DeviceGroup(input: $input) { ${mutation === 'delete' ? DELETED : SAVED} } }`;
  return stack.query(document, { input: { accountName: stack.account, ...input } });
}

const names = async () => {
  const { data } = await stack.query<{ deviceGroups: { name: string }[] }>(
    'query ($account: String!) { deviceGroups(accountName: $account) { name } }',
    { account: stack.account },
  );
  return data?.deviceGroups.map(({ name }) => name);
};

const groupOf = (iccid: string) => stack.simulator.inventory.byIdentifiers([{ kind: 'iccid', id: iccid }])?.groupName;
const ofGroup = (groupName: string) =>
  stack.simulator.inventory.find({ account: stack.account, groupName }).map(({ identifiers }) => identifiers.iccid ?? '');
const byIccid = (values: readonly string[]) => values.map((value) => ({ kind: 'ICCID', value }));

test('a group is made with devices, which leave their old one; renamed, changed and deleted, each seen at once', async () => {
  const [first = '', second = '', third = ''] = ofGroup('4G West');
  expect(await names()).not.toContain('Vans');
  const made = await change('create', { name: 'Vans', description: 'The vans', devices: byIccid([first, second]) });
  expect(made).toMatchObject({
    data: { result: { __typename: 'DeviceGroupSaved', group: { name: 'Vans', description: 'The vans', isDefault: false } } },
  });
  expect(made.data?.result.group?.devices.nodes).toHaveLength(2);
  expect(await names()).toContain('Vans');
  expect(groupOf(first)).toBe('Vans');

  const changed = await change('change', {
    name: 'Vans',
    newName: 'Trucks',
    addDevices: byIccid([third]),
    removeDevices: byIccid([first]),
  });
  expect(changed).toMatchObject({
    data: { result: { __typename: 'DeviceGroupSaved', name: 'Trucks', group: { description: 'The vans' } } },
  });
  expect([first, second, third].map(groupOf)).toEqual([`Default: ${stack.account}`, 'Trucks', 'Trucks']);
  expect(await names()).not.toContain('Vans');

  expect(await change('delete', { name: 'Trucks' })).toMatchObject({
    data: { result: { __typename: 'DeviceGroupDeleted', name: 'Trucks' } },
  });
  expect(groupOf(second)).toBe(`Default: ${stack.account}`);
  expect(await names()).not.toContain('Trucks');
});

test('one group is found by its exact name, and shows its devices page by page', async () => {
  const query = `query ($account: String!, $name: String!, $after: Cursor) { deviceGroup(accountName: $account, name: $name) {
    name devices(first: 2, after: $after) { nodes { identifiers { kind value } groups } pageInfo { hasNextPage endCursor } } } }`;
  const ask = (name: string, after: string | null = null) =>
    stack.query<{ deviceGroup: GroupPage | null }>(query, { account: stack.account, name, after });
  expect(await ask('4g west')).toEqual({ data: { deviceGroup: null } });
  const seen: string[] = [];
  let after: string | null = null;
  for (let more = true; more;) {
    const { data }: GraphqlAnswer<{ deviceGroup: GroupPage | null }> = await ask('eSIM Fleet', after);
    const { nodes, pageInfo } = data?.deviceGroup?.devices ?? NO_PAGE;
    seen.push(...nodes.flatMap(({ identifiers }) => identifiers.flatMap(({ kind, value }) => (kind === 'ICCID' ? [value] : []))));
    ({ hasNextPage: more, endCursor: after } = pageInfo);
  }
  expect(seen).toEqual(ofGroup('eSIM Fleet'));
  expect(seen.length).toBeGreaterThan(4);
});

interface GroupPage {
  readonly devices: {
    readonly nodes: readonly { readonly identifiers: readonly { readonly kind: string; readonly value: string }[] }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}
const NO_PAGE: GroupPage['devices'] = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };

const ICCID = '89148000000000000077';

test.each<['create' | 'change' | 'delete', object, string[], string]>([
  ['create', { name: '', description: 'x' }, ['name'], 'TOO_SMALL'],
  ['create', { name: "it's", description: 'x' }, ['name'], 'INVALID_CHARACTER'],
  ['create', { name: 'a', description: 'x', devices: byIccid(['12']) }, ['devices', '0', 'value'], 'IDENTIFIER_FORM'],
  [
    'create',
    { name: 'a', description: 'x', devices: [{ kind: 'IMSI', value: '311480000000000' }] },
    ['devices', '0', 'kind'],
    'IDENTIFIER_KIND',
  ],
  ['create', { name: 'a', description: 'x', devices: byIccid([ICCID, ICCID.slice(0, 19)]) }, ['devices', '1', 'value'], 'DUPLICATE_DEVICE'],
  [
    'create',
    { name: 'a', description: 'x', devices: byIccid(Array.from({ length: 1_001 }, (_, at) => `${ICCID.slice(0, 16)}${1_000 + at}`)) },
    ['devices'],
    'TOO_BIG',
  ],
  ['change', { name: 'a' }, [], 'NOTHING_TO_CHANGE'],
  ['change', { name: 'a', addDevices: [], newName: null }, [], 'NOTHING_TO_CHANGE'],
  [
    'change',
    { name: 'a', addDevices: byIccid([ICCID]), removeDevices: byIccid([ICCID]) },
    ['removeDevices', '0', 'value'],
    'DUPLICATE_DEVICE',
  ],
  ['delete', { name: ' a' }, ['name'], 'PADDED'],
  ['delete', { accountName: '0999999999-00009', name: 'a' }, ['accountName'], 'UNKNOWN_ACCOUNT'],
])('%s: an input that breaks a rule reaches no carrier: %j', async (mutation, input, path, code) => {
  const { data } = await change(mutation, input);
  expect(data?.result).toMatchObject({ __typename: 'InvalidInput', faults: [{ path, code }] });
  expect(stack.simulator.ledger.counts.calls).toEqual({});
});

test.each<['create' | 'change' | 'delete', object, string]>([
  ['create', { name: '4G East', description: 'x' }, 'UnifiedWebService.REQUEST_FAILED.DeviceGroup.Exists'],
  ['change', { name: 'There is none', newName: 'x' }, 'UnifiedWebService.REQUEST_FAILED.DeviceGroupNotFound'],
  ['delete', { name: 'Default: 0868924207-00001' }, 'UnifiedWebService.INPUT_INVALID.DeviceGroup.DeleteDefault'],
])('%s: what the carrier refuses is an error with its code: %j', async (mutation, input, carrierErrorCode) => {
  expect(await change(mutation, input)).toMatchObject({ errors: [{ extensions: { code: 'CARRIER_REFUSED', carrierErrorCode } }] });
});

test('a change without an answer is an error that says it may have been made, and nothing is sent twice', async () => {
  stack.simulator.faults.endpoints.add({ endpoint: 'groupCreate', drop: 'before-answer' });
  const { errors } = await change('create', { name: 'Unanswered', description: 'x' });
  expect(errors).toMatchObject([
    { extensions: { code: 'CARRIER_UNAVAILABLE' }, message: expect.stringContaining('may have been made') as string },
  ]);
  expect(stack.simulator.ledger.counts.calls['groupCreate']).toBe(1);
  // Whatever was known of the groups is forgotten.
  expect(await names()).toContain('Unanswered');
});

test('a group that was saved is told as saved, also when it cannot be read again', async () => {
  stack.simulator.faults.endpoints.add({ endpoint: 'groups', status: 503 });
  const { data, errors } = await change('change', { name: 'NB-IoT Meters', newDescription: 'All meters' });
  expect(data?.result).toEqual({ __typename: 'DeviceGroupSaved', name: 'NB-IoT Meters', group: null });
  expect(errors).toMatchObject([{ extensions: { code: 'CARRIER_UNAVAILABLE' } }]);
});

test('each change is in the audit log, with its account, its devices and what came of it, and without names', async () => {
  await change('create', { name: 'Audited', description: 'x', devices: byIccid(ofGroup('4G East').slice(0, 2)) });
  await change('create', { name: 'Audited', description: 'x' });
  await change('delete', { name: ' ' });
  const { data } = await stack.query<{ auditLog: { nodes: object[] } }>(
    '{ auditLog(first: 3) { nodes { action accountName deviceCount subject outcome code } } }',
  );
  const entry = { accountName: stack.account, deviceCount: null, subject: null, code: null };
  expect(data?.auditLog.nodes).toEqual([
    { ...entry, action: 'DELETE_DEVICE_GROUP', outcome: 'INVALID', code: 'PADDED' },
    { ...entry, action: 'CREATE_DEVICE_GROUP', outcome: 'FAILED', code: 'CARRIER_REFUSED' },
    { ...entry, action: 'CREATE_DEVICE_GROUP', outcome: 'DONE', deviceCount: 2 },
  ]);
});
