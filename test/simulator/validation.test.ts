import { expect, test } from 'vitest';
import { account, activation, byIccid, byImeiAndIccid, CarrierClient } from './support/carrier-client.ts';

const device = byImeiAndIccid('89141390780800784259');
const customerName = { firstName: 'Zaffod', lastName: 'Beeblebrox' };
const address = { addressLine1: '1600 Pennsylvania Ave NW', city: 'Washington', state: 'DC', zip: '20500', country: 'USA' };

/** What is changed in a good activation, and the code that refuses it. */
const activations: [code: string, change: object][] = [
  ['INPUT_INVALID.Request.InvalidCharacter', { costCenterCode: "O'Neil" }],
  ['INPUT_INVALID.Request.InvalidCharacter', { customFields: [{ key: 'CustomField1', value: '<b>' }] }],
  ['INPUT_INVALID.Request.InvalidCharacter', { groupName: 'a\\b' }],
  ['DeserializationFailed', { devices: 'all' }],
  ['DeserializationFailed', { servicePlan: undefined }],
  ['DeserializationFailed', { mdnZipCode: undefined }],
  ['REQUEST_FAILED.MultipleAccounts', { accountName: undefined }],
  ['REQUEST_FAILED.AccountName', { accountName: '0999999999-00001' }],
  ['REQUEST_FAILED.AccountNotFound', { accountName: '0000000000-00009' }],
  ['INPUT_INVALID.MaxRequestsExceeded', { devices: Array.from({ length: 10_001 }, () => device) }],
  ['INPUT_INVALID.DeviceNotProvided', { devices: [] }],
  ['INPUT_INVALID.DeviceNotProvided', { devices: [{ deviceIds: [] }] }],
  ['INPUT_INVALID.Device.Kind.Invalid', { devices: [{ deviceIds: [{ kind: 'serial', id: '1' }] }] }],
  ['INPUT_INVALID.Device.Identifier.Invalid', { devices: [byIccid('12a')] }],
  ['INPUT_INVALID.Device.Identifier.Invalid', { devices: [byIccid('891413907808007842591')] }],
  ['INPUT_INVALID.IpAddress.Invalid', { devices: [{ ...device, ipAddress: '0.1.2.3' }], carrierIpPoolName: 'pool' }],
  ['INPUT_INVALID.CarrierIpPoolName.NotDefined', { devices: [{ ...device, ipAddress: '100.127.22.33' }] }],
  ['REQUEST_FAILED.ServicePlan.NotFound', { servicePlan: 'nothing' }],
  ['REQUEST_FAILED.DeviceGroupNotFound', { groupName: 'nowhere' }],
  ['INPUT_INVALID.CustomField.InvalidName', { customFields: [{ key: 'CustomField6', value: 'x' }] }],
  ['INPUT_INVALID.CustomField.TooLong', { customFields: [{ key: 'CustomField5', value: 'x'.repeat(51) }] }],
  ['INPUT_INVALID.SkuNumber.TooLong', { skuNumber: '1'.repeat(21) }],
  ['INPUT_INVALID.CostCenterCode.Invalid', { costCenterCode: 'a/b' }],
  ['INPUT_INVALID.PublicIpRestriction.Invalid', { publicIpRestriction: 'open' }],
  ['INPUT_INVALID.MdnZipCode.Invalid', { mdnZipCode: '9880' }],
  ['INPUT_INVALID.LeadId.NotAllowed', { leadId: '1000000001', primaryPlaceOfUse: { customerName, address } }],
  ['REQUEST_FAILED.LeadNotFound', { leadId: '7' }],
  ['DeserializationFailed', { primaryPlaceOfUse: { customerName } }],
  ['INPUT_INVALID.PrimaryPlaceOfUse.Invalid', { primaryPlaceOfUse: { customerName, address: { ...address, addressLine1: 'P.O. Box 7' } } }],
  ['INPUT_INVALID.PrimaryPlaceOfUse.Invalid', { primaryPlaceOfUse: { customerName, address: { ...address, country: 'CA' } } }],
];

test('refuses bad activations with HTTP 400 and the documented envelope', async () => {
  await using client = await CarrierClient.start({ activateRequestsPerMinute: Number.POSITIVE_INFINITY });
  for (const [code, change] of activations) {
    const answer = await client.activate({ devices: [device], ...change });
    const { errorMessage } = answer.json as { errorMessage: string };
    expect(answer).toMatchObject({ status: 400, json: { errorCode: `UnifiedWebService.${code}`, errorMessage } });
    expect(errorMessage).not.toBe('');
  }
  const path = '/devices/actions/activate';
  expect((await client.call('POST', path, '')).json).toMatchObject({
    errorCode: 'UnifiedWebService.INPUT_INVALID.RequestUndefined',
  });
  expect((await client.call('POST', path, '{')).json).toMatchObject({ errorCode: 'UnifiedWebService.DeserializationFailed' });
  expect(client.simulator.ledger.counts.callbacksLost).toBe(0);
});

test('takes the account for granted when the user has only one', async () => {
  await using client = await CarrierClient.start({ accounts: [account] });
  expect((await client.activate({ devices: [device], accountName: undefined })).status).toBe(200);
});

const eid = { kind: 'EID', id: '89049032000000000000000000000001' };
const imei = { kind: 'imei', id: '990013907835573' };
const iccid = { kind: 'Iccid', id: '89141390780800784259' };

test('takes the identifiers a profile operation documents, and refuses others with the three-digit code', async () => {
  await using client = await CarrierClient.start();
  const send = (operation: string, deviceIds: object[], more: object = {}) =>
    client.call('POST', `/devices/profile/actions/${operation}`, { devices: [{ deviceIds }], accountName: account, ...more });
  for (const deviceIds of [
    [eid, iccid],
    [imei, iccid],
    [eid, imei],
  ]) {
    expect((await send('renew_activation_code', deviceIds)).status).toBe(200);
  }
  expect((await send('profile_resume', [iccid])).status).toBe(200);
  const refused = { status: 400, json: { errorCode: '400' } };
  expect(await send('renew_activation_code', [iccid])).toMatchObject(refused);
  expect(await send('profile_resume', [eid, iccid])).toMatchObject(refused);
  expect(await send('profile_resume', [imei])).toMatchObject(refused);
  expect(await send('profile_resume', [iccid], { accountName: undefined })).toMatchObject(refused);
  expect(await send('profile_resume', [iccid], { servicePlan: 'nothing' })).toMatchObject(refused);
  expect(await send('renew_activation_code', [eid, imei], { mdnZipCode: '123' })).toMatchObject(refused);
});

test('takes 100 activate requests in any minute and throttles the next', async () => {
  await using client = await CarrierClient.start();
  const answers = await Promise.all(Array.from({ length: 101 }, () => client.activate({ devices: [device] })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(100);
  expect(answers.find(({ status }) => status !== 200)).toMatchObject({ status: 429, json: { fault: { code: '900800' } } });
  expect((await client.activate({ devices: [device], accountName: 'TestAccount-1' })).status).toBe(200);
});

const IMEI = { deviceIds: [imei] };
const ICCID = { deviceIds: [iccid] };
const list = '/devices/actions/list';
const history = '/devices/history/actions/list';
const resume = '/devices/profile/actions/profile_resume';
const profiles = (count: number) => Array.from({ length: count }, (_, at) => byIccid(`8914800${String(3_000_000_000_000 + at)}`));
const events = { deviceId: iccid, earliest: '2026-01-01T00:00:00Z', latest: '2026-01-02T00:00:00-05:00' };

/** What the documentation does not take, and the code it is refused with. */
const undocumented: [code: string, path: string, body: object][] = [
  ['INPUT_INVALID.Device.Identifier.Invalid', '/devices/actions/activate', { ...activation, devices: [device, IMEI] }],
  ['INPUT_INVALID.Device.Identifier.Invalid', '/devices/actions/activate', { ...activation, devices: [device, ICCID] }],
  ['INPUT_INVALID.Device.Identifier.Invalid', '/devices/actions/activate', { ...activation, devices: [IMEI], skuNumber: '7640111922001' }],
  ['INPUT_INVALID.MaxNumberOfDevices.Invalid', list, { maxNumberOfDevices: 2_001 }],
  ['INPUT_INVALID.MaxNumberOfDevices.Invalid', list, { maxNumberOfDevices: -1 }],
  ['INPUT_INVALID.LargestDeviceIdSeen.Invalid', list, { largestDeviceIdSeen: 1.5 }],
  ['INPUT_INVALID.Date.Invalid', list, { earliest: 'yesterday' }],
  ['INPUT_INVALID.Date.Invalid', list, { latest: '2026-02-30T00:00:00Z' }],
  ['INPUT_INVALID.Date.Invalid', history, { ...events, earliest: '01/02/2026' }],
  ['INPUT_INVALID.Date.Invalid', history, { ...events, latest: '2026-13-01' }],
  ['REQUEST_FAILED.DeviceGroupNotFound', list, { groupName: 'nowhere' }],
  ['REQUEST_FAILED.DeviceGroupNotFound', list, { accountName: account, groupName: 'Default: TestAccount-1' }],
  ['INPUT_INVALID.CurrentState.Invalid', list, { currentState: 'asleep' }],
  ['INPUT_INVALID.Device.Kind.Invalid', list, { filter: { deviceIdentifierFilters: [{ kind: 'serial', contains: '1' }] } }],
  ['400', resume, { accountName: account, devices: profiles(101) }],
];

test('refuses what the documentation does not take, unless it is lenient', async () => {
  await using strict = await CarrierClient.start();
  await using lenient = await CarrierClient.start({ lenient: true });
  for (const [code, path, body] of undocumented) {
    const refused = { status: 400, json: { errorCode: code === '400' ? code : `UnifiedWebService.${code}` } };
    expect([body, await strict.call('POST', path, body)]).toMatchObject([body, refused]);
    expect([body, (await lenient.call('POST', path, body)).status < 300]).toEqual([body, true]);
  }
  expect(strict.simulator.ledger.counts.devicesPosted).toBe(0);
});

test('takes what the documentation does: SKU with ICCID, other kinds, dates with and without a time, states under way', async () => {
  await using client = await CarrierClient.start();
  const meid = { deviceIds: [{ kind: 'meid', id: 'A0000012345678' }] };
  for (const [path, body] of [
    ['/devices/actions/activate', { ...activation, devices: [ICCID], skuNumber: '7640111922001' }],
    ['/devices/actions/activate', { ...activation, devices: [meid, { deviceIds: [eid, imei] }] }],
    [list, { maxNumberOfDevices: 2_000, largestDeviceIdSeen: 0, currentState: 'Pending Activation', groupName: 'Default: TestAccount-1' }],
    [list, { earliest: '2026-01-01', latest: '2026-01-02T10:00:00.123+05:30', currentState: 'suspend' }],
    [history, events],
    [resume, { accountName: account, devices: profiles(100) }],
  ] as const) {
    // A page of the list may be 202.
    expect([body, (await client.call('POST', path, body)).status < 300]).toEqual([body, true]);
  }
  await using pages = await CarrierClient.start({ maxProfilesPerRequest: 10_000 });
  expect((await pages.call('POST', resume, { accountName: account, devices: profiles(101) })).status).toBe(200);
});

test('takes JSON as application/json only, whatever the charset, unless it is lenient', async () => {
  const statuses = async (client: CarrierClient) => {
    const said: number[] = [];
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '', 'application/json; charset=utf-8', 'Application/JSON']) {
      const headers = { authorization: `Bearer ${client.bearer}`, 'vz-m2m-token': client.session, ...(type && { 'content-type': type }) };
      said.push((await client.send('POST', `${client.simulator.url}/m2m/v1${list}`, JSON.stringify({ deviceId: iccid }), headers)).status);
    }
    return said;
  };
  await using strict = await CarrierClient.start();
  await strict.activate({ devices: [device] });
  expect(await statuses(strict)).toEqual([400, 400, 400, 200, 200]);
  await using lenient = await CarrierClient.start({ lenient: true });
  await lenient.activate({ devices: [device] });
  expect(await statuses(lenient)).toEqual([200, 200, 200, 200, 200]);
  const headers = { authorization: `Bearer ${strict.bearer}`, 'vz-m2m-token': strict.session };
  expect((await strict.send('GET', `${strict.simulator.url}/m2m/v1/plans/${account}`, undefined, headers)).status).toBe(200);
  expect((await strict.send('POST', `${strict.simulator.url}/m2m/v1/session/logout`, undefined, headers)).status).toBe(200);
});
