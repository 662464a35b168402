import { expect, test } from 'vitest';
import type { DeviceRecord } from '../../src/datasources/thingspace/wire/device-list.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { startAnsweringServer } from '../support/answering-server.ts';
import { carrierClient } from '../support/carrier-client.ts';

const attributes = (...pairs: (readonly [unknown, unknown])[]) => ({ extendedAttributes: pairs.map(([key, value]) => ({ key, value })) });
const carriers = (...carrierInformations: object[]) => ({ carrierInformations });
const NINE = Date.parse('2026-03-01T09:00:00Z');

test.each([
  [
    'of two carriers the one on which it is active',
    carriers({ carrierName: 'A', state: 'deactive', servicePlan: 'a' }, { carrierName: 'B', state: 'Active', servicePlan: 'b' }),
    { state: 'Active', servicePlan: 'b' },
  ],
  [
    'of two carriers the first, when it is active on none',
    carriers({ state: 'suspend', servicePlan: 'a' }, { state: 'deactive', servicePlan: 'b' }),
    { state: 'suspend', servicePlan: 'a' },
  ],
  ['a carrier that is not in an array', { carrierInformations: { state: 'pending activation' } }, { state: 'pending activation' }],
  ['a record with nothing in it', {}, { deviceIds: [], state: null, servicePlan: null, groupNames: [], cursor: null, profileStatus: null }],
  [
    'a record of nulls',
    { deviceIds: null, carrierInformations: null, extendedAttributes: null, groupNames: null, ipAddress: null, lastActivationDate: null },
    { deviceIds: [], state: null, ipAddress: null, groupNames: [], lastActivationAt: null, cursor: null },
  ],
  ['empty texts', { ...carriers({ state: '', servicePlan: '' }), ipAddress: '' }, { state: null, servicePlan: null, ipAddress: null }],
  ['attributes in other letters', attributes(['deviceID', '17'], ['PROFILESTATUS', 'ENABLE']), { cursor: '17', profileStatus: 'ENABLE' }],
  [
    'attributes without a value',
    { extendedAttributes: [{ key: 'DeviceId' }, { key: 'ProfileStatus' }, null, 7] },
    { cursor: null, profileStatus: null },
  ],
  ['an empty ProfileStatus', attributes(['ProfileStatus', '']), { profileStatus: null }],
  ['a DeviceId that is a number', attributes(['DeviceId', 398_362_701]), { cursor: '398362701' }],
  ['a DeviceId beyond 2^53', attributes(['DeviceId', '9007199254740993']), { cursor: '9007199254740993' }],
  ['a date with an offset', { lastActivationDate: '2026-03-01T04:00:00-05:00' }, { lastActivationAt: NINE }],
  ['a date in UTC', { lastActivationDate: '2026-03-01T09:00:00Z' }, { lastActivationAt: NINE }],
  ['a date that tells no hour', { lastActivationDate: '2026-03-01T09:00:00' }, { lastActivationAt: null }],
  ['one group by its name alone', { groupNames: 'West' }, { groupNames: ['West'] }],
  [
    'identifiers in the spellings of lists',
    {
      deviceIds: [
        { kind: 'iccId', id: '89' },
        { kind: 'IMEI', id: 35 },
        { kind: 'newKind', id: '1' },
        { kind: 'mdn', id: '' },
      ],
    },
    {
      deviceIds: [
        { kind: 'ICCID', id: '89', reportedKind: 'iccId' },
        { kind: 'IMEI', id: '35', reportedKind: 'IMEI' },
        { kind: null, id: '1', reportedKind: 'newKind' },
      ],
    },
  ],
] as const satisfies readonly (readonly [string, object, Partial<DeviceRecord>])[])('%s', async (_what, json, expected) => {
  const [record] = await listed([json]);
  expect(record).toMatchObject(expected);
  expect(record?.json).toEqual(json);
});

test('a value that is no record is left out, and the others stay', async () => {
  expect(await listed([null, 7, 'x', [], attributes(['DeviceId', '5'])])).toMatchObject([{ cursor: '5' }]);
});

test.each([[{ hasMoreData: false }], [{ hasMoreData: false, devices: null }], [{ devices: [] }]])('%j is an empty list', async (body) => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using api = await startAnsweringServer({ body });
  await using client = carrierClient(simulator, { apiUrl: api.url });
  expect(await client.reads.listDevices({ accountName: 'a' })).toEqual({ devices: [], next: null });
});

test.each([[{}], [[]], [null], ['[]'], [{ devices: {} }], [{ devices: 'none', hasMoreData: false }]])('%j is no list', async (body) => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using api = await startAnsweringServer({ body });
  await using client = carrierClient(simulator, { apiUrl: api.url });
  await expect(client.reads.listDevices({ accountName: 'a' })).rejects.toMatchObject({ code: 'CARRIER_UNAVAILABLE' });
});

async function listed(devices: readonly unknown[]): Promise<readonly DeviceRecord[]> {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using api = await startAnsweringServer({ body: { hasMoreData: false, devices } });
  await using client = carrierClient(simulator, { apiUrl: api.url });
  return (await client.reads.listDevices({ accountName: 'a' })).devices;
}
