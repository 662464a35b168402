import { expect, test } from 'vitest';
import { account, byIccid, CarrierClient } from './support/carrier-client.ts';

const device = byIccid('89141390780800784259');
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
