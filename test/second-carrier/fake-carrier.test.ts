import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { ACCOUNT, FakeCarrier } from './carrier/fake-carrier.ts';
import { newLine } from './carrier/line.ts';
import { SAMPLES } from './carrier/messages.ts';
import { PLAN, wired } from './inputs.ts';

const ACTIVATE = '/devices/actions/activate';
const RENEW = '/devices/profile/actions/renew_activation_code';
const RESUME = '/devices/profile/actions/profile_resume';
const line = newLine();
const PAIR = wired([line], 'imei', 'iccid');
const CARD = wired([line], 'iccid');

/** Bodies of POSTs, and the code that the pages have for each; null where it is taken on. */
const POSTS: readonly [name: string, path: string, body: unknown, code: string | null][] = [
  ['activate by IMEI and ICCID', ACTIVATE, { accountName: ACCOUNT, ...PLAN, ...PAIR }, null],
  ['activate by ICCID and SKU', ACTIVATE, { accountName: ACCOUNT, ...PLAN, ...CARD, skuNumber: '7640111922001' }, null],
  ['activate a group', ACTIVATE, { accountName: ACCOUNT, ...PLAN, groupName: '4G West' }, null],
  ['an ICCID without SKU', ACTIVATE, { accountName: ACCOUNT, ...PLAN, ...CARD }, 'INPUT_INVALID.Device.Identifier.Invalid'],
  ['an IMEI alone', ACTIVATE, { accountName: ACCOUNT, ...PLAN, ...wired([line], 'imei') }, 'INPUT_INVALID.Device.Identifier.Invalid'],
  ['no plan', ACTIVATE, { accountName: ACCOUNT, mdnZipCode: '98801', ...PAIR }, 'DeserializationFailed'],
  ['a member that no page has', ACTIVATE, { accountName: ACCOUNT, ...PLAN, ...PAIR, zipCode: '98801' }, 'DeserializationFailed'],
  [
    'a forbidden character',
    ACTIVATE,
    { accountName: ACCOUNT, ...PLAN, ...PAIR, carrierName: "O'Brien" },
    'INPUT_INVALID.Request.InvalidCharacter',
  ],
  [
    'a sixth custom field',
    ACTIVATE,
    { accountName: ACCOUNT, ...PLAN, ...PAIR, customFields: [{ key: 'CustomField6', value: 'x' }] },
    'INPUT_INVALID.CustomField.InvalidName',
  ],
  ['an unknown group', ACTIVATE, { accountName: ACCOUNT, ...PLAN, groupName: 'Nowhere' }, 'REQUEST_FAILED.DeviceGroupNotFound'],
  ['another account', ACTIVATE, { accountName: '0000000001-00001', ...PLAN, ...PAIR }, 'REQUEST_FAILED.AccountNotFound'],
  ['suspend by MDN', '/devices/actions/suspend', { accountName: ACCOUNT, ...wired([line], 'mdn'), withBilling: false }, null],
  ['restore with billing', '/devices/actions/restore', { accountName: ACCOUNT, ...CARD, withBilling: true }, 'DeserializationFailed'],
  ['devices and a group', '/devices/actions/suspend', { accountName: ACCOUNT, ...CARD, groupName: 'North' }, 'INPUT_INVALID.Request'],
  ['renew by EID and ICCID', RENEW, { accountName: ACCOUNT, ...wired([line], 'eid', 'iccid') }, null],
  ['renew by EID alone', RENEW, { accountName: ACCOUNT, ...wired([line], 'eid') }, '400'],
  ['resume by ICCID', RESUME, { accountName: ACCOUNT, ...CARD, servicePlan: 'Global' }, null],
  ['resume by EID', RESUME, { accountName: ACCOUNT, ...wired([line], 'eid') }, '400'],
  ['a list without devices', '/devices/actions/list', { accountName: ACCOUNT, maxNumberOfDevices: 2_001 }, 'DeserializationFailed'],
  ['history without dates', '/devices/history/actions/list', { deviceId: { kind: 'iccid', id: line.iccid } }, 'DeserializationFailed'],
];

test.each(POSTS)('the pages on %s', async (_, path, body, code) => {
  await using carrier = await FakeCarrier.start();
  const answer = await client(carrier)(path, body);
  if (code === null) expect(answer).toEqual({ status: 200, body: { requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
  else
    expect(answer).toMatchObject({
      status: 400,
      body: { errorCode: expect.stringMatching(new RegExp(`^(?:UnifiedWebService\\.)?${code}$`)) },
    });
});

test('a call without a good bearer or session is answered as the pages say', async () => {
  await using carrier = await FakeCarrier.start();
  const post = client(carrier);
  await post(ACTIVATE, {});
  carrier.sessions.endSession();
  expect((await post(ACTIVATE, {})).body).toMatchObject({ errorCode: 'UnifiedWebService.REQUEST_FAILED.SessionToken.Expired' });
  carrier.sessions.endBearer();
  expect(await post(ACTIVATE, {})).toMatchObject({ status: 401, body: { fault: { code: '900901' } } });
});

test('a message is sent again, with its count, until it is taken, four times at most', async () => {
  await using carrier = await FakeCarrier.start();
  carrier.callbacks.pauseMs = 0;
  const counts: unknown[] = [];
  const listener = createServer((request, response) => {
    void request.toArray().then((parts) => {
      counts.push(JSON.parse(Buffer.concat(parts).toString()).callbackCount);
      response.writeHead(counts.length === 2 ? 204 : 503).end();
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void listener.close());
  await once(listener, 'listening');
  const address = listener.address();
  carrier.callbacks.resolve('listener.example.com', `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
  carrier.callbacks.register(ACCOUNT, { name: 'CarrierService', url: 'https://listener.example.com/here' }, 'uws-user');

  expect((await carrier.report('some-id', line, 'suspend.success')).answers).toEqual([503, 204]);
  expect((await carrier.report('some-id', line, 'suspend.success')).answers).toEqual([503, 503, 503, 503]);
  expect(counts).toEqual([1, 2, 1, 2, 3, 4]);
});

test('every sample has a name of its own', () => {
  expect(new Set(SAMPLES.map((each) => each.case)).size).toBe(SAMPLES.length);
});

/** A client that has logged in with its first call. */
function client(carrier: FakeCarrier) {
  const { clientId, clientSecret, username, password } = carrier.sessions;
  const ask = async (url: string, headers: Record<string, string>, body: string) => {
    const response = await fetch(`${carrier.url}${url}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: response.status, body: await response.json() };
  };
  const headers: Record<string, string> = {};
  return async (path: string, body: unknown) => {
    if (Object.keys(headers).length === 0) {
      const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
      const form = { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' };
      const token = await ask('/ts/v1/oauth2/token', form, 'grant_type=client_credentials');
      headers['authorization'] = `Bearer ${token.body.access_token}`;
      const login = await ask('/m2m/v1/session/login', headers, JSON.stringify({ username, password }));
      headers['VZ-M2M-Token'] = login.body.sessionToken;
    }
    return ask(`/m2m/v1/${path}`, headers, JSON.stringify(body));
  };
}
