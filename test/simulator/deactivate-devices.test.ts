import { expect, test } from 'vitest';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { account, byIccid } from './support/carrier-client.ts';
import { openScene } from './support/scene.ts';

const END = { reasonCode: 'FF', etfWaiver: false };

async function scene(options: SimulatorOptions = {}) {
  const opened = await openScene(['CarrierService', 'NiddService'], options);
  const { simulator, listener, client } = opened;
  const deactivate = async (body: object) => {
    listener.received.length = 0;
    const answer = await client.call('POST', '/devices/actions/deactivate', { accountName: account, ...body });
    await simulator.idle();
    return answer;
  };
  return { ...opened, deactivate };
}

test('ends an active line: it loses its number, address and plan, and the list, the history and the request status tell it', async () => {
  await using s = await scene();
  const device = s.simulator.inventory.find({ account, state: 'active' })[0];
  const { iccid: id = '', mdn = '' } = device?.identifiers ?? {};
  const { requestId } = (await s.deactivate({ devices: [byIccid(id)], ...END })).json as { requestId: string };
  expect(s.listener.messages).toMatchObject([
    { requestId, deviceIds: [{ id }], deviceResponse: { deactivateResponse: { deactivated: 'true' } }, status: 'Success' },
  ]);
  const list = async (kind: string, value: string) =>
    (await s.client.call('POST', '/devices/actions/list', { deviceId: { kind, id: value } })).json as {
      devices: { deviceIds: { kind: string }[] }[];
    };
  const found = await list('iccid', id);
  expect(found).toMatchObject({
    devices: [{ connected: false, ipAddress: '', carrierInformations: [{ state: 'deactive', servicePlan: '' }] }],
  });
  expect(found.devices[0]?.deviceIds.map(({ kind }) => kind)).toEqual(['imei', 'iccId']);
  expect(JSON.stringify(await list('mdn', mdn))).not.toContain(id);
  const query = { deviceId: { kind: 'iccid', id }, earliest: '2000-01-01T00:00:00Z', latest: '2100-01-01T00:00:00Z' };
  expect((await s.client.call('POST', '/devices/history/actions/list', query)).json).toMatchObject([
    { provisioningHistory: [{}, { eventType: 'Deactivate', mdn: '', servicePlan: '' }] },
  ]);
  expect((await s.client.call('GET', `/accounts/${account}/requests/${requestId}/status`)).json).toEqual({ requestId, status: 'Success' });
});

test('a line that is activated again has a new number', async () => {
  await using s = await scene();
  const device = s.simulator.inventory.find({ account, state: 'active' })[0];
  const { iccid = '', imei = '', mdn } = device?.identifiers ?? {};
  await s.deactivate({ devices: [byIccid(iccid)], ...END });
  const deviceIds = [
    { kind: 'imei', id: imei },
    { kind: 'iccid', id: iccid },
  ];
  await s.client.call('POST', '/devices/actions/activate', {
    accountName: account,
    servicePlan: 'm2m4G2GB',
    mdnZipCode: '98801',
    devices: [{ deviceIds }],
  });
  await s.simulator.idle();
  expect(device?.state).toBe('active');
  expect(device?.identifiers.mdn).not.toBe(mdn);
});

test('a line that is not active gets a fault, a suspended one too; the lenient carrier takes that', async () => {
  await using s = await scene();
  await using lenient = await scene({ lenient: true });
  const result = async (on: typeof s, state: 'pre-active' | 'suspend' | 'deactive') => {
    const id = on.simulator.inventory.find({ account, state })[0]?.identifiers.iccid ?? '';
    await on.deactivate({ devices: [byIccid(id)], ...END });
    return on.listener.messages[0]?.faultResponse?.faultcode ?? on.listener.messages[0]?.status;
  };
  const refused = 'UnifiedWebService.INPUT_INVALID.DeviceState.Invalid';
  for (const state of ['pre-active', 'suspend', 'deactive'] as const) expect([state, await result(s, state)]).toEqual([state, refused]);
  expect(await result(lenient, 'suspend')).toBe('Success');
  expect(await result(lenient, 'deactive')).toBe(refused);
});

test('the list shows that a deactivation is pending', async () => {
  await using s = await scene({ callbackDelayMs: [50, 50] });
  const device = s.simulator.inventory.find({ account, state: 'active' })[0];
  const id = device?.identifiers.iccid ?? '';
  const common = { accountName: account, devices: [byIccid(id)] };
  await s.client.call('POST', '/devices/actions/deactivate', { ...common, ...END });
  expect((await s.client.call('POST', '/devices/actions/list', { deviceId: { kind: 'iccid', id } })).json).toMatchObject({
    devices: [{ carrierInformations: [{ state: 'pending deactivation' }] }],
  });
  await s.simulator.idle();
  expect([device?.state, device?.pendingStates]).toEqual(['deactive', []]);
});

test('refuses a request without a reason, or with another one than FF, unless it is lenient', async () => {
  await using s = await scene();
  await using lenient = await scene({ lenient: true });
  const devices = [byIccid('89148000000000000011')];
  for (const [body, code] of [
    [{ devices }, 'DeserializationFailed'],
    [{ devices, reasonCode: 'XX' }, 'INPUT_INVALID.ReasonCode.Invalid'],
    [{ devices: [], reasonCode: 'FF' }, 'INPUT_INVALID.DeviceNotProvided'],
    [{ devices, ...END, etfWaiver: 'no' }, 'DeserializationFailed'],
  ] as const)
    expect(await s.deactivate(body)).toMatchObject({ status: 400, json: { errorCode: `UnifiedWebService.${code}` } });
  expect(s.simulator.ledger.counts.devicesPosted).toBe(0);
  expect(await lenient.deactivate({ devices, reasonCode: 'XX' })).toMatchObject({ status: 200 });
});

test('means every line of the account when the body names no device and no group', async () => {
  await using s = await scene({ devicesPerAccount: 24 });
  await s.deactivate(END);
  expect(s.listener.messages).toHaveLength(24);
  expect(s.simulator.inventory.find({ account, state: 'active' })).toEqual([]);
  // Suspended lines are refused.
  expect(s.simulator.inventory.find({ account, state: 'suspend' })).not.toEqual([]);
});
