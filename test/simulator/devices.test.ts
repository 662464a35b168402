import { expect, test } from 'vitest';
import { account, CarrierClient } from './support/carrier-client.ts';

interface Listed {
  hasMoreData: boolean;
  devices: { deviceIds: { id: string; kind: string }[]; extendedAttributes: { key: string; value: string | null }[] }[];
}

const path = '/devices/actions/list';
const deviceNumber = (device: Listed['devices'][number] | undefined) =>
  Number(device?.extendedAttributes.find(({ key }) => key === 'DeviceId')?.value);

test('pages by the DeviceId extended attribute, 202 while there is more', async () => {
  await using client = await CarrierClient.start({ devicesPerAccount: 25 });
  const seen: number[] = [];
  const statuses: number[] = [];
  let largestDeviceIdSeen = 0;
  for (let more = true; more;) {
    const answer = await client.call('POST', path, { accountName: account, maxNumberOfDevices: 10, largestDeviceIdSeen });
    const page = answer.json as Listed;
    statuses.push(answer.status);
    seen.push(...page.devices.map(deviceNumber));
    largestDeviceIdSeen = deviceNumber(page.devices.at(-1));
    more = page.hasMoreData;
  }
  expect(statuses).toEqual([202, 202, 200]);
  expect(seen).toEqual(client.simulator.inventory.find({ account }).map(({ number }) => number));
});

test('without a cursor it lists the oldest first, to be paged by the date of creation', async () => {
  await using client = await CarrierClient.start({ devicesPerAccount: 25 });
  const pages = [];
  for (let earliest: string | undefined; pages.length < 3;) {
    const answer = await client.call('POST', path, { accountName: account, maxNumberOfDevices: 10, earliest });
    const { devices } = answer.json as { devices: { createdAt: string }[] };
    earliest = devices.at(-1)?.createdAt;
    pages.push({ status: answer.status, dates: devices.map(({ createdAt }) => createdAt) });
  }
  expect(pages.map(({ status }) => status)).toEqual([202, 202, 200]);
  const dates = pages.flatMap((page) => page.dates);
  expect(dates).toEqual(dates.toSorted());
  const inSeconds = ({ createdAt }: { createdAt: number }) => new Date(createdAt).toISOString().replace(/\.\d+Z$/, 'Z');
  expect(new Set(dates)).toEqual(new Set(client.simulator.inventory.find({ account }).map(inSeconds)));
});

test('a list of several devices may leave out the extended attributes but DeviceId', async () => {
  await using client = await CarrierClient.start({ pageAttributes: 'DeviceId' });
  const keys = async (query: object) =>
    ((await client.call('POST', path, query)).json as Listed).devices[0]?.extendedAttributes.map(({ key }) => key);
  expect(await keys({ accountName: account })).toEqual(['DeviceId']);
  const device = client.simulator.inventory.find({ account })[0];
  expect(await keys({ deviceId: { kind: 'imei', id: device?.identifiers.imei } })).toHaveLength(26);
});

test('the devices of a group come in pages, the next where Location says', async () => {
  await using client = await CarrierClient.start({ devicesPerAccount: 1 });
  const groupName = '4G East';
  for (let at = 0; at < 2_005; at++) {
    client.simulator.inventory.add({ account, identifiers: { imei: String(at) }, state: 'pre-active', groupName, createdAt: 0 });
  }
  const first = await client.call('GET', `/groups/${account}/name/${encodeURIComponent(groupName)}`);
  expect(first).toMatchObject({ status: 202, json: { hasMoreData: true } });
  const rest = await client.call('GET', String(first.headers['location']).replace('/api/m2m/v1', ''));
  expect(rest).toMatchObject({ status: 200, json: { hasMoreData: false } });
  expect(rest.headers).not.toHaveProperty('location');
  const listed = [first, rest].flatMap(({ json }) => (json as Listed).devices.map(({ deviceIds }) => deviceIds[0]?.id));
  expect(listed).toEqual(Array.from({ length: 2_005 }, (_, at) => String(at)));
});

test('lists one device, spelled as live answers are', async () => {
  await using client = await CarrierClient.start();
  const device = client.simulator.inventory.find({ account, state: 'active' })[0];
  const deviceId = { kind: 'IMEI', id: device?.identifiers.imei };
  const { devices } = (await client.call('POST', path, { deviceId })).json as Listed;
  expect(devices).toHaveLength(1);
  expect(devices[0]?.deviceIds.map(({ kind }) => kind)).toEqual(['mdn', 'imsi', 'imei', 'iccId', 'msisdn', 'min']);
  expect(devices[0]?.extendedAttributes).toHaveLength(26);
  expect(devices[0]).toMatchObject({ accountName: account, connected: true, groupNames: ['4G West'] });
  expect(await client.call('POST', path, { deviceId: { kind: 'imei', id: '1' } })).toMatchObject({
    status: 400,
    json: { errorCode: 'UnifiedWebService.REQUEST_FAILED.DeviceNotFound' },
  });
});

test('filters by group, state, custom field and part of an identifier', async () => {
  await using client = await CarrierClient.start();
  const count = async (query: object) => {
    const { devices } = (await client.call('POST', path, { accountName: account, ...query })).json as Listed;
    return devices.length;
  };
  const mine = client.simulator.inventory.find({ account });
  expect(await count({ groupName: '4G West' })).toBe(mine.filter((device) => device.groupName === '4G West').length);
  expect(await count({ currentState: 'Active' })).toBe(mine.filter((device) => device.state === 'active').length);
  expect(await count({ customFields: [{ key: 'CustomField2', value: 'SuperVend' }] })).toBe(20);
  const startswith = mine[0]?.identifiers.imei?.slice(0, 10);
  expect(await count({ filter: { deviceIdentifierFilters: [{ kind: 'imei', startswith }] } })).toBe(1);
  expect(await count({ latest: '2001-01-01T00:00:00Z' })).toBe(0);
});

test('tells the history of a device', async () => {
  await using client = await CarrierClient.start({ callbackDelayMs: [0, 0] });
  await client.activated('89141390780800784259');
  await client.simulator.idle();
  const deviceId = { kind: 'iccid', id: '89141390780800784259' };
  const query = { deviceId, earliest: '2020-01-01T00:00:00Z', latest: '2100-01-01T00:00:00Z' };
  expect((await client.call('POST', '/devices/history/actions/list', query)).json).toMatchObject([
    {
      provisioningHistory: [
        {
          eventType: 'Activation Confirmed',
          servicePlan: 'm2m4G2GB',
          occurredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-04:00$/),
        },
      ],
      hasMoreData: false,
    },
  ]);
});

test('tells about the account: plans, groups, leads', async () => {
  await using client = await CarrierClient.start();
  const get = async (at: string) => (await client.call('GET', at)).json;
  expect(await get(`/plans/${account}`)).toContainEqual({
    name: '4G 2GB LTE',
    code: 'm2m4G2GB',
    sizeKb: 2_097_152,
    carrierServicePlanCode: 'm2m4G2GB',
  });
  expect(await get(`/accounts/${account}`)).toMatchObject({ accountName: account, iPPools: [{ isDefaultPool: true }, {}] });
  expect(await get(`/groups/${account}`)).toMatchObject([{ name: `Default: ${account}`, isDefaultGroup: true }, {}, {}, {}, {}]);
  expect(await get(`/groups/${account}/name/4G%20West`)).toMatchObject({ name: '4G West', hasMoreData: false });
  expect(await get(`/leads/${account}`)).toMatchObject({ hasMoreData: true, leads: [{ leadState: 'Qualified' }, {}] });
  expect(await get(`/leads/${account}?next=lead-4`)).toMatchObject({ hasMoreData: false, leads: [{ leadId: '1000000005' }] });
});
