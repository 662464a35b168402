import { expect, test } from 'vitest';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { account, byIccid } from './support/carrier-client.ts';
import { ManualClock } from './support/manual-clock.ts';
import { openScene } from './support/scene.ts';

const path = '/devices/actions/suspend';
const dayMs = 86_400_000;
const byText = (one = '', other = '') => one.localeCompare(other);

async function scene(options: SimulatorOptions = {}) {
  const opened = await openScene(['CarrierService', 'NiddService'], options);
  const { simulator, listener, client } = opened;
  const suspend = async (body: object) => {
    listener.received.length = 0;
    const answer = await client.call('POST', path, { accountName: account, ...body });
    await simulator.idle();
    return answer;
  };
  return { ...opened, suspend };
}

test('suspends an active line: the callback, the device list, the history and the request status tell it', async () => {
  const clock = new ManualClock();
  await using s = await scene({ clock });
  const device = s.simulator.inventory.find({ account, state: 'active', nbIot: true })[0];
  const id = device?.identifiers.iccid ?? '';
  const before = { ...device?.identifiers };
  const { requestId } = (await s.suspend({ devices: [byIccid(id)], withBilling: true })).json as { requestId: string };
  expect(s.listener.messages).toEqual([
    {
      username: 'listener',
      password: 'secret',
      requestId,
      deviceIds: [{ id, kind: 'ICCID' }],
      deviceResponse: {
        suspendResponse: {
          expectedResumeDate: '2026-04-01T00:00:00Z',
          maxSuspendDaysAllowed: '90',
          numDaysSuspendAllowedCurrent12Months: '180',
          numDaysSuspendedLast12Months: '0',
        },
      },
      status: 'Success',
      callbackCount: 1,
      maxCallbackThreshold: 4,
    },
  ]);
  const deviceId = { kind: 'iccid', id };
  expect((await s.client.call('POST', '/devices/actions/list', { deviceId })).json).toMatchObject({
    devices: [{ connected: false, carrierInformations: [{ state: 'suspend', servicePlan: 'NBIoT50KB' }] }],
  });
  expect(device?.identifiers).toEqual(before);
  const query = { deviceId, earliest: '2026-01-01T00:00:00Z', latest: '2100-01-01T00:00:00Z' };
  expect((await s.client.call('POST', '/devices/history/actions/list', query)).json).toMatchObject([
    { provisioningHistory: [{ eventType: 'Suspension Confirmed', servicePlan: 'NBIoT50KB', mdn: before.mdn }] },
  ]);
  expect((await s.client.call('GET', `/accounts/${account}/requests/${requestId}/status`)).json).toEqual({ requestId, status: 'Success' });
});

test('counts the days of the suspensions before, and ends a run earlier when the year allows no more', async () => {
  const clock = new ManualClock();
  await using s = await scene({ clock });
  const device = s.simulator.inventory.find({ account, state: 'active' })[0];
  const event = (type: string, daysAgo: number) => ({ at: clock.now() - daysAgo * dayMs, type, servicePlan: '', mdn: '', msisdn: '' });
  const history = [event('Suspension Confirmed', 400), event('Restore', 285), event('Suspension Confirmed', 60), event('Restore', 30)];
  device?.history.push(...history);
  await s.suspend({ devices: [byIccid(device?.identifiers.iccid ?? '')] });
  // 80 days of the older run lie in the last year, and the whole 30 of the newer one.
  expect(s.listener.messages[0]?.deviceResponse).toMatchObject({
    suspendResponse: { numDaysSuspendedLast12Months: '110', expectedResumeDate: '2026-03-12T00:00:00Z' },
  });
});

test('a line that is not active gets a fault', async () => {
  await using s = await scene();
  for (const state of ['pre-active', 'suspend', 'deactive'] as const) {
    const id = s.simulator.inventory.find({ account, state })[0]?.identifiers.iccid ?? '';
    await s.suspend({ devices: [byIccid(id)] });
    expect(s.listener.messages).toMatchObject([
      {
        deviceIds: [{ id, kind: 'Iccid' }],
        faultResponse: {
          faultcode: 'UnifiedWebService.INPUT_INVALID.DeviceState.Invalid',
          faultstring: 'INPUT_INVALID. Device is not in the Active state',
        },
        status: 'Failed',
      },
    ]);
    expect(s.simulator.inventory.byIdentifiers([{ kind: 'iccid', id }])?.state).toBe(state);
  }
});

test('means the devices of a group, of a plan, with a custom field, or of the whole account when it names none', async () => {
  await using s = await scene({ devicesPerAccount: 24 });
  const mine = s.simulator.inventory.find({ account });
  const told = async (body: object) => {
    await s.suspend(body);
    return s.listener.messages.map(({ deviceIds }) => deviceIds?.find(({ kind }) => kind.toUpperCase() === 'ICCID')?.id).toSorted(byText);
  };
  const iccids = (devices: typeof mine) => devices.map(({ identifiers }) => identifiers.iccid).toSorted(byText);
  const vends = (device: (typeof mine)[number]) => device.customFields.get('CustomField2') === 'SuperVend';
  const customFields = [{ key: 'CustomField2', value: 'SuperVend' }];
  const west = mine.filter(({ groupName }) => groupName === '4G West');
  const plan = mine.filter(({ servicePlan }) => servicePlan === 'm2m4G2GB');
  for (const some of [west, plan]) expect([0, some.length]).not.toContain(some.filter(vends).length);
  expect(await told({ groupName: '4G West' })).toEqual(iccids(west));
  expect(await told({ groupName: '4G West', customFields, servicePlan: null, devices: null })).toEqual(iccids(west.filter(vends)));
  expect(await told({ servicePlan: 'm2m4G2GB', customFields })).toEqual(iccids(plan.filter(vends)));
  expect(await told({})).toEqual(iccids(mine));
  expect(s.simulator.inventory.find({ account, state: 'active' })).toEqual([]);
});

test('refuses a bad request at once', async () => {
  await using s = await scene();
  for (const [body, code] of [
    [{ devices: [] }, 'INPUT_INVALID.DeviceNotProvided'],
    [{ groupName: 'nowhere' }, 'REQUEST_FAILED.DeviceGroupNotFound'],
    [{ customFields: [{ key: 'colour', value: 'red' }] }, 'INPUT_INVALID.CustomField.InvalidName'],
    [{ accountName: '0999999999-00001' }, 'REQUEST_FAILED.AccountName'],
    [{ withBilling: 'yes' }, 'DeserializationFailed'],
  ] as const) {
    expect(await s.suspend(body)).toMatchObject({ status: 400, json: { errorCode: `UnifiedWebService.${code}` } });
  }
  expect(s.simulator.ledger.counts.devicesPosted).toBe(0);
});

test('writes the other spelling and the legacy format, and can be at fault', async () => {
  const devices = [byIccid('89141390780800784259')];
  await using field = await scene({ spelling: 'field' });
  await field.suspend({ devices });
  expect(field.listener.messages).toMatchObject([{ deviceIds: [{ kind: 'Iccid' }], status: 'SUCCESS' }]);
  await using legacy = await scene({ unkind: ['legacy-xml'] });
  await legacy.suspend({ devices });
  expect(legacy.listener.received[0]?.body).toContain('<Data><CarrierService><ChangeDeviceState><Suspend><ExpectedResumeDate>');
  legacy.simulator.faults.status('suspend', 503);
  expect((await legacy.suspend({ devices })).status).toBe(503);
});
