import { request } from 'undici';
import { expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import { shortly } from '../support/input-faults.ts';
import { mutate } from '../support/mutations.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { OPERATION_CASES } from '../support/operation-fixtures.ts';
import { ACTIVATE, ICCID, PLACE } from '../support/valid-inputs.ts';

/** Nothing reached the carrier, not even a login of the gateway, and the store has no request. */
async function expectNothingHappened(stack: Stack): Promise<void> {
  const { posts, counts } = stack.simulator.ledger;
  expect(posts).toEqual([]);
  // The test itself logged in once, to register the listeners.
  expect(counts.calls['login']).toBe(1);
  const stored = await stack.query('{ requests { nodes { id } } }');
  expect(stored.data).toEqual({ requests: { nodes: [] } });
}

test('all faults of an input come back together, each with its path, and nothing is sent or stored', async () => {
  await using stack = await startStack();
  const input = {
    ...ACTIVATE,
    devices: [
      { deviceIds: [{ kind: 'IMEI', value: '49-015420-32375' }, ICCID], ipAddress: '300.1.1.1' },
      { deviceIds: [ICCID] },
      { deviceIds: [] },
    ],
    activateGroup: { groupName: "Moe's" },
    mdnZipCode: 'Seattle',
    customFields: [{ key: 'CustomField6', value: 'secret value'.repeat(5) }],
    leadId: '1000000001',
    primaryPlaceOfUse: {
      customerName: { ...PLACE.customerName, lastName: 'Beeble*brox' },
      address: { ...PLACE.address, addressLine1: 'P.O. Box 4711', country: 'Betelgeuse' },
    },
    idempotencyKey: '',
  };
  const result = await mutate(stack, 'ActivateDevices', input);
  expect(result).toMatchObject({ __typename: 'InvalidInput', code: 'INVALID_INPUT' });
  expect(new Set(result.faults?.map(shortly))).toEqual(
    new Set([
      'devices.0.deviceIds.0.value IDENTIFIER_FORM',
      'devices.0.ipAddress INVALID_FORMAT',
      'devices.0.ipAddress NEEDS_IP_POOL',
      'devices.1.deviceIds.0.value DUPLICATE_DEVICE',
      'devices.2.deviceIds TOO_SMALL',
      'activateGroup.groupName INVALID_CHARACTER',
      'mdnZipCode INVALID_FORMAT',
      'customFields.0.key INVALID_FORMAT',
      'customFields.0.value TOO_BIG',
      'primaryPlaceOfUse.customerName.lastName INVALID_FORMAT',
      'primaryPlaceOfUse.address.addressLine1 PO_BOX',
      'primaryPlaceOfUse.address.country INVALID_FORMAT',
      'idempotencyKey TOO_SMALL',
      'EXACTLY_ONE_TARGET',
      'primaryPlaceOfUse EXCLUDES_LEAD',
    ]),
  );
  expect(result.totalFaults).toBe(result.faults?.length);
  const said = JSON.stringify(result);
  for (const value of ['49-015420', '300.1.1.1', "Moe's", 'Seattle', 'secret value', 'Beeble', '4711', 'Betelgeuse', ICCID.value])
    expect(said).not.toContain(value);
  await expectNothingHappened(stack);
});

test('an input with more than 100 faults shows the first 100 and the number of all', async () => {
  await using stack = await startStack();
  const bad = devices(250).map(({ deviceIds }) => ({
    deviceIds: deviceIds.map(({ kind }, at) => ({ kind, value: at === 0 ? 'x' : `y${kind}` })),
  }));
  const result = await mutate(stack, 'ActivateDevices', { ...ACTIVATE, devices: bad });
  // Each of the 250 devices has two wrong identifiers. From the second device on, both also repeat those of the first.
  expect(result.totalFaults).toBe(250 * 2 + 249 * 2);
  expect(result.faults).toHaveLength(100);
  expect(result.faults?.map(({ path }) => path.join('.')).slice(0, 3)).toEqual([
    'devices.0.deviceIds.0.value',
    'devices.0.deviceIds.1.value',
    'devices.1.deviceIds.0.value',
  ]);
  expect(result.message).toContain('998 faults');
  await expectNothingHappened(stack);
});

test('a list of 10,001 devices is refused as a whole', async () => {
  await using stack = await startStack();
  const result = await mutate(stack, 'ActivateDevices', { ...ACTIVATE, devices: devices(10_001) });
  expect(result.faults?.map(shortly)).toEqual(['devices TOO_BIG']);
  await expectNothingHappened(stack);
});

test.each(OPERATION_CASES)(
  '$operation.mutation for an account the gateway does not serve is a fault of accountName',
  async ({ operation: { typeName }, input: valid }) => {
    await using stack = await startStack();
    const result = await mutate(stack, typeName, { ...valid, accountName: '0999999999-00001' });
    expect(result.faults?.map(shortly)).toEqual(['accountName UNKNOWN_ACCOUNT']);
    expect(JSON.stringify(result)).not.toContain('0999999999');
    await expectNothingHappened(stack);
  },
);

test.each([
  ['../../v2/devices', 'UNKNOWN_ACCOUNT'],
  [`${ACTIVATE.accountName}/../x`, 'UNKNOWN_ACCOUNT'],
  [`${ACTIVATE.accountName}%2F..`, 'UNKNOWN_ACCOUNT'],
  [`${ACTIVATE.accountName}?a=b`, 'UNKNOWN_ACCOUNT'],
  ['０８６８９２４２０７-００００１', 'UNKNOWN_ACCOUNT'],
  [`${ACTIVATE.accountName}\r\nx-injected: 1`, 'INVALID_CHARACTER'],
  [`${ACTIVATE.accountName}\0`, 'INVALID_CHARACTER'],
  [` ${ACTIVATE.accountName}`, 'PADDED'],
])('accountName %j would reach a path of the carrier, and is refused with %s', async (accountName, code) => {
  await using stack = await startStack();
  const result = await mutate(stack, 'ActivateDevices', { ...ACTIVATE, accountName });
  expect(result.faults?.map(shortly)).toEqual([`accountName ${code}`]);
  await expectNothingHappened(stack);
});

test('a name that is not UTF-8 is refused, because it would reach the carrier as another name', async () => {
  await using stack = await startStack();
  const query =
    'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ... on InvalidInput { faults { path code } } } }';
  const input = { ...ACTIVATE, customFields: [{ key: 'CustomField1', value: 'München' }] };
  const answer = await request(stack.gateway.urls.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ query, variables: { input } }), 'latin1'),
  });
  expect(await answer.body.json()).toEqual({
    data: { activateDevices: { faults: [{ path: ['customFields', '0', 'value'], code: 'INVALID_CHARACTER' }] } },
  });
  await expectNothingHappened(stack);
});

test.each(OPERATION_CASES)(
  '$operation.mutation with validateOnly checks the input and sends nothing',
  async ({ operation: { typeName }, input: valid }) => {
    await using stack = await startStack();
    expect(await mutate(stack, typeName, { ...valid, validateOnly: true })).toMatchObject({ __typename: 'InputAccepted' });
    expect(await mutate(stack, typeName, { ...valid, accountName: '', validateOnly: true })).toMatchObject({ __typename: 'InvalidInput' });
    await expectNothingHappened(stack);
  },
);

test('a kind the page does not name, a missing required field and an unknown field never reach the rules', async () => {
  await using stack = await startStack();
  const { servicePlan: _left, ...without } = ACTIVATE;
  const { mdnZipCode: _out, ...withoutZip } = ACTIVATE;
  for (const input of [
    without,
    withoutZip,
    { ...ACTIVATE, sevicePlan: 'x' },
    { ...ACTIVATE, devices: [{ deviceIds: [{ kind: 'imei', id: '1' }] }] },
  ])
    await expect(mutate(stack, 'ActivateDevices', input)).rejects.toThrow('$input');
  await expectNothingHappened(stack);
});
