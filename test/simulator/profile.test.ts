import { expect, test } from 'vitest';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { account } from './support/carrier-client.ts';
import { openScene } from './support/scene.ts';

const iccid = { kind: 'iccid', id: '89141390780800784259' };
const imei = { kind: 'imei', id: '990013907835573' };
const eid = { kind: 'eid', id: '89049032000000000000000000000001' };

async function report(operation: string, deviceIds: object[], options: SimulatorOptions = {}) {
  await using scene = await openScene(['DeviceProfileService'], { ...options });
  const { simulator, listener, client } = scene;
  const body = { devices: [{ deviceIds }], accountName: account };
  const answer = await client.call('POST', `/devices/profile/actions/${operation}`, body);
  await simulator.idle();
  return { answer, message: listener.messages[0], simulator };
}

test('renews an activation code: the callback of the page, without credentials', async () => {
  const { answer, message } = await report('renew_activation_code', [eid, imei, iccid]);
  const deviceIds = [
    { id: imei.id, kind: 'imei' },
    { id: iccid.id, kind: 'iccid' },
    { id: eid.id, kind: 'eid' },
  ];
  expect(message).toEqual({
    requestId: (answer.json as { requestId: string }).requestId,
    deviceIds,
    deviceResponse: {
      deviceProfileResponse: {
        deviceIdentifierCollection: deviceIds,
        state: 'ACTIVE',
        profileStatus: 'UNKNOWN',
        profileRole: 'LOCAL',
        activationCode: expect.stringMatching(/^1\$[\w.-]+\$[0-9A-F]{16}$/),
      },
    },
    status: 'SUCCESS',
    callbackCount: 1,
    maxCallbackThreshold: 4,
  });
});

test('resumes a profile: all identifiers of the device, spelled as on the page', async () => {
  const { message } = await report('profile_resume', [iccid]);
  expect(message?.deviceIds?.map(({ kind }) => kind)).toEqual(['Eid', 'Imei', 'msisdn', 'Iccid']);
  expect(message).toMatchObject({
    deviceResponse: {
      deviceProfileResponse: {
        deviceIdentifierCollection: message?.deviceIds,
        state: 'ACTIVE',
        profileStatus: 'ENABLE',
        profileRole: 'LOCAL',
      },
    },
    status: 'SUCCESS',
  });
});

test('echoes the credentials in profile callbacks when told to', async () => {
  const { message } = await report('profile_resume', [iccid], { profileCallbackCredentials: true });
  expect(message).toMatchObject({ username: 'listener', password: 'secret' });
});

test('follows the state of known devices', async () => {
  await using scene = await openScene(['DeviceProfileService']);
  const { simulator, listener, client } = scene;
  const call = async (operation: string, profileState: 'ACTIVE' | 'SUSPEND' | 'DEACTIVE', kinds: ('eid' | 'iccid')[]) => {
    const device = simulator.inventory.find({ account, profileState })[0];
    const deviceIds = kinds.map((kind) => ({ kind, id: device?.identifiers[kind] ?? '' }));
    await client.call('POST', `/devices/profile/actions/${operation}`, { devices: [{ deviceIds }], accountName: account });
    await simulator.idle();
    return listener.messages.at(-1);
  };
  expect(await call('renew_activation_code', 'DEACTIVE', ['eid', 'iccid'])).toMatchObject({ status: 'SUCCESS' });
  expect(await call('renew_activation_code', 'ACTIVE', ['eid', 'iccid'])).toMatchObject({ status: 'Failed' });
  expect(await call('profile_resume', 'SUSPEND', ['iccid'])).toMatchObject({ status: 'SUCCESS' });
  expect(await call('profile_resume', 'ACTIVE', ['iccid'])).toMatchObject({
    faultResponse: { faultstring: expect.stringContaining('Profile is already resumed') },
    status: 'Failed',
  });
});
