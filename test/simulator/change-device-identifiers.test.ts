import { expect, test } from 'vitest';
import { account } from './support/carrier-client.ts';
import { openScene } from './support/scene.ts';

const SIM = { kind: 'iccid', id: '89148000000000000301' };
const MODEM = { kind: 'imei', id: '990010000000301' };

async function scene() {
  const opened = await openScene(['CarrierService']);
  const { client, simulator, listener } = opened;
  const change = async (deviceIds: object[], deviceIdsTo: object[], more: object) => {
    listener.received.length = 0;
    const answer = await client.call('PUT', '/devices/4g/actions/deviceId', { deviceIds, deviceIdsTo, ...more });
    await simulator.idle();
    return answer;
  };
  const lineIn = (state: 'active' | 'suspend' | 'pre-active') => {
    const { mdn, iccid = '', imei = '' } = simulator.inventory.find({ account, state })[0]?.identifiers ?? {};
    return { mdn: { kind: 'mdn', id: mdn ?? '' }, iccid: { kind: 'iccid', id: iccid }, imei: { kind: 'imei', id: imei } };
  };
  const find = (identifier: { kind: string; id: string }) =>
    simulator.inventory.byIdentifiers([identifier as { kind: 'mdn'; id: string }])?.identifiers;
  return { ...opened, change, lineIn, find };
}

test('moves an active line with a number, and no other', async () => {
  await using s = await scene();
  const line = s.lineIn('active');
  await s.change([line.mdn], [SIM, MODEM], { change4gOption: 'ChangeIMEIandICCID', servicePlan: 'm2m4G2GB' });
  expect(s.listener.messages).toMatchObject([
    {
      deviceIds: [{ id: line.mdn.id }],
      deviceResponse: { changeIdentifierResponse: { deviceIds: [SIM, MODEM], servicePlan: 'm2m4G2GB' } },
      status: 'Success',
    },
  ]);
  expect(s.find(line.mdn)).toMatchObject({ iccid: SIM.id, imei: MODEM.id });
  expect([s.find(line.iccid), s.find(line.imei)]).toEqual([undefined, undefined]);
  for (const state of ['suspend', 'pre-active'] as const) {
    await s.change([s.lineIn(state).iccid], [{ ...SIM, id: '89148000000000000302' }], { change4gOption: 'ChangeICCID' });
    expect(s.listener.messages).toMatchObject([{ faultResponse: { faultcode: 'UnifiedWebService.INPUT_INVALID.DeviceState.Invalid' } }]);
  }
});

test('takes no hardware that is in the database', async () => {
  await using s = await scene();
  await s.change([s.lineIn('active').mdn], [s.lineIn('pre-active').iccid], { change4gOption: 'ChangeICCID' });
  expect(s.listener.messages).toMatchObject([
    { status: 'Failed', faultResponse: { faultstring: expect.stringContaining('in the database') } },
  ]);
});

test('the option says which identifiers change', async () => {
  await using s = await scene();
  const { mdn } = s.lineIn('active');
  expect(await s.change([mdn], [SIM], {})).toMatchObject({ status: 400 });
  expect(await s.change([mdn], [SIM], { change4gOption: 'ChangeIMEI' })).toMatchObject({ status: 400 });
  expect(await s.change([mdn], [MODEM], { change4gOption: 'ChangeIMEI' })).toMatchObject({ status: 200 });
});
