import { expect, test } from 'vitest';
import { account, byImeiAndIccid, CarrierClient } from './support/carrier-client.ts';
import { openScene } from './support/scene.ts';

const prompt = { callbackDelayMs: [0, 0] } as const;
const imei = { kind: 'imei', id: '990013907835573' };
const iccid = { kind: 'iccid', id: '89141390780800784259' };

test('reports each device once, with every documented field', async () => {
  await using scene = await openScene(['CarrierService']);
  const { simulator, listener, client } = scene;
  const answer = await client.activate({
    devices: [
      { deviceIds: [imei, iccid], ipAddress: '100.127.22.33' },
      {
        deviceIds: [
          { kind: 'IMEI', id: '990013907884259' },
          { kind: 'ICCID', id: '89141390780800735573' },
        ],
      },
    ],
    servicePlan: 'the service plan name',
    carrierIpPoolName: 'SimulatorStatic',
    customFields: [{ key: 'CustomField2', value: 'SuperVend' }],
    groupName: '4G West',
  });
  await simulator.idle();
  const { requestId } = answer.json as { requestId: string };
  expect(answer).toMatchObject({ status: 200, json: { requestId } });
  expect(listener.messages.map((message) => message.requestId)).toEqual([requestId, requestId]);
  expect(listener.received[0]).toMatchObject({
    path: '/CarrierService',
    userAgent: "Verizon's callback service",
    contentType: 'application/json',
  });
  const message = listener.messages.find(({ deviceIds }) => deviceIds?.[1]?.id === iccid.id);
  const digits = expect.stringMatching(/^\d+$/);
  expect(message).toEqual({
    username: 'listener',
    password: 'secret',
    requestId,
    deviceIds: [
      { id: imei.id, kind: 'IMEI' },
      { id: iccid.id, kind: 'ICCID' },
    ],
    deviceResponse: {
      activateResponse: {
        deviceIds: [
          { id: digits, kind: 'mdn' },
          { id: digits, kind: 'imsi' },
          { id: iccid.id, kind: 'iccId' },
          { id: digits, kind: 'msisdn' },
          { id: digits, kind: 'min' },
        ],
        ipAddress: '100.127.22.33',
        state: 'Active',
        servicePlan: 'the service plan name',
        featureCodes: [],
        deviceCredential: { username: expect.stringMatching(/^\d{10}@vzw3g\.com$/), password: digits },
      },
    },
    status: 'Success',
    callbackCount: 1,
    maxCallbackThreshold: 4,
  });
  const [device] = simulator.inventory.find({ groupName: '4G West' }).filter((each) => each.adopted);
  expect(device).toMatchObject({ state: 'active', customFields: new Map([['CustomField2', 'SuperVend']]) });
});

test('follows the state machine, and reports a fault in the documented shape', async () => {
  await using scene = await openScene(['CarrierService']);
  const { simulator, listener, client } = scene;
  const expected = {
    'pre-active': undefined,
    deactive: undefined,
    active: 'UnifiedWebService.REQUEST_FAILED.DeviceAlreadyActive',
    suspend: 'UnifiedWebService.INPUT_INVALID.DeviceState.Invalid',
  } as const;
  for (const state of ['pre-active', 'deactive', 'active', 'suspend'] as const) {
    const id = simulator.inventory.find({ account, state, nbIot: false })[0]?.identifiers.iccid ?? '';
    const requestId = await client.activated(id);
    await simulator.idle();
    const message = listener.messages.at(-1);
    expect(message?.faultResponse?.faultcode).toBe(expected[state]);
    if (expected[state] === undefined) continue;
    expect(message).toEqual({
      username: 'listener',
      password: 'secret',
      requestId,
      deviceIds: [
        { id: byImeiAndIccid(id).deviceIds[0]?.id, kind: 'Imei' },
        { id, kind: 'Iccid' },
      ],
      faultResponse: { faultcode: expected[state], faultstring: expect.any(String) },
      status: 'Failed',
      callbackCount: 1,
      maxCallbackThreshold: 4,
    });
  }
});

test('shows pending activation and request status Pending until the device is done', async () => {
  await using client = await CarrierClient.start({ callbackDelayMs: [60_000, 60_000] });
  const requestId = await client.activated(iccid.id);
  const status = (id: string) => client.call('GET', `/accounts/${account}/requests/${id}/status`);
  expect((await status(requestId)).json).toEqual({ requestId, status: 'Pending' });
  const list = await client.call('POST', '/devices/actions/list', { deviceId: iccid });
  expect(list.json).toMatchObject({ devices: [{ carrierInformations: [{ state: 'pending activation' }] }] });
});

test('tells the status of single-device activations only', async () => {
  await using client = await CarrierClient.start(prompt);
  const status = async (...iccids: string[]) => {
    const requestId = await client.activated(...iccids);
    await client.simulator.idle();
    return client.call('GET', `/accounts/${account}/requests/${requestId}/status`);
  };
  expect((await status(iccid.id)).json).toMatchObject({ status: 'Success' });
  expect((await status(iccid.id)).json).toMatchObject({ status: 'Failure' });
  expect((await status(iccid.id, '89141390780800784261')).status).toBe(400);
});

test('activates a group, a filtered group, or the whole account when no device is named', async () => {
  await using scene = await openScene(['CarrierService'], { devicesPerAccount: 24 });
  const { simulator, listener, client } = scene;
  const count = async (body: object) => {
    const before = listener.received.length;
    await client.activate(body);
    await simulator.idle();
    return listener.received.length - before;
  };
  const west = simulator.inventory.find({ account, groupName: '4G West' });
  const vend = west.filter((device) => device.customFields.get('CustomField2') === 'SuperVend');
  const customFields = [{ key: 'CustomField2', value: 'SuperVend' }];
  expect(vend.length).toBeLessThan(west.length);
  expect(await count({ groupName: '4G West' })).toBe(west.length);
  expect(await count({ groupName: '4G West', customFields })).toBe(vend.length);
  expect(await count({ groupName: '4G West', filter: { customFields } })).toBe(vend.length);
  expect(await count({})).toBe(24);
});

test('reports an NB-IoT device a second time, through NiddService, after the first', async () => {
  await using scene = await openScene(['CarrierService', 'NiddService']);
  const { simulator, listener, client } = scene;
  const device = simulator.inventory.find({ account, state: 'pre-active', nbIot: true })[0];
  const requestId = await client.activated(device?.identifiers.iccid ?? '');
  await simulator.idle();
  expect(listener.received.map(({ path }) => path)).toEqual(['/CarrierService', '/NiddService']);
  expect(listener.messages[1]).toEqual({
    username: 'listener',
    password: 'secret',
    requestId,
    niddResponse: {
      niddConfigResponse: {
        accountName: account,
        deviceIds: expect.arrayContaining([{ id: device?.identifiers.imei, kind: 'IMEI' }]),
      },
    },
    status: 'ConfigCreated',
    callbackCount: 1,
    maxCallbackThreshold: 4,
  });
});

test('fails unknown devices, and devices of another account, by callback', async () => {
  await using scene = await openScene(['CarrierService'], { unknownDevices: 'fail' });
  const { simulator, listener, client } = scene;
  const foreign = simulator.inventory.find({ account: 'TestAccount-1' })[0]?.identifiers.iccid ?? '';
  await client.activated(iccid.id);
  await simulator.idle();
  await client.activated(foreign);
  await simulator.idle();
  expect(listener.messages.map(({ faultResponse }) => faultResponse?.faultcode)).toEqual([
    'UnifiedWebService.REQUEST_FAILED.DeviceNotFound',
    'UnifiedWebService.INPUT_INVALID.Device.Account.Invalid',
  ]);
});

test('fails the asked share of devices, and leaves new ones among them deactivated', async () => {
  await using client = await CarrierClient.start({ ...prompt, failureRate: 1 });
  await client.activated(iccid.id);
  expect(client.simulator.inventory.byIdentifiers([{ kind: 'iccid', id: iccid.id }])?.state).toBe('deactive');
});

test('writes the other spelling and the legacy formats on demand', async () => {
  const send = async (options: object) => {
    await using scene = await openScene(['CarrierService'], { ...options });
    const { simulator, listener, client } = scene;
    await client.activate({ devices: [{ deviceIds: [imei, iccid] }] });
    await simulator.idle();
    return listener.received[0];
  };
  const field = JSON.parse((await send({ spelling: 'field' }))?.body ?? '');
  expect(field).toMatchObject({ deviceIds: [{ kind: 'Imei' }, { kind: 'Iccid' }], status: 'SUCCESS' });
  const json = JSON.parse((await send({ unkind: ['legacy-json'] }))?.body ?? '');
  expect(json).toMatchObject({
    CallbackRequest: {
      Username: 'listener',
      Device: [{ Kind: 'IMEI', Identifier: imei.id }, { Kind: 'ICCID' }],
      Data: { CarrierService: { ChangeDeviceState: { Activate: { State: 'Active', ServicePlan: 'm2m4G2GB' } } } },
      Status: 'Success',
      CallbackCount: 1,
    },
  });
  const xml = await send({ unkind: ['legacy-xml'] });
  expect(xml?.contentType).toMatch(/^text\/xml/);
  expect(xml?.body).toContain(`<Device><Kind>IMEI</Kind><Identifier>${imei.id}</Identifier></Device>`);
});

test('accepts the double slash that the documentation prints, and names of devices only once in the ledger', async () => {
  await using client = await CarrierClient.start(prompt);
  const body = { accountName: account, servicePlan: 'm2m4G2GB', mdnZipCode: '98801', devices: [byImeiAndIccid(iccid.id)] };
  expect((await client.call('POST', '//devices/actions/activate', body)).status).toBe(200);
  expect(client.simulator.ledger.postsPerDevice('activate')).toEqual(new Map([[iccid.id, 1]]));
});
