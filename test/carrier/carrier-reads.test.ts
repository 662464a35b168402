import { expect, test } from 'vitest';
import type { DeviceQuery } from '../../src/datasources/thingspace/carrier-reads.ts';
import type { DeviceRecord } from '../../src/datasources/thingspace/wire/device-list.ts';
import type { EndpointFault } from '../../simulator/faults/endpoint-faults.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { startAnsweringServer } from '../support/answering-server.ts';
import { carrierClient, type CarrierClient } from '../support/carrier-client.ts';

const ACCOUNT = '0868924207-00001';
const DEVICE = { kind: 'ICCID', id: '89148000000000000001' };
const RANGE = { earliestMs: Date.parse('2020-01-01T00:00:00Z'), latestMs: Date.parse('2100-01-01T00:00:00Z') };

test('an account is listed page by page while the carrier answers 202, each after the DeviceId of the last device', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 25 });
  await using client = reading(simulator);
  const pages = await allPages(client, { accountName: ACCOUNT, pageSize: 10 });
  expect(pages.map(({ length }) => length)).toEqual([10, 10, 5]);
  expect(pages.flat().map(({ cursor }) => cursor)).toEqual(simulator.inventory.find({ account: ACCOUNT }).map(({ number }) => `${number}`));
  expect(simulator.ledger.counts.calls['deviceList']).toBe(3);
});

test('a list may be of one group, and of the devices that have all the values of custom fields', async () => {
  await using simulator = await startSimulator();
  await using client = reading(simulator);
  const inGroup = simulator.inventory.find({ account: ACCOUNT, groupName: 'eSIM Fleet' });
  const green = inGroup.filter(({ customFields }) => customFields.get('CustomField1') === 'green');
  const cursors = async (query: Partial<DeviceQuery>) =>
    (await client.reads.listDevices({ accountName: ACCOUNT, ...query })).devices.map(({ cursor }) => Number(cursor));
  const customFields = [{ key: 'CustomField1', value: 'green' }];
  expect(await cursors({ groupName: 'eSIM Fleet' })).toEqual(inGroup.map(({ number }) => number));
  expect(await cursors({ groupName: 'eSIM Fleet', customFields })).toEqual(green.map(({ number }) => number));
  expect(green.length).toBeGreaterThan(0);
});

test('one device is listed with everything that the carrier knows about it', async () => {
  await using simulator = await startSimulator();
  await using client = reading(simulator);
  const device = simulator.inventory.find({ account: ACCOUNT, profileState: 'ACTIVE' })[0];
  if (device === undefined) throw new Error('no such device');
  const deviceId = { kind: 'ICCID', id: device.identifiers.iccid ?? '' };
  const { devices, next } = await client.reads.listDevices({ accountName: ACCOUNT, deviceId });
  expect(next).toBeNull();
  expect(devices).toMatchObject([
    {
      state: 'active',
      servicePlan: 'HybridESim',
      ipAddress: device.ipAddress,
      groupNames: ['eSIM Fleet'],
      lastActivationAt: Math.floor((device.lastActivationAt ?? 0) / 1000) * 1000,
      profileStatus: 'ENABLE',
      cursor: String(device.number),
      json: { accountName: ACCOUNT, connected: true },
    },
  ]);
  expect(devices[0]?.deviceIds).toContainEqual({ kind: 'ICCID', id: deviceId.id, reportedKind: 'iccId' });
});

test('a device the carrier does not know has no record and no history', async () => {
  await using simulator = await startSimulator();
  await using client = reading(simulator);
  expect(await client.reads.listDevices({ accountName: ACCOUNT, deviceId: DEVICE })).toEqual({ devices: [], next: null });
  expect(await client.reads.deviceHistory({ deviceId: DEVICE, ...RANGE })).toEqual([]);
  expect(simulator.ledger.counts.calls).toMatchObject({ deviceList: 1, deviceHistory: 1 });
});

test('when both tokens end between two pages they are renewed once, and no device is missing or doubled', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 30 });
  await using client = reading(simulator);
  const first = await client.reads.listDevices({ accountName: ACCOUNT, pageSize: 10 });
  simulator.faults.expireBearer();
  simulator.faults.expireSessions();
  simulator.ledger.clear();
  const rest = await allPages(client, { accountName: ACCOUNT, pageSize: 10, after: first.next });
  const listed = [first.devices, ...rest].flat().map(({ cursor }) => Number(cursor));
  expect(listed).toEqual(simulator.inventory.find({ account: ACCOUNT }).map(({ number }) => number));
  expect(simulator.ledger.counts.calls).toEqual({ token: 1, login: 1, deviceList: 4 });
});

test('a cursor above 2^53 is sent with every digit', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using api = await startAnsweringServer(
    { status: 202, body: { hasMoreData: true, devices: [listed('9007199254740992')] } },
    { status: 202, body: { hasMoreData: true, devices: [listed('9007199254740993')] } },
    { status: 202, body: { hasMoreData: true, devices: [listed('123456789012345678901')] } },
    { body: { hasMoreData: false, devices: [] } },
  );
  await using client = reading(simulator, { apiUrl: api.url });
  await allPages(client, { accountName: ACCOUNT });
  expect(api.requests.map(({ body }) => body)).toEqual(
    ['0', '9007199254740992', '9007199254740993', '123456789012345678901'].map(
      (seen) => `{"accountName":"${ACCOUNT}","maxNumberOfDevices":500,"largestDeviceIdSeen":${seen}}`,
    ),
  );
});

test.each([
  ['has no DeviceId at its end', [listed('8'), { deviceIds: [] }]],
  ['has a DeviceId that is no number', [listed('8a')]],
  ['has a DeviceId that is no number', [listed('none')]],
  ['has no device', []],
  ['ends where it began', [listed('7')]],
  ['goes back', [listed('6')]],
])('when more devices shall follow but the page %s, that is an error, not an endless loop', async (_what, devices) => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using api = await startAnsweringServer({ status: 202, body: { hasMoreData: true, devices } });
  await using client = reading(simulator, { apiUrl: api.url });
  await expect(client.reads.listDevices({ accountName: ACCOUNT, after: '7' })).rejects.toMatchObject({
    name: 'GatewayError',
    code: 'CARRIER_REFUSED',
    message: expect.stringContaining('after DeviceId 7'),
  });
  expect(api.requests).toHaveLength(1);
});

test.each([
  [202, {}, '8'],
  [200, {}, null],
  [200, { hasMoreData: true }, '8'],
  [200, { hasMoreData: 'true' }, '8'],
  [202, { hasMoreData: false }, null],
])('whether there is more: HTTP %i with %j', async (status, said, next) => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using api = await startAnsweringServer({ status, body: { ...said, devices: [listed('8')] } });
  await using client = reading(simulator, { apiUrl: api.url });
  expect(await client.reads.listDevices({ accountName: ACCOUNT })).toMatchObject({ devices: [{ cursor: '8' }], next });
});

type Fault = Omit<EndpointFault, 'endpoint'>;
const fault = (code: string) => ({ text: `{"fault":{"code":"${code}","message":"m","description":"d"}}` });
const business = (code: string) => ({ text: `{"errorCode":"${code}","errorMessage":"m"}` });
const LATER = { name: 'GatewayError', code: 'CARRIER_UNAVAILABLE' };
const limited = (retryAfterMs: number) => ({ ...LATER, details: { retryAfterMs } });
const refused = (code: string) => ({ name: 'GatewayError', code: 'CARRIER_REFUSED', details: { carrierCode: code } });

const ERRORS: readonly (readonly [string, Fault, object])[] = [
  ['a fault of the gateway before the API', { status: 400, body: fault('900906') }, refused('900906')],
  ['the same as XML', { status: 403, body: 'xml-fault' }, { code: 'CARRIER_REFUSED', details: { httpStatus: 403 } }],
  ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' }, body: 'empty' }, { code: 'CARRIER_REFUSED' }],
  ['UnexpectedError', { status: 400, body: business('UnifiedWebService.REQUEST_FAILED.UnexpectedError') }, LATER],
  ['500', { status: 500 }, LATER],
  ['503 of HTML', { status: 503, body: 'html' }, LATER],
  ['408', { status: 408, body: 'empty' }, LATER],
  ['429', { status: 429, headers: { 'retry-after': '7' } }, limited(7_000)],
  ['429 without Retry-After', { status: 429, body: 'empty' }, limited(15_000)],
  ['the throttling code 900800', { status: 503, body: fault('900800') }, limited(15_000)],
  ['200 of HTML', { status: 200, body: 'html' }, LATER],
  ['200 without a body', { status: 200, body: 'empty' }, LATER],
  ['200 cut in its JSON', { status: 200, body: 'truncated-json' }, LATER],
];

test.each(ERRORS)('%s is a GatewayError of each read', async (_what, rule, error) => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using client = reading(simulator);
  for (const [endpoint, read] of READS) {
    await client.session.tokens();
    simulator.faults.clear();
    simulator.faults.add({ endpoint, ...rule });
    await expect(read(client)).rejects.toMatchObject(error);
  }
  expect(simulator.ledger.counts.calls).toMatchObject({ deviceList: 1, deviceHistory: 1, requestStatus: 1 });
});

test('a refusal by the API itself is reported with its code', async () => {
  await using simulator = await startSimulator();
  await using client = reading(simulator);
  await expect(client.reads.listDevices({ accountName: '0999999999-00001' })).rejects.toMatchObject({
    ...refused('UnifiedWebService.REQUEST_FAILED.AccountName'),
    message: expect.stringContaining('refused to list devices: HTTP 400, UnifiedWebService.REQUEST_FAILED.AccountName'),
  });
});

test.each(['before-reading', 'before-answer', 'mid-body'] as const)(
  'a read whose connection breaks (%s) is tried once more, not twice',
  async (drop) => {
    await using simulator = await startSimulator({ devicesPerAccount: 3 });
    await using client = reading(simulator);
    simulator.faults.drop('deviceList', drop);
    expect((await client.reads.listDevices({ accountName: ACCOUNT })).devices).toHaveLength(3);
    expect(simulator.ledger.counts.calls['deviceList']).toBe(2);
    for (const [endpoint, read] of READS) {
      simulator.ledger.clear();
      simulator.faults.drop(endpoint, drop, { times: 2 });
      await expect(read(client)).rejects.toMatchObject(LATER);
      expect(simulator.ledger.counts.calls).toEqual({ [endpoint]: 2 });
    }
  },
);

test('a read that is not answered in time is not tried again', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using client = reading(simulator, { timeoutMs: 300 });
  await client.session.tokens();
  simulator.faults.latency('deviceList', 60_000, Infinity);
  await expect(client.reads.listDevices({ accountName: ACCOUNT })).rejects.toMatchObject(LATER);
  expect(simulator.ledger.counts.calls['deviceList']).toBe(1);
});

test('without a connection, or without a token, a read fails with CARRIER_UNAVAILABLE', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  const gone = await startAnsweringServer();
  await gone[Symbol.asyncDispose]();
  await using client = reading(simulator, { apiUrl: gone.url });
  await expect(client.reads.listDevices({ accountName: ACCOUNT })).rejects.toMatchObject(LATER);
  client.session.discardBearer((await client.session.tokens()).bearerGeneration);
  simulator.faults.status('token', 503);
  await expect(client.reads.listDevices({ accountName: ACCOUNT })).rejects.toMatchObject(LATER);
});

const READS = [
  ['deviceList', ({ reads }) => reads.listDevices({ accountName: ACCOUNT })],
  ['deviceHistory', ({ reads }) => reads.deviceHistory({ deviceId: DEVICE, ...RANGE })],
  ['requestStatus', ({ reads }) => reads.requestStatus(ACCOUNT, '076f7ea9-0000-4000-8000-000000000001')],
] as const satisfies readonly (readonly [string, (client: CarrierClient) => Promise<unknown>])[];

function reading(simulator: Simulator, options: { readonly apiUrl?: string; readonly timeoutMs?: number } = {}): CarrierClient {
  return carrierClient(simulator, { maxAnswerBytes: 16 * 1_048_576, ...options });
}

function listed(deviceId: unknown): object {
  return { deviceIds: [], extendedAttributes: [{ key: 'DeviceId', value: deviceId }] };
}

async function allPages({ reads }: CarrierClient, query: DeviceQuery): Promise<(readonly DeviceRecord[])[]> {
  const pages: (readonly DeviceRecord[])[] = [];
  let after = query.after ?? null;
  do {
    const page = await reads.listDevices({ ...query, after });
    pages.push(page.devices);
    after = page.next;
  } while (after !== null);
  return pages;
}
