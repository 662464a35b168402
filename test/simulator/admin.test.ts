import { expect, test } from 'vitest';
import { account, byImeiAndIccid } from './support/carrier-client.ts';
import { openScene } from './support/scene.ts';

const iccid = '89141390780800784259';
const devices = [byImeiAndIccid(iccid)];

test('does by HTTP what the programmatic API does', async () => {
  await using scene = await openScene(['CarrierService']);
  const { simulator, listener, client } = scene;
  const admin = async (method: string, path: string, body?: object) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return client.send(method, `${simulator.adminUrl}${path}`, text, {});
  };
  expect((await admin('GET', '')).json).toMatchObject({ url: simulator.url, accounts: simulator.accounts });
  expect((await admin('GET', '/devices?account=TestAccount-1')).json).toHaveLength(60);
  expect((await admin('GET', '/listeners')).json).toMatchObject([{ account, service: 'CarrierService' }]);

  await admin('POST', '/faults', { endpoint: 'activate', status: 503, times: 'always', headers: { 'retry-after': '2' } });
  expect(await client.activate({ devices })).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
  expect((await admin('GET', '/faults')).json).toMatchObject({ endpoints: [{ endpoint: 'activate', times: 'always' }] });
  await admin('DELETE', '/faults');

  await admin('POST', '/callbacks/hold');
  await client.activate({ devices });
  await admin('POST', '/callbacks/release', { order: 'reverse' });
  await admin('POST', '/faults/callbacks', { copies: 2 });
  await admin('GET', '/idle');
  expect(listener.received).toHaveLength(1);
  expect((await admin('POST', '/callbacks/emit', { account, service: 'CarrierService', body: {} })).json).toEqual({ status: 200 });
  expect((await admin('GET', '/ledger')).json).toMatchObject({
    counts: { callbacksAcknowledged: 2, calls: { activate: 2 } },
    posts: [{ status: 503 }, { status: 200 }],
    postsPerDevice: { [iccid]: 2 },
    performedPerDevice: { [iccid]: 1 },
  });

  for (const [command, code] of [
    ['expire-sessions', 'UnifiedWebService.REQUEST_FAILED.SessionToken.Expired'],
    ['lock', 'UnifiedWebService.REQUEST_FAILED.UserLocked'],
  ] as const) {
    await admin('POST', `/auth/${command}`);
    const answer = command === 'lock' ? await client.login() : await client.activate({ devices });
    expect(answer.json).toMatchObject({ errorCode: code });
  }
  await admin('POST', '/auth/unlock');
  expect((await client.login()).status).toBe(200);

  expect((await admin('POST', '/faults', { endpoint: 'nothing' })).status).toBe(400);
  expect((await admin('POST', '/nothing')).status).toBe(404);
});
