import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type UnkindnessName, unkindnesses } from '../../simulator/unkind/unkindnesses.ts';
import { account, byIccid, byImeiAndIccid } from './support/carrier-client.ts';
import { ManualClock } from './support/manual-clock.ts';
import { openScene } from './support/scene.ts';
import { json, type Operation, type Seen, success, table } from './support/unkind-rows.ts';

const eid = { kind: 'eid', id: '89049032000000000000000000000001' };
const requests: Readonly<Record<Operation, (iccid: string) => readonly [path: string, body: object]>> = {
  activate: (iccid) => ['/devices/actions/activate', { servicePlan: 'm2m4G2GB', mdnZipCode: '98801', devices: [byImeiAndIccid(iccid)] }],
  restore: (iccid) => ['/devices/actions/restore', { devices: [byIccid(iccid)] }],
  renew: (iccid) => ['/devices/profile/actions/renew_activation_code', { devices: [{ deviceIds: [eid, { kind: 'iccid', id: iccid }] }] }],
  resume: (iccid) => ['/devices/profile/actions/profile_resume', { devices: [byIccid(iccid)] }],
};

async function openUnkind() {
  const clock = new ManualClock();
  const scene = await openScene(['CarrierService', 'NiddService', 'DeviceProfileService'], { clock, callbackDelayMs: [100, 100] });
  const { simulator, listener, client } = scene;
  /** One operation on one device, until all is said. */
  const see = async (name: UnkindnessName, iccid: string): Promise<Seen> => {
    listener.received.length = 0;
    const [path, body] = requests[table[name].operation ?? 'activate'](iccid);
    const answer = await client.call('POST', path, { accountName: account, ...body });
    if (name === 'late') {
      const { callbacksSent } = simulator.ledger.counts;
      clock.advance(59_999);
      expect(simulator.ledger.counts.callbacksSent).toBe(callbacksSent);
    }
    clock.advance(105);
    await simulator.idle();
    const deviceId = { kind: 'iccid', id: iccid };
    const days = { earliest: '2025-12-31T00:00:00Z', latest: '2026-12-31T00:00:00Z' };
    return {
      answer,
      callbacks: [...listener.received],
      state: simulator.inventory.byIdentifiers([{ kind: 'iccid', id: iccid }])?.state,
      record: await client.call('POST', '/devices/actions/list', { deviceId }),
      history: await client.call('POST', '/devices/history/actions/list', { deviceId, ...days }),
    };
  };
  const check = (name: UnkindnessName, seen: Seen) => {
    const { says = [success], shows } = table[name];
    const isJson = says.length > 0 || seen.callbacks.length === 0;
    if (isJson) expect(seen.callbacks.map(({ body }) => json(body))).toMatchObject(says);
    shows?.(seen);
  };
  return { ...scene, see, check };
}

test('every unkindness does what its row says, to the device that has its magic identifier', async () => {
  await using scene = await openUnkind();
  for (const { name, suffix } of unkindnesses) {
    const seen = await scene.see(name, `8914800078080078${suffix}`);
    try {
      scene.check(name, seen);
    } catch (error) {
      throw new Error(`${suffix} ${name}`, { cause: error });
    }
  }
});

test('every unkindness does what its row says, to every device, by a switch of the admin API', async () => {
  await using scene = await openUnkind();
  const turn = (names: readonly string[]) =>
    scene.client.send('POST', `${scene.simulator.adminUrl}/faults/unkind`, JSON.stringify({ names }), {});
  for (const [at, { name }] of unkindnesses.entries()) {
    expect((await turn([name])).status).toBe(200);
    expect(scene.simulator.faults.unkind.on).toEqual([name]);
    const seen = await scene.see(name, `891480007808007${73_000 + at}`);
    try {
      // An error is needed for the two that spell one.
      if (name.startsWith('error-')) expect(seen.answer.status).toBe(200);
      else scene.check(name, seen);
    } catch (error) {
      throw new Error(`the switch ${name}`, { cause: error });
    }
  }
  expect(await turn(['rude'])).toMatchObject({ status: 400, json: { error: expect.stringContaining('on-hold-then-success') as string } });
  scene.simulator.faults.clear();
  expect(scene.simulator.faults.unkind.on).toEqual([]);
});

test('an error is spelled as the switch says, and a list of one registration is one object', async () => {
  await using scene = await openScene(['CarrierService'], { unkind: ['error-pascal-case', 'error-list', 'one-as-object'] });
  expect(await scene.client.activate({ servicePlan: 'nothing' })).toMatchObject({
    status: 400,
    json: [{ ErrorCode: 'UnifiedWebService.REQUEST_FAILED.ServicePlan.NotFound', ErrorMessage: expect.any(String) as string }],
  });
  expect((await scene.client.call('GET', `/callbacks/${account}`)).json).toMatchObject({ serviceName: 'CarrierService' });
});

test('unkindnesses combine: what is said, how it is spelled, and what is around it', async () => {
  await using scene = await openScene(['CarrierService'], {
    unkind: ['warning-first', 'legacy-json-in-data', 'callback-list', 'callback-latin1', 'callback-gzip', 'callback-slash'],
  });
  const { simulator, listener, client } = scene;
  await client.activated('89148000780800784259');
  await simulator.idle();
  const messages = listener.received.map(({ path, bytes }) => [path, json(gunzipSync(bytes).toString('latin1'))]);
  expect(messages).toMatchObject([
    ['/CarrierService/', [{ CallbackRequest: { Data: { Status: 'WARNING', Comment: 'Terminé' } } }]],
    ['/CarrierService/', [{ CallbackRequest: { Data: { Status: 'Success' } } }]],
  ]);
});

test('a magic identifier counts as ordinary when magic is turned off', async () => {
  await using scene = await openScene(['CarrierService'], { magicIdentifiers: false });
  const { simulator, listener, client } = scene;
  await client.activated('89141390780800784040');
  await simulator.idle();
  expect(listener.messages.map(({ status }) => status)).toEqual(['Success']);
});
