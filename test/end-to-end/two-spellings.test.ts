import { expect, test } from 'vitest';
import { acceptedRequest, activate, activation } from '../carrier/support/activation.ts';
import { operator } from '../follow-up/support/operator.ts';
import { iccid } from '../support/devices.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { PLACE } from '../support/valid-inputs.ts';

const SHORT = '8914800000000000001';
const IMEI = '990013900000011';
const GUID = /^[0-9a-f]{8}-/;

/** The carrier's success for a device, with identifiers as the test spells them. */
const success = (requestId: string, ...ids: readonly (readonly [kind: string, id: string])[]) => ({
  requestId,
  deviceIds: ids.map(([kind, id]) => ({ kind, id })),
  deviceResponse: { activateResponse: { deviceIds: ids.map(([kind, id]) => ({ kind, id })), state: 'Active' } },
  status: 'Success',
  callbackCount: 1,
});

const byIccid = (...values: readonly string[]) => values.map((value) => ({ deviceIds: [{ kind: 'ICCID' as const, value }] }));

/** Activates and gives back our id and the carrier's. */
async function activated(stack: Stack, more: Parameters<typeof activation>[1]) {
  const { id, carrierRequests } = acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account, more)));
  return { id, carrierRequestId: carrierRequests[0]?.carrierRequestId ?? '' };
}

const list = async (stack: Pick<Stack, 'query'>, filter: Record<string, unknown>) => {
  const { data, errors } = await stack.query<{ requests: { nodes: { id: string }[] } }>(
    'query ($filter: RequestFilter) { requests(filter: $filter) { nodes { id } } }',
    { filter },
  );
  return data?.requests.nodes.map(({ id }) => id) ?? errors?.map(({ extensions }) => extensions?.code);
};

test('a SIM asked for with 19 digits is the one that is reported with padding or with 20, and the other way round', async () => {
  await using stack = await startStack({ register: false });
  const { show } = operator(stack.gateway.urls.graphql);
  const one = await activated(stack, {
    devices: [SHORT, '8914800000000000002', '89148000000000000035'].map((value, at) => ({
      deviceIds: [
        { kind: 'IMEI' as const, value: `99001390000${at}011` },
        { kind: 'ICCID' as const, value },
      ],
    })),
  });
  for (const ids of [
    [
      ['imei', '990013900000011'],
      ['iccId', `${SHORT}F`],
    ],
    [['Iccid', '89148000000000000029']],
    [['iccId', '8914800000000000003']],
  ] as const)
    expect(await postCallback(stack, 'CarrierService', success(one.carrierRequestId, ...ids))).toBe(200);
  expect(await show(one.id)).toMatchObject({ status: 'SUCCEEDED', progress: { total: 3, succeeded: 3, unmatchedCallbacks: 0 } });
});

test('what people paste is sent to the carrier clean, and matched and found in every spelling', async () => {
  await using stack = await startStack({ register: false });
  const { id, carrierRequestId } = await activated(stack, {
    devices: [
      {
        deviceIds: [
          { kind: 'IMEI', value: ' 99-001390-000001\u00a01' },
          { kind: 'ICCID', value: `${SHORT.replaceAll(/(....)/g, '$1 ')}F\n` },
          { kind: 'MDN', value: '+1 (509) 630-6081' },
        ],
      },
    ],
  });
  expect(JSON.parse(stack.simulator.ledger.posts[0]?.body ?? '')).toMatchObject({
    devices: [
      {
        deviceIds: [
          { kind: 'imei', id: IMEI },
          { kind: 'iccid', id: SHORT },
          { kind: 'mdn', id: '5096306081' },
        ],
      },
    ],
  });
  for (const search of [
    SHORT,
    `${SHORT}F`,
    `${SHORT}7`,
    SHORT.replaceAll(/(....)/g, '$1-'),
    IMEI,
    IMEI.slice(0, 14),
    `${IMEI.slice(0, 14)}07`,
    '5096306081',
    '15096306081',
    '+1 (509) 630-6081',
    id,
    ` ${id.toLowerCase()}`,
    carrierRequestId,
    `{${carrierRequestId.toUpperCase()}}`,
  ])
    expect(await list(stack, { search }), search).toEqual([id]);
  for (const [kind, value] of [
    ['ICCID', `${SHORT}f`],
    ['IMEI', '99 001390 000001'],
    ['MSISDN', '1-509-630-6081'],
  ] as const)
    expect(await list(stack, { deviceId: { kind, value } }), value).toEqual([id]);
  for (const search of [`${SHORT.slice(0, 18)}2`, '990013900000012', '5096306082', 'nothing'])
    expect(await list(stack, { search }), search).toEqual([]);
});

test('a search for what cannot be is an error that says the forms, unless it is somebody’s reference', async () => {
  await using stack = await startStack({ register: false });
  const { id } = await activated(stack, { clientReference: '12345-Jose\u0301' });
  for (const filter of [
    { search: '8914800' },
    { search: '+1 509 630' },
    { search: 'req_01ARZ3' },
    { search: 'x'.repeat(256) },
    { deviceId: { kind: 'ICCID', value: '12345' } },
    { deviceId: { kind: 'MEID', value: 'A00000092954' } },
  ])
    expect(await list(stack, filter), JSON.stringify(filter)).toEqual(['BAD_USER_INPUT']);
  const said = await stack.query('{ requests(filter: { search: "8914800" }) { nodes { id } } }');
  expect(said.errors?.[0]?.message).toContain('ICCID 18 to 20 digits; EID 32 digits; IMEI 14 to 16 digits');
  for (const filter of [
    { search: '12345' },
    { search: '' },
    { search: ' ' },
    { search: '12345-Jos\u00e9' },
    { clientReference: '12345-Jos\u00e9' },
  ])
    expect(await list(stack, filter), JSON.stringify(filter)).toEqual([id]);
  expect(await list(stack, { search: '12345', status: ['FAILED'] })).toEqual(['BAD_USER_INPUT']);
});

test('test data in sequence is taken: IMEIs of one length that differ in the last digit are two devices', async () => {
  await using stack = await startStack({ register: false });
  const values = Array.from({ length: 10 }, (_, at) => `99001390000001${at}`);
  const { id, carrierRequestId } = await activated(stack, {
    devices: values.map((value, at) => ({
      deviceIds: [
        { kind: 'IMEI', value },
        { kind: 'ICCID', value: iccid(at + 1) },
      ],
    })),
  });
  await postCallback(stack, 'CarrierService', success(carrierRequestId, ['imei', values[3] ?? '']));
  const { outcomes } = await operator(stack.gateway.urls.graphql).show(id);
  expect(outcomes.nodes.map(({ status }) => status)).toEqual(values.map((_, at) => (at === 3 ? 'SUCCEEDED' : 'PENDING')));
  expect(await list(stack, { search: '990013900000013' })).toEqual([id]);
});

test('a GUID of the carrier is one in any letter case and in braces, wherever it comes', async () => {
  await using stack = await startStack({ register: false });
  const { id, carrierRequestId } = await activated(stack, { devices: byIccid(SHORT, '8914800000000000002'), skuNumber: 'VZW12' });
  expect(carrierRequestId).toMatch(GUID);
  const upper = carrierRequestId.toUpperCase();
  await postCallback(stack, 'CarrierService', success(`{${upper}}`, ['iccId', SHORT]));
  await postCallback(stack, 'CarrierService', success(upper, ['iccId', '8914800000000000002']));
  const asked = await stack.query('query ($id: ID!) { request(id: $id) { id status } }', { id: ` {${upper}} ` });
  expect(asked.data).toEqual({ request: { id, status: 'SUCCEEDED' } });
});

test('a callback in braces that comes before the answer is claimed by it, and an operator may paste the id in any spelling', async () => {
  await using stack = await startStack({ register: false });
  const url = stack.gateway.urls.graphql;
  stack.simulator.faults.drop('activate', 'before-answer', { performed: false });
  const { id } = await activated(stack, { devices: byIccid(SHORT), skuNumber: 'VZW12' });
  const guid = 'A0B1C2D3-0000-4000-8000-ABCDEF012345';
  await postCallback(stack, 'CarrierService', success(`{${guid}}`, ['iccId', '89148000000000000994']));
  const result = await operator(url).resolve({ requestId: id, fate: { carrierRequestId: `{${guid.toLowerCase()}}` } });
  expect(result).toMatchObject({ request: { id } });
  // By elimination: the ICCID is another one, so its message is an outcome of its own.
  expect(await operator(url).show(id)).toMatchObject({
    carrierRequests: [{ carrierRequestId: guid.toLowerCase() }],
    progress: { unmatchedCallbacks: 1, succeeded: 0 },
  });
});

test('names in another form of Unicode, with no-break spaces and with invisible characters are checked and counted in one form', async () => {
  await using stack = await startStack({ register: false });
  const faultsOf = async (firstName: string) => {
    const customerName = { ...PLACE.customerName, firstName };
    const input = activation(stack.account, { primaryPlaceOfUse: { ...PLACE, customerName }, validateOnly: true });
    const result = await activate(stack.gateway.urls.graphql, input);
    return 'faults' in result ? result.faults.map(({ code }) => code) : result.__typename;
  };
  for (const name of [
    'Jos\u00e9',
    'Jose\u0301',
    'Mary\u00a0Ann',
    'Ma\u00adry\u200b\u202fAnn',
    // Letters with accents that no single character has, and with the vowel signs of Hindi.
    'x\u0323\u030c',
    'मोहन',
    // 20 letters, not 40.
    'e\u0301'.repeat(20),
  ])
    expect(await faultsOf(name), JSON.stringify(name)).toBe('InputAccepted');
  for (const [name, codes] of [
    ['Mary\u200dAnn', ['INVISIBLE_CHARACTER']],
    ['Mary\tAnn', ['INVALID_CHARACTER', 'INVALID_FORMAT']],
    ['\u0301Mary', ['INVALID_FORMAT']],
    ['\u00a0Mary', ['PADDED']],
    ['\u200b', ['TOO_SMALL']],
    ['e\u0301'.repeat(21), ['TOO_BIG']],
  ] as const)
    expect(await faultsOf(name), JSON.stringify(name)).toEqual(codes);
});

test('texts are sent in one form of Unicode', async () => {
  await using stack = await startStack({ register: false });
  await activated(stack, {
    devices: byIccid(SHORT),
    skuNumber: 'VZW12',
    customFields: [{ key: 'CustomField1', value: 'Cafe\u0301\u00a0Mu\u00adn\u0303oz' }],
  });
  expect(JSON.parse(stack.simulator.ledger.posts[0]?.body ?? '')).toMatchObject({
    customFields: [{ key: 'CustomField1', value: 'Café Muñoz' }],
  });
});
