import { expect, test } from 'vitest';
import { account } from './support/carrier-client.ts';
import { openScene } from './support/scene.ts';

async function scene() {
  const opened = await openScene(['CarrierService']);
  const { client, simulator } = opened;
  const add = (devices: readonly (readonly object[])[], more: object = {}) =>
    client.call('POST', '/devices/actions/add', {
      accountName: account,
      state: 'Pre-active',
      devicesToAdd: devices.map((deviceIds) => ({ deviceIds })),
      ...more,
    });
  const found = (id: string) => simulator.inventory.byIdentifiers([{ kind: 'iccid', id }]);
  return { ...opened, add, found };
}

const named = (number: number) => [
  { kind: 'imei', id: `99001000000${1000 + number}` },
  { kind: 'iccid', id: `8914800000000001${1000 + number}` },
];

test('adds devices that nobody knows, answers for each at once, and sends no callback', async () => {
  await using s = await scene();
  const known = s.simulator.inventory.find({ account })[0]?.identifiers.iccid ?? '';
  const [one, two] = [[{ kind: 'iccid', id: known }], named(1)];
  expect(await s.add([one, two], { groupName: '4G West', customFields: [{ key: 'CustomField3', value: 'x' }] })).toMatchObject({
    status: 200,
    json: [
      { deviceIds: one, response: 'Failed' },
      { deviceIds: two, response: 'Success' },
    ],
  });
  expect(s.found(two[1]?.id ?? '')).toMatchObject({ account, state: 'pre-active', groupName: '4G West' });
  expect((await s.add([two])).json).toMatchObject([{ response: 'Failed' }]);
  await s.simulator.idle();
  expect(s.listener.messages).toEqual([]);
  expect(s.simulator.ledger.counts.devicesPosted).toBe(3);
});

test('at most 200 devices are added in one request', async () => {
  await using s = await scene();
  const devices = Array.from({ length: 201 }, (_, number) => named(number));
  expect(await s.add(devices)).toMatchObject({
    status: 400,
    json: { errorCode: 'UnifiedWebService.INPUT_INVALID.NumberofDevices' },
  });
  expect((await s.add(devices.slice(1))).json).toHaveLength(200);
});

test('devices are added as pre-active, and as nothing else', async () => {
  await using s = await scene();
  expect(await s.add([named(1)], { state: 'active' })).toMatchObject({ status: 400 });
  expect(await s.add([named(1)], { state: 'preactive' })).toMatchObject({ status: 200 });
});

test('deletes a deactivated device with its history, and no other', async () => {
  await using s = await scene();
  const ofState = (state: 'deactive' | 'active') => s.simulator.inventory.find({ account, state })[0]?.identifiers.iccid ?? '';
  const [ended, active] = [ofState('deactive'), ofState('active')];
  const remove = (...numbers: readonly string[]) =>
    s.client.call('POST', '/devices/actions/delete', {
      devicesToDelete: numbers.map((id) => ({ deviceIds: [{ kind: 'iccid', id }] })),
    });
  expect((await remove(ended, active)).json).toEqual([
    { deviceIds: [{ kind: 'iccid', id: ended }], status: 'Success' },
    { deviceIds: { kind: 'iccid', id: active }, status: 'Failed', message: 'The device is not in deactive state.' },
  ]);
  expect([s.found(ended), s.found(active)?.state]).toEqual([undefined, 'active']);
  expect(s.simulator.inventory.find({ account }).some(({ identifiers }) => identifiers.iccid === ended)).toBe(false);
  expect(await remove(...Array.from({ length: 101 }, (_, at) => String(at)))).toMatchObject({ status: 400 });
});
