import { expect, test } from 'vitest';
import { account } from './support/carrier-client.ts';
import { openScene } from './support/scene.ts';

const imei = { kind: 'imei', id: '990010000000301' };
const plan = { servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };

async function scene(seed: number) {
  const opened = await openScene(['DeviceProfileService'], { seed });
  const { simulator, listener, client } = opened;
  const eid = { kind: 'eid', id: '89049032000000000000000000000301' };
  const [lead, local, ended] = [1, 2, 3].map((number) => ({ kind: 'iccid', id: `8914800000000000030${number}` }));
  /** What the action reports: for each message the ICCID, if it has one, and the state or the text of the fault. */
  const act = async (action: string, deviceIds: object[], more: object = {}) => {
    listener.received.length = 0;
    await client.call('POST', `/devices/profile/actions/${action}`, { accountName: account, devices: [{ deviceIds }], ...more });
    await simulator.idle();
    return listener.messages.map(({ deviceIds: named, deviceResponse, faultResponse }): [string | undefined, string] => [
      named?.find(({ kind }) => kind === 'Iccid')?.id ?? 'device',
      faultResponse?.faultstring ?? String(deviceResponse?.['deviceProfileResponse']?.['state']),
    ]);
  };
  for (const profile of [lead, local, ended]) await act('activate', [eid, imei, profile ?? {}], plan);
  await act('deactivate', [eid, ended ?? {}], { reasonCode: 'FF' });
  const states = () => simulator.inventory.profilesOf(eid.id).map(({ profile }) => profile?.state);
  return { ...opened, act, states, eid, lead: lead?.id, local: local?.id ?? '', ended: ended?.id };
}

test('a suspended device has all its profiles suspended, and a resumed one those that were active before', async () => {
  await using s = await scene(1);
  const { eid, lead, local, ended } = s;
  await s.act('profile_suspend', [{ kind: 'iccid', id: local }]);
  expect(new Map(await s.act('device_suspend', [eid]))).toEqual(
    new Map([
      [lead, 'SUSPEND'],
      [local, 'REQUEST_FAILED. Profile is already suspended'],
      [ended, 'INPUT_INVALID. Device is not in the Active state'],
      ['device', 'SUSPEND'],
    ]),
  );
  expect(s.states()).toEqual(['SUSPEND', 'SUSPEND', 'DEACTIVE']);
  expect(new Map(await s.act('device_resume', [eid]))).toEqual(
    new Map([
      [lead, 'ACTIVE'],
      [local, 'SUSPEND'],
      [ended, 'INPUT_INVALID. Device is not in the Suspend state'],
      ['device', 'ACTIVE'],
    ]),
  );
  expect(s.states()).toEqual(['ACTIVE', 'SUSPEND', 'DEACTIVE']);
  expect(await s.act('device_resume', [eid])).toContainEqual([lead, 'REQUEST_FAILED. Profile is already resumed']);
});

test('the message of the device is first, last or between those of its profiles', async () => {
  const places = new Set<number>();
  for (let seed = 1; seed <= 12; seed++) {
    await using s = await scene(seed);
    places.add((await s.act('device_suspend', [s.eid])).findIndex(([about]) => about === 'device'));
  }
  expect(places.size).toBeGreaterThan(1);
});

test('a device is named by its EID alone, and fails as a whole when it has no line in use', async () => {
  await using s = await scene(1);
  for (const profile of [s.lead, s.local]) await s.act('deactivate', [s.eid, { kind: 'iccid', id: profile }], { reasonCode: 'FF' });
  expect(await s.act('device_suspend', [s.eid])).toEqual([['device', 'INPUT_INVALID. Device is not in the Active state']]);
  const body = { accountName: account, devices: [{ deviceIds: [s.eid, { kind: 'iccid', id: s.local }] }] };
  expect(await s.client.call('POST', '/devices/profile/actions/device_suspend', body)).toMatchObject({ status: 400 });
});
