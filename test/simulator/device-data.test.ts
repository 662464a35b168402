import { expect, test } from 'vitest';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { account, byIccid } from './support/carrier-client.ts';
import { openScene } from './support/scene.ts';

/** What changes a line without changing its state: its plan, custom fields and cost center. */
async function scene(options: SimulatorOptions = {}) {
  const opened = await openScene(['CarrierService', 'NiddService'], options);
  const { simulator, listener, client } = opened;
  const put = async (path: string, body: object) => {
    listener.received.length = 0;
    const answer = await client.call('PUT', path, body);
    await simulator.idle();
    return answer;
  };
  const line = (state: 'active' | 'suspend' | 'deactive', nbIot = false) => {
    const device = simulator.inventory.find({ account, state, nbIot })[0];
    if (!device) throw new Error(`no ${state} device`);
    return { device, devices: [byIccid(device.identifiers.iccid ?? '')] };
  };
  return { ...opened, put, line };
}

const PLAN = '/devices/actions/plan';
const FIELDS = '/devices/actions/customFields';
const COST = '/devices/costCenter';
const refusal = (code: string) => ({ status: 400, json: { errorCode: `UnifiedWebService.${code}` } });

test('a plan is changed for an active line; the message has an empty result, the list and the history have the new plan', async () => {
  await using s = await scene();
  const { device, devices } = s.line('active');
  await s.put(PLAN, { accountName: account, devices, servicePlan: 'm2m4G500MB' });
  expect(s.listener.messages).toMatchObject([{ deviceResponse: {}, status: 'Success' }]);
  expect(device.servicePlan).toBe('m2m4G500MB');
  expect(device.history.at(-1)).toMatchObject({ servicePlan: 'm2m4G500MB' });
});

test('a line that is not active keeps its plan', async () => {
  await using s = await scene();
  for (const state of ['suspend', 'deactive'] as const) {
    const { device, devices } = s.line(state);
    const before = device.servicePlan;
    await s.put(PLAN, { accountName: account, devices, servicePlan: 'm2m4G500MB' });
    expect(s.listener.messages[0]?.faultResponse?.faultcode).toBe('UnifiedWebService.INPUT_INVALID.DeviceState.Invalid');
    expect(device.servicePlan).toBe(before);
  }
});

test('currentServicePlan chooses devices, and servicePlan does not', async () => {
  await using s = await scene();
  const onPlan = s.simulator.inventory.find({ account, servicePlan: 'NBIoT50KB' });
  await s.put(PLAN, { accountName: account, currentServicePlan: 'NBIoT50KB', servicePlan: 'm2m4G2GB' });
  expect(s.listener.messages).toHaveLength(onPlan.length);
  expect(new Set(onPlan.map(({ servicePlan }) => servicePlan))).toEqual(new Set(['m2m4G2GB']));
});

test('an NB-IoT device is reported a second time when the new plan adds NIDD, and not otherwise', async () => {
  await using s = await scene();
  const { devices } = s.line('active', true);
  await s.put(PLAN, { accountName: account, devices, servicePlan: 'm2m4G2GB' });
  expect(s.listener.messages).toHaveLength(1);
  await s.put(PLAN, { accountName: account, devices, servicePlan: 'NBIoT50KB' });
  expect(s.listener.messages.map(({ status }) => status)).toEqual(['Success', 'ConfigCreated']);
});

test('custom fields are set in every state, and an empty value empties one', async () => {
  await using s = await scene();
  for (const state of ['active', 'suspend', 'deactive'] as const) {
    const { device, devices } = s.line(state);
    device.customFields.set('CustomField2', 'kept');
    const customFieldsToUpdate = [
      { key: 'CustomField1', value: '' },
      { key: 'CustomField3', value: 'Dock 7' },
    ];
    await s.put(FIELDS, { accountName: account, devices, customFieldsToUpdate });
    expect(s.listener.messages).toMatchObject([{ deviceResponse: {}, status: 'Success' }]);
    expect(Object.fromEntries(device.customFields)).toEqual({ CustomField2: 'kept', CustomField3: 'Dock 7' });
  }
});

test('a cost center is set and removed; beside devices nothing else may choose devices, but for the lenient carrier', async () => {
  await using s = await scene();
  const { device, devices } = s.line('active');
  await s.put(COST, { devices, costCenter: 'Depot 12' });
  expect([device.costCenterCode, s.listener.messages[0]?.status]).toEqual(['Depot 12', 'Success']);
  expect(await s.put(COST, { accountName: account, devices, costCenter: 'Depot 13' })).toMatchObject(
    refusal('INPUT_INVALID.AccountName.NotAllowed'),
  );
  await s.put(COST, { devices, costCenter: 'Depot 13', removeCostCenter: true });
  expect(device.costCenterCode).toBeUndefined();
  await using lenient = await scene({ lenient: true });
  expect((await lenient.put(COST, { accountName: account, devices, costCenter: 'Depot 13' })).status).toBe(200);
});

test('refuses a bad request at once', async () => {
  await using s = await scene();
  const { devices } = s.line('active');
  const common = { accountName: account, devices };
  for (const [path, body, code] of [
    [PLAN, common, 'DeserializationFailed'],
    [PLAN, { ...common, servicePlan: 'none' }, 'REQUEST_FAILED.ServicePlan.NotFound'],
    [PLAN, { ...common, servicePlan: 'm2m4G2GB', carrierIpPoolName: 'none' }, 'INPUT_INVALID.CarrierIpPoolName.NotDefined'],
    [FIELDS, common, 'DeserializationFailed'],
    [FIELDS, { ...common, customFieldsToUpdate: [{ key: 'CustomField6', value: 'x' }] }, 'INPUT_INVALID.CustomField.InvalidName'],
    [FIELDS, { ...common, customFieldsToUpdate: [{ key: 'CustomField1', value: 'x'.repeat(51) }] }, 'INPUT_INVALID.CustomField.TooLong'],
    [COST, { devices }, 'DeserializationFailed'],
    [COST, { devices, costCenter: 'a_b' }, 'INPUT_INVALID.CostCenterCode.Invalid'],
  ] as const)
    expect(await s.put(path, body), path).toMatchObject(refusal(code));
  expect(s.simulator.ledger.counts.devicesPosted).toBe(0);
});

test('in the other spelling the message has no result, and in the legacy format an empty element', async () => {
  const body = {
    accountName: account,
    devices: [byIccid('89141390780800784259')],
    customFieldsToUpdate: [{ key: 'CustomField1', value: 'x' }],
  };
  await using field = await scene({ spelling: 'field' });
  await field.put(FIELDS, body);
  expect(field.listener.messages[0]).not.toHaveProperty('deviceResponse');
  await using legacy = await scene({ unkind: ['legacy-xml'] });
  await legacy.put(FIELDS, body);
  expect(legacy.listener.received[0]?.body).toMatch(/<Data><CarrierService><ChangeDeviceCustomFields ?\/?>/);
});
