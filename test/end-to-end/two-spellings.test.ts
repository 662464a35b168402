import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { acceptedRequest, activate, activation } from '../carrier/support/activation.ts';
import { operator } from '../follow-up/support/operator.ts';
import { devices } from '../support/devices.ts';
import { openGateway } from '../support/open-gateway.ts';
import { postCallback } from '../support/post-callback.ts';
import { graphql, startStack, type Stack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
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
  const { id, carrierRequestId } = await activated(stack, { devices: values.map((value) => ({ deviceIds: [{ kind: 'IMEI', value }] })) });
  await postCallback(stack, 'CarrierService', success(carrierRequestId, ['imei', values[3] ?? '']));
  const { outcomes } = await operator(stack.gateway.urls.graphql).show(id);
  expect(outcomes.nodes.map(({ status }) => status)).toEqual(values.map((_, at) => (at === 3 ? 'SUCCEEDED' : 'PENDING')));
  expect(await list(stack, { search: '990013900000013' })).toEqual([id]);
});

test('a GUID of the carrier is one in any letter case and in braces, wherever it comes', async () => {
  await using stack = await startStack({ register: false });
  const { id, carrierRequestId } = await activated(stack, { devices: byIccid(SHORT, '8914800000000000002') });
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
  const { id } = await activated(stack, { devices: byIccid(SHORT) });
  const guid = 'A0B1C2D3-0000-4000-8000-ABCDEF012345';
  await postCallback(stack, 'CarrierService', success(`{${guid}}`, ['iccId', '89148000000000000994']));
  const result = await operator(url).resolve({ requestId: id, carrierRequestId: `{${guid.toLowerCase()}}` });
  expect(result).toMatchObject({ request: { id } });
  // By elimination: the ICCID is another one, so its message is an outcome of its own.
  expect(await operator(url).show(id)).toMatchObject({
    carrierRequests: [{ carrierRequestId: guid.toLowerCase() }],
    progress: { unmatchedCallbacks: 0, succeeded: 1 },
  });
});

test('names in another form of Unicode, and with no-break spaces and invisible characters, are checked and sent in one form', async () => {
  await using stack = await startStack({ register: false });
  const names = [
    ['Jos\u00e9', 'Mu\u00f1oz', 'José', 'Muñoz'],
    ['Jose\u0301', 'Mun\u0303oz', 'José', 'Muñoz'],
    ['Mary\u00a0Ann', 'Smith', 'Mary Ann', 'Smith'],
    ['Mary\u202fAnn', 'Smi\u00adth\u200b', 'Mary Ann', 'Smith'],
    // Letters with accents that no single character has, and Indic vowel signs.
    ['x\u0323\u030c', 'मोहन', 'x\u0323\u030c', 'मोहन'],
    // Counted as NFC: 20 letters, not 40.
    ['e\u0301'.repeat(20), 'Smith', 'é'.repeat(20), 'Smith'],
  ] as const;
  for (const [at, [firstName, lastName, first, last]] of names.entries()) {
    const customerName = { ...PLACE.customerName, firstName, lastName };
    await activated(stack, { devices: devices(1, at + 1), primaryPlaceOfUse: { ...PLACE, customerName } });
    expect(JSON.parse(stack.simulator.ledger.posts.at(-1)?.body ?? '')).toMatchObject({
      primaryPlaceOfUse: { customerName: { firstName: first, lastName: last } },
    });
  }
  for (const [firstName, code] of [
    ['Mary\u200dAnn', 'INVISIBLE_CHARACTER'],
    ['Mary\tAnn', 'INVALID_CHARACTER'],
    ['\u0301Mary', 'INVALID_FORMAT'],
    ['\u00a0Mary', 'PADDED'],
  ] as const) {
    const customerName = { ...PLACE.customerName, firstName };
    const refused = await activate(
      stack.gateway.urls.graphql,
      activation(stack.account, { primaryPlaceOfUse: { ...PLACE, customerName }, validateOnly: true }),
    );
    expect('faults' in refused ? refused.faults.map((fault) => fault.code) : refused, JSON.stringify(firstName)).toContain(code);
  }
});

const LONG = '89148000000000000019';
const KEYED = {
  idempotencyKey: 'retry',
  carrierName: null,
  devices: [
    {
      deviceIds: [
        { kind: 'IMEI' as const, value: IMEI },
        { kind: 'ICCID' as const, value: LONG },
      ],
    },
  ],
  customFields: [
    { key: 'CustomField1', value: 'Jos\u00e9' },
    { key: 'CustomField2', value: 'two' },
  ],
};
/** What asks the carrier for the same, in other words. */
const SAME: readonly (readonly [what: string, input: Parameters<typeof activation>[1]])[] = [
  ['the identifiers in another order', { devices: KEYED.devices.map(({ deviceIds }) => ({ deviceIds: deviceIds.toReversed() })) }],
  [
    'an ICCID with blanks and padding',
    {
      devices: [
        {
          deviceIds: [
            { kind: 'IMEI', value: IMEI },
            { kind: 'ICCID', value: `${LONG.replaceAll(/(....)/g, '$1 ')}F` },
          ],
        },
      ],
    },
  ],
  [
    'identifiers of other lengths',
    {
      devices: [
        {
          deviceIds: [
            { kind: 'ICCID', value: LONG.slice(0, 19) },
            { kind: 'IMEI', value: IMEI.slice(0, 14) },
          ],
        },
      ],
    },
  ],
  [
    'a text in another form of Unicode',
    {
      customFields: [
        { key: 'CustomField1', value: 'Jose\u0301' },
        { key: 'CustomField2', value: 'two' },
      ],
    },
  ],
  ['the custom fields in another order', { customFields: KEYED.customFields.toReversed() }],
];

test('two inputs that ask the carrier for the same are the same under one key, others are not', async () => {
  await using stack = await startStack({ register: false });
  const url = stack.gateway.urls.graphql;
  const { id } = acceptedRequest(await activate(url, activation(stack.account, KEYED)));
  const { carrierName: _null, ...missing } = KEYED;
  for (const [what, other] of [...SAME, ['a missing field for one that is null', missing] as const])
    expect(acceptedRequest(await activate(url, activation(stack.account, { ...missing, ...other }))).id, what).toBe(id);
  for (const value of [`${LONG.slice(0, 19)}8`, `${LONG.slice(0, 18)}2`])
    expect(
      await activate(
        url,
        activation(stack.account, {
          ...KEYED,
          devices: [
            {
              deviceIds: [
                { kind: 'IMEI', value: IMEI },
                { kind: 'ICCID', value },
              ],
            },
          ],
        }),
      ),
    ).toMatchObject({ __typename: 'IdempotencyKeyReused', requestId: id });
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('a store of the version before this one: a retry under its key is the same request, and its devices are found', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  const account = simulator.accounts[0] ?? '';
  let id: string;
  {
    await using gateway = await openGateway(simulator, path);
    ({ id } = acceptedRequest(await activate(gateway.urls.graphql, activation(account, KEYED))));
    await graphql(gateway.urls.graphql, `{ requests(filter: { search: "${LONG}" }) { nodes { id } } }`);
  }
  const guid = writeAsBefore(path, id, account);
  await using gateway = await openGateway(simulator, path);
  const url = gateway.urls.graphql;
  const query: Stack['query'] = (document, variables) => graphql(url, document, variables);
  for (const [what, other] of [['the input as it was', {}] as const, ...SAME])
    expect(acceptedRequest(await activate(url, activation(account, { ...KEYED, ...other }))).id, what).toBe(id);
  expect(await activate(url, activation(account, { ...KEYED, mdnZipCode: '10001' }))).toMatchObject({ requestId: id });
  for (const search of [LONG, LONG.slice(0, 19), IMEI, IMEI.slice(0, 14)]) expect(await list({ query }, { search }), search).toEqual([id]);
  const request = await graphql(url, 'query ($id: ID!) { request(id: $id) { id } }', { id: guid });
  expect(request.data).toEqual({ request: { id } });
  expect(simulator.ledger.posts).toHaveLength(1);
});

/** Rewrites the row of a Request as version 0.1.0 wrote it: texts and ids as they came, its hash over the order of the input. Gives back the carrier's id. */
function writeAsBefore(path: string, id: string, account: string): string {
  const db = new DatabaseSync(path);
  const { pk } = db.prepare('SELECT pk FROM request WHERE id = ?').get(id) as { pk: number };
  const { devices, settings } = db.prepare('SELECT devices, settings FROM request_input WHERE request_pk = ?').get(pk) as Record<
    string,
    string
  >;
  const decomposed = settings?.normalize('NFD') ?? '';
  const hash = createHash('sha256')
    .update(JSON.stringify(['ACTIVATE_DEVICES', account]))
    .update(devices ?? '')
    .update(decomposed)
    .digest();
  db.prepare('UPDATE request SET input_hash = ? WHERE pk = ?').run(hash, pk);
  db.prepare('UPDATE request_input SET settings = ? WHERE request_pk = ?').run(decomposed, pk);
  db.prepare('UPDATE identifier SET key = ? WHERE key = ?').run(`IMEI:${IMEI.slice(0, 14)}`, `IMEI:${IMEI}`);
  const { guid } = db.prepare('SELECT carrier_request_id AS guid FROM carrier_request').get() as { guid: string };
  db.prepare('UPDATE carrier_request SET carrier_request_id = upper(carrier_request_id)').run();
  db.close();
  return guid;
}
