import { expect, test } from 'vitest';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { account } from './support/carrier-client.ts';
import { openScene } from './support/scene.ts';

const eid = { kind: 'eid', id: '89049032000000000000000000000201' };
const imei = { kind: 'imei', id: '990010000000201' };
const iccid = { kind: 'iccid', id: '89148000000000000201' };
const plan = { servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };

async function scene(options: SimulatorOptions = {}) {
  const opened = await openScene(['DeviceProfileService'], options);
  const { simulator, listener, client } = opened;
  const call = (action: string, deviceIds: object[], more: object = {}) =>
    client.call('POST', `/devices/profile/actions/${action}`, { accountName: account, devices: [{ deviceIds }], ...more });
  /** What the action reports: the state, status and role of the profile, or the text of the fault. */
  const act = async (action: string, deviceIds: object[], more: object = {}) => {
    listener.received.length = 0;
    await call(action, deviceIds, more);
    await simulator.idle();
    expect(listener.messages).toHaveLength(1);
    const { deviceResponse, faultResponse } = listener.messages[0] ?? {};
    const { state, profileStatus, profileRole } = deviceResponse?.['deviceProfileResponse'] ?? {};
    return String(faultResponse?.faultstring ?? `${String(state)} ${String(profileStatus)} ${String(profileRole)}`);
  };
  const statusOf = (id: string | undefined) => simulator.inventory.devices.find((each) => each.identifiers.iccid === id)?.profile?.status;
  return { ...opened, call, act, statusOf };
}

test('a Global profile lives beside the US profile of its device: exactly one is enabled, and the other one reports nothing', async () => {
  await using s = await scene();
  const us = s.simulator.inventory.find({ account, profileState: 'ACTIVE' }).find(({ profile }) => profile?.role === 'LEAD');
  const kinds = (...names: ('eid' | 'imei' | 'iccid')[]) => names.map((kind) => ({ kind, id: us?.identifiers[kind] ?? '' }));
  const both = [...kinds('eid'), iccid];
  expect(await s.act('activate', [...both, ...kinds('imei')], plan)).toBe('ACTIVE UNKNOWN LOCAL');
  expect(await s.act('activate', [...both, ...kinds('imei')], plan)).toContain('already active');
  expect(await s.act('enable', both)).toContain('Profile is not downloaded');
  expect(await s.act('delete', both)).toContain('Profile is not downloaded');
  expect(await s.act('download', both)).toBe('ACTIVE DOWNLOAD_DISABLE LOCAL');
  expect(await s.act('download', both)).toContain('already downloaded');
  expect(await s.act('enable', both)).toBe('ACTIVE ENABLE LOCAL');
  expect(s.statusOf(us?.identifiers.iccid)).toBe('DISABLE');
  expect(await s.act('delete', both)).toContain('must be disabled first');
  expect(await s.act('enable', kinds('eid', 'iccid'))).toBe('ACTIVE ENABLE LEAD');
  expect(s.statusOf(iccid.id)).toBe('DISABLE');
  expect(await s.act('profile_suspend', [iccid])).toBe('SUSPEND DISABLE LOCAL');
  expect(await s.act('profile_suspend', [iccid])).toBe('REQUEST_FAILED. Profile is already suspended');
  expect(await s.act('enable', both)).toContain('not in the Active state');
  expect(await s.act('deactivate', both, { reasonCode: 'FF' })).toContain('not in the Active state');
  expect(await s.act('profile_resume', [iccid])).toBe('ACTIVE DISABLE LOCAL');
  expect(await s.act('delete', both)).toBe('DEACTIVE DELETE LOCAL');
  expect(await s.act('delete', both)).toContain('Profile is not downloaded');
  for (const [action, ids] of [
    ['profile_suspend', kinds('iccid')],
    ['delete', kinds('eid', 'iccid')],
    ['download', kinds('eid', 'iccid')],
  ] as const)
    expect(await s.act(action, ids), action).toContain('lead profile');
});

test('download_enable enables the profile in the same step', async () => {
  await using s = await scene();
  const other = { kind: 'iccid', id: '89148000000000000202' };
  expect(await s.act('download_enable', [eid, iccid])).toBe('ACTIVE DOWNLOAD_ENABLE LOCAL');
  expect(await s.act('download_enable', [eid, other])).toBe('ACTIVE DOWNLOAD_ENABLE LOCAL');
  expect(s.statusOf(iccid.id)).toBe('DISABLE');
});

test('each activation without an ICCID makes a profile with an ICCID and a code of its own; the device list has them all', async () => {
  await using s = await scene();
  const consumer = { ...plan, servicePlan: 'HybridESim' };
  const codes: unknown[] = [];
  for (let at = 0; at < 2; at += 1) {
    expect(await s.act('activate', [eid, imei], consumer)).toBe('ACTIVE UNKNOWN LOCAL');
    codes.push(s.listener.messages[0]);
  }
  const code = expect.stringMatching(/^1\$[\w.-]+\$[0-9A-F]{16}$/) as string;
  expect(codes).toMatchObject([1, 2].map(() => ({ deviceResponse: { deviceProfileResponse: { activationCode: code } } })));
  const answer = await s.client.call('POST', '/devices/actions/list', { accountName: account, deviceId: eid });
  const { devices } = answer.json as { devices: { deviceIds: { kind: string; id: string }[]; extendedAttributes: object[] }[] };
  const listed = devices.map(({ deviceIds }) => deviceIds.find(({ kind }) => kind === 'iccId')?.id);
  expect(new Set(listed).size).toBe(2);
  for (const { extendedAttributes } of devices)
    expect(extendedAttributes).toContainEqual({ key: 'ProfileStatus', value: 'Not Downloaded' });
});

test('a deactivated profile is activated again by its ICCID', async () => {
  await using s = await scene();
  expect(await s.act('deactivate', [eid, iccid], { reasonCode: 'FF', etfWaiver: false })).toBe('DEACTIVE DISABLE LOCAL');
  expect(await s.act('deactivate', [eid, iccid], { reasonCode: 'FF' })).toContain('not in the Active state');
  const device = s.simulator.inventory.byIdentifiers([{ kind: 'eid', id: eid.id }]);
  expect(device?.state).toBe('deactive');
  expect(await s.act('activate', [eid, iccid, imei], plan)).toBe('ACTIVE UNKNOWN LOCAL');
  expect(device?.state).toBe('active');
});

test('a device without an eSIM profile gets a fault', async () => {
  await using s = await scene();
  const device = s.simulator.inventory.find({ account, state: 'active' }).find(({ profile }) => profile === undefined);
  expect(await s.act('profile_suspend', [{ kind: 'iccid', id: device?.identifiers.iccid ?? '' }])).toContain('no eSIM profile');
});

test('the message about a fallback profile mixes two forms', async () => {
  await using s = await scene();
  const answer = await s.call('setfallbackattribute', [eid, iccid, imei]);
  await s.simulator.idle();
  expect(s.listener.received.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    {
      username: 'listener',
      password: 'secret',
      RequestId: (answer.json as { requestId: string }).requestId,
      Device: [
        { Kind: 'iccid', Identifier: iccid.id },
        { Kind: 'eid', Identifier: eid.id },
      ],
      Status: 'SUCCESS',
      CallbackCount: 1,
      MaxCallbackThreshold: 4,
    },
  ]);
});

test.each([
  ['enable', [iccid], {}],
  ['enable', [eid, iccid, imei], {}],
  ['download', [eid], {}],
  ['delete', [iccid], {}],
  ['profile_suspend', [eid], {}],
  ['setfallbackattribute', [eid, iccid], {}],
  ['deactivate', [eid, imei], { reasonCode: 'FF' }],
  ['deactivate', [eid, iccid], {}],
  ['activate', [iccid, imei], plan],
  ['activate', [eid, imei], { servicePlan: 'm2m4G2GB' }],
  ['activate', [eid, imei], { mdnZipCode: '98801' }],
] as const)('%s of %j with %j is refused with a number of 3 digits', async (action, deviceIds, more) => {
  await using s = await scene();
  expect(await s.call(action, [...deviceIds], more)).toMatchObject({ status: 400, json: { errorCode: '400' } });
});

test('the spelling of the SDK is refused: ids in place of deviceIds', async () => {
  await using s = await scene();
  const body = { accountName: account, reasonCode: 'FF', devices: [{ ids: [eid, iccid] }] };
  expect(await s.client.call('POST', '/devices/profile/actions/deactivate', body)).toMatchObject({ status: 400 });
});
