import { expect, test } from 'vitest';
import type { Device } from '../../simulator/devices/device.ts';
import { CarrierClient } from './support/carrier-client.ts';

const account = '0868924207-00001';
const flat = (device: Device | undefined) => [{ kind: 'iccid', id: device?.identifiers.iccid }];

test('a group is created with devices, changed and deleted; a device is in one group, and never in none', async () => {
  await using client = await CarrierClient.start();
  const { inventory } = client.simulator;
  const [first, second] = inventory.find({ account, groupName: '4G West' });
  const created = { accountName: account, groupName: 'Vans', groupDescription: 'The vans', devicesToAdd: flat(first) };
  expect((await client.call('POST', '/groups', created)).json).toEqual({ success: true });
  expect(await client.call('POST', '/groups', created)).toMatchObject({
    status: 400,
    json: { errorCode: expect.stringMatching(/DeviceGroup\.Exists$/) as string },
  });
  const changed = { newGroupName: 'Trucks', devicesToAdd: flat(second), devicesToRemove: flat(first) };
  expect((await client.call('PUT', `/groups/${account}/name/Vans`, changed)).json).toEqual({ success: true });
  expect([first?.groupName, second?.groupName]).toEqual([`Default: ${account}`, 'Trucks']);
  expect((await client.call('DELETE', `/groups/${account}/name/Trucks`)).json).toEqual({ success: true });
  expect(second?.groupName).toBe(`Default: ${account}`);
  expect((await client.call('DELETE', `/groups/${account}/name/Trucks`)).json).toMatchObject({
    errorCode: expect.stringMatching(/DeviceGroupNotFound$/) as string,
  });
  expect((await client.call('DELETE', `/groups/${account}/name/${encodeURIComponent(`Default: ${account}`)}`)).json).toMatchObject({
    errorCode: expect.stringMatching(/DeviceGroup\.DeleteDefault$/) as string,
  });
});

test('a device of another account, or of none, goes into no group, and nothing is changed', async () => {
  await using client = await CarrierClient.start();
  const [foreign] = client.simulator.inventory.find({ account: client.simulator.accounts[1] ?? '' });
  const name = foreign?.groupName;
  const put = (devicesToAdd: object[]) => client.call('PUT', `/groups/${account}/name/4G%20West`, { newGroupName: 'x', devicesToAdd });
  expect((await put(flat(foreign))).json).toMatchObject({ errorCode: expect.stringMatching(/Device\.Account\.Invalid$/) as string });
  expect((await put([{ kind: 'iccid', id: '89148009999999999999' }])).json).toMatchObject({
    errorCode: expect.stringMatching(/DeviceNotFound$/) as string,
  });
  expect(foreign?.groupName).toBe(name);
  expect(client.simulator.inventory.find({ account, groupName: '4G West' }).length).toBeGreaterThan(0);
});

interface Day {
  readonly timestamp: string;
  readonly bytesUsed: number;
}

test('sessions and usage are the same each time, agree with each other, and begin with the activation', async () => {
  await using client = await CarrierClient.start();
  const device = client.simulator.inventory.find({ account, state: 'active' })[0];
  const activatedAt = device?.lastActivationAt ?? 0;
  const day = new Date(activatedAt + 3 * 86_400_000).toISOString().slice(0, 10);
  const ask = async (list: string, earliest: string, latest: string) =>
    (await client.call('POST', list, { deviceId: flat(device)[0], earliest, latest })).json;
  const sessions = await ask('/devices/connections/actions/listHistory', `${day}T00:00:00Z`, `${day}T23:59:59Z`);
  expect(await ask('/devices/connections/actions/listHistory', `${day}T00:00:00Z`, `${day}T23:59:59Z`)).toEqual(sessions);
  expect(JSON.stringify(sessions)).toContain('{"key":"Event","value":"Start"}');
  const usage = (await ask('/devices/usage/actions/list', `${day}T00:00:00Z`, `${day}T23:59:59Z`)) as { usageHistory: Day[] };
  expect(usage.usageHistory).toHaveLength(1);
  expect(usage.usageHistory[0]?.bytesUsed).toBeGreaterThan(0);
  const before = new Date(activatedAt - 86_400_000 * 5).toISOString();
  const until = new Date(activatedAt - 86_400_000).toISOString();
  expect(await ask('/devices/usage/actions/list', before, until)).toEqual({ usageHistory: [], hasMoreData: false });
});

test('a line that was never active has no sessions, and an unknown device is not found', async () => {
  await using client = await CarrierClient.start();
  const [device] = client.simulator.inventory.find({ account, state: 'pre-active' });
  const range = { earliest: '0001-01-01T00:00:00Z', latest: '9000-01-01T00:00:00Z' };
  const ask = (id: object | undefined) => client.call('POST', '/devices/connections/actions/listHistory', { deviceId: id, ...range });
  expect((await ask(flat(device)[0])).json).toEqual({ connectionHistory: [], hasMoreData: false });
  expect((await ask({ kind: 'iccid', id: '89148009999999999999' })).status).toBe(400);
});
