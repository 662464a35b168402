import { isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RENAMES } from '../../src/schema/renames.ts';
import { schema } from '../../src/schema/index.ts';
import { graphql, startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ register: false });
});
afterAll(() => stack[Symbol.asyncDispose]());

const SECRET = '89148000000000004711';
const ids = (value = 'value') => ({ kind: 'ICCID', [value]: SECRET });
const ACTIVATE = 'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }';
const SUSPEND = 'mutation ($input: SuspendDevicesInput!) { suspendDevices(input: $input) { __typename } }';
const RESTORE = 'mutation ($input: RestoreDevicesInput!) { restoreDevices(input: $input) { __typename } }';
const RESOLVE = 'mutation ($input: ResolveUnknownRequestInput!) { resolveUnknownRequest(input: $input) { __typename } }';
const PLAN = { accountName: 'a', servicePlan: 's', mdnZipCode: 'z' };
const LIST = [{ deviceIds: [ids()] }];
const GROUP = { groupName: SECRET };
const WHOLE = { confirmAccountName: SECRET };

/** [what the version before this one took, its variables, what its client is told] */
const OLD: readonly (readonly [document: string, variables: object, told: string])[] = [
  ['query ($id: ID!) { request(id: $id) { outcomes { nodes { deviceIds { kind id } } } } }', { id: 'x' }, 'called `value` now'],
  ['{ unclaimedCallbacks { nodes { deviceIds { id } } } }', {}, 'called `value` now'],
  [
    'subscription ($id: ID!) { requestStatus(requestId: $id) { outcomes { nidd { deviceIds { id } } } } }',
    { id: 'x' },
    'called `value` now',
  ],
  [
    'query ($filter: RequestFilter) { requests(filter: $filter) { nodes { id } } }',
    { filter: { deviceId: ids('id') } },
    'called `value` now',
  ],
  [`{ requests(filter: { deviceId: { kind: ICCID, id: "${SECRET}" } }) { nodes { id } } }`, {}, 'called `value` now'],
  [ACTIVATE, { input: { ...PLAN, target: { devices: [{ deviceIds: [ids('id')] }] } } }, 'called `value` now'],
  [ACTIVATE, { input: { ...PLAN, devices: LIST } }, '`target: { devices: … }`'],
  [ACTIVATE, { input: { ...PLAN, activateGroup: GROUP } }, '`target: { group: … }`'],
  [ACTIVATE, { input: { ...PLAN, activateWholeAccount: WHOLE } }, '`target: { wholeAccount: … }`'],
  [
    `mutation { activateDevices(input: { accountName: "a", servicePlan: "s", mdnZipCode: "z", devices: [{ deviceIds: [{ kind: ICCID, value: "${SECRET}" }] }] }) { __typename } }`,
    {},
    '`target: { devices: … }`',
  ],
  [
    'mutation ($devices: [ActivateDeviceInput!]) { activateDevices(input: { accountName: "a", servicePlan: "s", mdnZipCode: "z", devices: $devices }) { __typename } }',
    { devices: LIST },
    '`target: { devices: … }`',
  ],
  ...[SUSPEND, RESTORE].flatMap((document) => [
    [document, { input: { accountName: 'a', devices: LIST } }, '`target: { devices: … }`'] as const,
    [document, { input: { accountName: 'a', group: GROUP } }, '`target: { group: … }`'] as const,
    [document, { input: { accountName: 'a', wholeAccount: WHOLE } }, '`target: { wholeAccount: … }`'] as const,
  ]),
  [RESOLVE, { input: { requestId: 'x', carrierRequestId: SECRET } }, '`fate: { carrierRequestId: … }`'],
  [RESOLVE, { input: { requestId: 'x', neverArrived: true } }, '`fate: { neverArrived: true }`'],
  [
    'query ($id: ID!) { request(id: $id) { retries { id status progress { failed } createdAt } } }',
    { id: 'x' },
    'its requests are in `nodes`',
  ],
  ['mutation { redriveDeadLetters(input: { ids: ["1"] }) { id outcome } }', {}, 'called `deadLetterId` now'],
  ['query ($after: String) { requests(after: $after) { nodes { id } } }', { after: SECRET }, 'declare the variable as `Cursor`'],
  [
    'query ($id: ID!, $after: String!) { request(id: $id) { outcomes(after: $after) { nodes { id } } } }',
    { id: 'x', after: SECRET },
    'declare the variable as `Cursor`',
  ],
  ['query ($after: String) { deadLetters(after: $after) { nodes { id } } }', {}, 'declare the variable as `Cursor`'],
  ['query ($after: String) { auditLog(after: $after) { nodes { id } } }', {}, 'declare the variable as `Cursor`'],
  ['query ($after: String) { unclaimedCallbacks(after: $after) { nodes { id } } }', {}, 'declare the variable as `Cursor`'],
];

describe.each(OLD)('%s %j', (document, variables, told) => {
  test('is told the new name over HTTP, once, and without a value', async () => {
    const { data, errors = [] } = await graphql(stack.gateway.urls.graphql, document, { ...variables });
    expect(data).toBeUndefined();
    expect(errors.map(({ message }) => message.split(told).length - 1)).toContain(1);
    expect(JSON.stringify(errors)).not.toContain(SECRET);
  });

  test('and over a WebSocket', async () => {
    const failed = stack
      .client()
      .iterate({ query: document, variables: { ...variables } })
      .next();
    const errors = await failed.then(
      ({ value }) => JSON.stringify(value?.errors ?? []),
      (error: unknown) => JSON.stringify(error),
    );
    expect(errors.split(told).length).toBeGreaterThan(1);
    expect(errors).not.toContain(SECRET);
  });
});

test('what only looks like an old name gets no sentence', async () => {
  for (const document of [
    '{ requests { nodes { idd } } }',
    '{ node(id: "x") { id value } }',
    '{ requests(before: "x") { nodes { id } } }',
  ]) {
    const { errors = [] } = await stack.query(document);
    expect(JSON.stringify(errors)).not.toMatch(/ now[.:]/);
  }
});

test('every old name is told of here, is gone, and stands on a type that is there', () => {
  const texts = OLD.map(([, , told]) => told);
  for (const [place, sentence] of RENAMES) {
    expect(
      texts.some((told) => sentence.includes(told)),
      place,
    ).toBe(true);
    const [typeName = '', name] = place.split('.');
    if (name === undefined) continue;
    const type = schema.getType(typeName);
    const names =
      isObjectType(type) || isInputObjectType(type) || isInterfaceType(type)
        ? Object.keys(type.getFields())
        : isEnumType(type)
          ? type.getValues().map((value) => value.name)
          : expect.unreachable(typeName);
    expect(names, place).not.toContain(name);
  }
});
