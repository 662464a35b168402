import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { openGateway } from '../support/open-gateway.ts';
import { graphql, startStack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { acceptedRequest, activate, activation } from './support/activation.ts';

const IMEI = '990013900000011';
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
  const found = async (search: string) => {
    const listed = 'query ($search: String!) { requests(filter: { search: $search }) { nodes { id } } }';
    return (await graphql<{ requests: { nodes: { id: string }[] } }>(url, listed, { search })).data?.requests.nodes.map((node) => node.id);
  };
  for (const [what, other] of [['the input as it was', {}] as const, ...SAME])
    expect(acceptedRequest(await activate(url, activation(account, { ...KEYED, ...other }))).id, what).toBe(id);
  expect(await activate(url, activation(account, { ...KEYED, mdnZipCode: '10001' }))).toMatchObject({ requestId: id });
  for (const search of [LONG, LONG.slice(0, 19), IMEI, IMEI.slice(0, 14)]) expect(await found(search), search).toEqual([id]);
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
