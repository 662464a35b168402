import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { incoming, successCallback } from '../support/callback-samples.ts';
import { devices, iccid } from '../support/devices.ts';
import { newRequest } from '../support/new-request.ts';
import { openGateway } from '../support/open-gateway.ts';
import { openLog } from '../support/open-log.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { sseResults } from '../support/sse-client.ts';
import { graphql, type GraphqlAnswer } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A request whose devices were each retried by itself, with the limits that a gateway has by default. */
const RETRIES = 60;

const undo = new AsyncDisposableStack();
let urls: { readonly graphql: string; readonly websocket: string };
let account: string;
let id: string;
beforeAll(async () => {
  const folder = undo.use(await tempFolder());
  const simulator = undo.use(await startSimulator());
  account = simulator.accounts[0] ?? '';
  const path = `${folder.path}/gateway.sqlite`;
  id = await fill(path);
  const gateway = undo.use(await openGateway(simulator, path));
  ({ urls } = gateway);
});
afterAll(() => undo.disposeAsync());

async function fill(path: string): Promise<string> {
  await using log = openLog(path);
  const ids = Array.from({ length: RETRIES }, (_, at) => [['ICCID', iccid(at + 1)]] as const);
  const first = newRequest(ids, { account });
  for (const request of [first, ...ids.map((device) => newRequest([device], { account, retryOf: first.id }))]) {
    const guid = `carrier-${request.id.slice(4)}`;
    await log.create(request);
    await log.step(request.id, 0, { type: 'SENDING' });
    await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: guid });
    const named = request === first ? ids : ids.slice(0, 1);
    await Promise.all(named.map((device) => log.append(successCallback({ requestId: guid, ids: device, account }))));
  }
  for (let at = 0; at < 2; at++)
    await log.append(incoming('DeviceUsage', { requestId: `nobody-${at}`, text: 'x'.repeat(1_000_000) }, { account }));
  return first.id;
}

const repeated = (count: number, text: string) => Array.from({ length: count }, (_, at) => `a${at}: ${text}`).join(' ');
const around = (levels: number, first: string): string =>
  levels === 0 ? 'id' : `retries${first} { nodes { ${levels === 1 ? 'id' : `retryOf { ${around(levels - 1, first)} }`} } }`;
const byNull =
  'query ($n: Int = 1) { ' +
  `${repeated(5, 'requests(first: $n) { nodes { outcomes(first: $n) { nodes { id } } } edges { node { outcomes(first: $n) { nodes { id } } } } }')} }`;
const named = (name: string) =>
  `{ requests(first: 100) { a: nodes { ...f } b: nodes { ...f } c: nodes { ...f } } } fragment f on Request { outcomes(first: 100) { nodes { ${name}: index } } }`;
const types = (levels: number): string => (levels === 0 ? 'name' : `possibleTypes { interfaces { ${types(levels - 1)} } }`);
const activate = (count: number) => ({
  input: { accountName: account, target: { devices: devices(count) }, servicePlan: 'plan', mdnZipCode: '98801', validateOnly: true },
});
const validate = (count: number) =>
  `mutation ($input: ActivateDevicesInput!) { ${repeated(count, 'activateDevices(input: $input) { ... on InputAccepted { deviceCount } }')} }`;
const redrive = 'mutation ($ids: [ID!]!) { redriveDeadLetters(input: { ids: $ids }) { deadLetterId } }';
const codes = 'query ($id: ID!, $codes: [String!]) { request(id: $id) { outcomes(first: 1, faultCode: $codes) { nodes { id } } } }';
const ids = (count: number) => Array.from({ length: count }, (_, at) => `dead_${at + 1}`);

interface Asked {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
}

/** What was asked once and ended the process, or kept everybody else waiting, and the same as a client asks it. */
const ATTACKS: [what: string, large: () => Asked, usual: () => Asked, code?: string][] = [
  [
    'retries and what they retry, in a circle',
    () => ({ query: `{ request(id: "${id}") { ${around(3, '(first: 60)')} } }` }),
    () => ({ query: `{ request(id: "${id}") { ${around(3, '(first: 5)')} } }` }),
  ],
  [
    'the same with pages of no stated size',
    () => ({ query: `{ request(id: "${id}") { ${around(4, '')} } }` }),
    () => ({ query: `{ request(id: "${id}") { ${around(1, '')} } }` }),
  ],
  ['null in the place of a default', () => ({ query: byNull, variables: { n: null } }), () => ({ query: byNull, variables: { n: 5 } })],
  [
    'a variable that is named like a property of every object',
    () => ({ query: byNull.replaceAll('$n', '$constructor').replace('= 1', '= 1000') }),
    () => ({ query: byNull.replaceAll('$n', '$constructor') }),
  ],
  [
    'carrier requests and identifiers in lists of lists',
    () => ({
      query: '{ requests(first: 1000) { nodes { carrierRequests { state } outcomes(first: 20) { nodes { deviceIds { value } } } } } }',
    }),
    () => ({
      query:
        '{ requests(first: 50) { nodes { carrierRequests(first: 5) { state } outcomes(first: 20) { nodes { deviceIds { value } } } } } }',
    }),
  ],
  ['a long name in a list', () => ({ query: named('a'.repeat(60_000)) }), () => ({ query: named('a'.repeat(50)) })],
  [
    '`__typename` under fifteen long names',
    () => ({
      query: `{ request(id: "${id}") { outcomes(first: 60) { nodes { deviceIds { ${repeated(15, '__typename').replaceAll('a', 'a'.repeat(4_000))} } } } requested: outcomes(first: 60) { nodes { requested { ${'b'.repeat(1_000)}: value } } } } }`,
    }),
    () => ({ query: `{ request(id: "${id}") { outcomes(first: 60) { nodes { deviceIds { ${repeated(15, '__typename')} } } } } }` }),
  ],
  [
    'the same page of long messages, again and again',
    () => ({ query: `{ ${repeated(10, 'unclaimedCallbacks { nodes { payload } }')} }` }),
    () => ({ query: '{ unclaimedCallbacks { nodes { payload } } }' }),
  ],
  [
    'types within types',
    () => ({ query: `{ __schema { types { ${types(6)} } } }` }),
    () => ({ query: getIntrospectionQuery() }),
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'all descriptions under many long names',
    () => ({ query: `{ __schema { types { fields { ${repeated(15, 'description').replaceAll(/a(?=\d)/g, 'a'.repeat(4_000))} } } } }` }),
    () => ({ query: '{ __schema { types { fields { name description } } } }' }),
  ],
  [
    '10,000 devices that are only checked, ten times',
    () => ({ query: validate(10), variables: activate(10_000) }),
    () => ({ query: validate(10), variables: activate(10) }),
  ],
  ['60,000 ids', () => ({ query: redrive, variables: { ids: ids(60_000) } }), () => ({ query: redrive, variables: { ids: ids(10) } })],
  [
    '60,000 entries of a filter',
    () => ({ query: codes, variables: { id, codes: ids(60_000) } }),
    () => ({ query: codes, variables: { id, codes: ids(10) } }),
  ],
  [
    '10,000 entries of a filter',
    () => ({ query: codes, variables: { id, codes: ids(10_000) } }),
    () => ({ query: codes, variables: { id, codes: ids(100) } }),
    'BAD_USER_INPUT',
  ],
];

const overHttp = async ({ query, variables }: Asked) => [await graphql(urls.graphql, query, variables)];
const overStream = ({ query, variables }: Asked) => Array.fromAsync(sseResults(urls.graphql, query, variables));
async function overWebsocket({ query, variables }: Asked): Promise<GraphqlAnswer<unknown>[]> {
  await using socket = await RawWebSocket.ready(urls.websocket);
  socket.subscribe('asked', query, variables);
  return (await socket.ending('asked')).flatMap(({ type, payload }) =>
    type === 'complete' ? [] : [type === 'error' ? { errors: payload as never } : (payload as GraphqlAnswer<unknown>)],
  );
}

test.each(ATTACKS)(
  '%s: refused over every transport, while a usual size is answered',
  async (...[, large, usual, code = 'OPERATION_TOO_LARGE']) => {
    for (const ask of [overHttp, overWebsocket, overStream]) {
      const refused = await ask(large());
      expect(refused).toHaveLength(1);
      expect(Object.values(refused[0]?.data ?? {}).filter((value) => value !== null)).toEqual([]);
      expect(refused[0]?.errors?.[0]?.extensions?.code).toBe(code);
    }
    const [answer] = await overHttp(usual());
    expect(answer?.errors).toBeUndefined();
    expect(answer?.data).toBeTruthy();
  },
);

test('what was asked is answered for a subscription too: an event of more than it may have is none', async () => {
  const query = `subscription { requestStatus(requestId: "${id}", batchSize: 1000) { outcomes { ${repeated(5, 'deviceIds { value }')} } } }`;
  for (const ask of [overWebsocket, overStream])
    expect((await ask({ query }))[0]?.errors?.[0]?.extensions?.code).toBe('OPERATION_TOO_LARGE');
  const usual = await overWebsocket({ query: query.replace('1000', '10') });
  expect(usual.length).toBeGreaterThan(1);
  expect(usual.every(({ data }) => data)).toBe(true);
});
