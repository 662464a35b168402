import { expect, test } from 'vitest';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { account, byIccid } from './support/carrier-client.ts';
import { ManualClock } from './support/manual-clock.ts';
import { openScene } from './support/scene.ts';

async function scene(options: SimulatorOptions = {}) {
  const opened = await openScene(['CarrierService', 'NiddService'], { clock: new ManualClock(), ...options });
  const { simulator, listener, client } = opened;
  const restore = async (body: object) => {
    listener.received.length = 0;
    const answer = await client.call('POST', '/devices/actions/restore', { accountName: account, ...body });
    await simulator.idle();
    return answer;
  };
  return { ...opened, restore };
}

test('restores a suspended line: the callback, the device list, the history and the request status tell it', async () => {
  await using s = await scene();
  const device = s.simulator.inventory.find({ account, state: 'suspend', nbIot: false })[0];
  const id = device?.identifiers.mdn ?? '';
  const activatedAt = device?.lastActivationAt;
  const deviceId = { kind: 'mdn', id };
  const { requestId } = (await s.restore({ devices: [{ deviceIds: [deviceId] }] })).json as { requestId: string };
  expect(s.listener.messages).toEqual([
    {
      username: 'listener',
      password: 'secret',
      requestId,
      deviceIds: [{ id, kind: 'MDN' }],
      deviceResponse: { restoreResponse: { restored: 'true' } },
      status: 'Success',
      callbackCount: 1,
      maxCallbackThreshold: 4,
    },
  ]);
  expect((await s.client.call('POST', '/devices/actions/list', { deviceId })).json).toMatchObject({
    devices: [{ connected: true, carrierInformations: [{ state: 'active' }] }],
  });
  expect(device?.lastActivationAt).toBe(activatedAt);
  const query = { deviceId, earliest: '2026-01-01T00:00:00Z', latest: '2100-01-01T00:00:00Z' };
  expect((await s.client.call('POST', '/devices/history/actions/list', query)).json).toMatchObject([
    { provisioningHistory: [{ eventType: 'Restore', mdn: id }] },
  ]);
  expect((await s.client.call('GET', `/accounts/${account}/requests/${requestId}/status`)).json).toEqual({ requestId, status: 'Success' });
});

test('reports an NB-IoT device a second time, through NiddService, after the first', async () => {
  await using s = await scene();
  const device = s.simulator.inventory.find({ account, state: 'active', nbIot: true })[0];
  if (device !== undefined) device.state = 'suspend';
  await s.restore({ devices: [byIccid(device?.identifiers.iccid ?? '')] });
  expect(s.listener.received.map(({ path }) => path)).toEqual(['/CarrierService', '/NiddService']);
  expect(s.listener.messages[1]).toMatchObject({
    niddResponse: {
      niddConfigResponse: { accountName: account, deviceIds: expect.arrayContaining([{ id: device?.identifiers.imei, kind: 'IMEI' }]) },
    },
    status: 'ConfigCreated',
  });
});

test('a line that is not suspended gets a fault; the whole account is meant when no device is named', async () => {
  await using s = await scene({ devicesPerAccount: 24 });
  const count = (state: 'active' | 'suspend') => s.simulator.inventory.find({ account, state }).length;
  const [active, suspended] = [count('active'), count('suspend')];
  await s.restore({});
  const statuses = s.listener.messages.map(({ status }) => status).filter((status) => status !== 'ConfigCreated');
  expect(statuses).toHaveLength(24);
  expect(statuses.filter((status) => status === 'Success')).toHaveLength(suspended);
  expect(s.listener.messages.find(({ status }) => status === 'Failed')?.faultResponse).toEqual({
    faultcode: 'UnifiedWebService.INPUT_INVALID.DeviceState.Invalid',
    faultstring: 'INPUT_INVALID. Device is not in the Suspend state',
  });
  expect([count('active'), count('suspend')]).toEqual([active + suspended, 0]);
});

test('writes the legacy format', async () => {
  await using s = await scene({ unkind: ['legacy-json'] });
  await s.restore({ devices: [byIccid('89141390780800784259')] });
  expect(JSON.parse(s.listener.received[0]?.body ?? '')).toMatchObject({
    CallbackRequest: { Data: { CarrierService: { ChangeDeviceState: { Restore: { Restored: 'true' } } } }, Status: 'Success' },
  });
});
