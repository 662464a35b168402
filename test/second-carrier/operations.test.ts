import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT, FakeCarrier } from './carrier/fake-carrier.ts';
import { newLine } from './carrier/line.ts';
import { Gateway } from './gateway.ts';
import { PLAN, activation, chosen, named, wired } from './inputs.ts';
import { carrierIdOf, outcomeOf, statusesOf, type View } from './views.ts';

const ACTIVATE = '/devices/actions/activate';
const RENEW = '/devices/profile/actions/renew_activation_code';
const RESUME = '/devices/profile/actions/profile_resume';

let carrier: FakeCarrier;
let gateway: Gateway;

beforeAll(async () => {
  carrier = await FakeCarrier.start();
  gateway = await Gateway.start(carrier);
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await carrier[Symbol.asyncDispose]();
});

test('activate: the body of the page, a message by IMEI for each device, what it tells, SUCCEEDED', async () => {
  const lines = [newLine(), newLine()] as const;
  const primaryPlaceOfUse = {
    customerName: { title: 'President', firstName: 'Zaffod', lastName: 'Beeblebrox' },
    address: { addressLine1: '1600 Pennsylvania Ave NW', city: 'Washington', state: 'DC', zip: '20500', country: 'USA' },
  };
  const settings = { ...PLAN, customFields: [{ key: 'CustomField2', value: 'SuperVend' }], groupName: '4G West', primaryPlaceOfUse };
  const { devices } = named(lines, 'imei', 'iccid');
  const addressed = devices.map((device, place) => ({ ...device, ipAddress: `100.127.22.${33 + place}` }));
  const request = await gateway.request('activateDevices', { ...settings, carrierIpPoolName: 'pool', target: { devices: addressed } });
  expect(request.status).toBe('IN_PROGRESS');
  const wire = wired(lines, 'imei', 'iccid').devices.map((device, place) => ({ ...device, ipAddress: `100.127.22.${33 + place}` }));
  expect(bodiesOf(ACTIVATE, lines[0])).toEqual([{ accountName: ACCOUNT, ...settings, carrierIpPoolName: 'pool', devices: wire }]);

  for (const line of lines) expect((await carrier.report(carrierIdOf(request), line, 'activate.success')).answers).toEqual([200]);
  const end = await gateway.until(request.id);
  expect(end).toMatchObject({
    status: 'SUCCEEDED',
    operation: 'ACTIVATE_DEVICES',
    progress: { total: 2, succeeded: 2, unmatchedCallbacks: 0 },
  });
  const [line] = lines;
  expect(outcomeOf(end)).toMatchObject({
    status: 'SUCCEEDED',
    source: 'CALLBACK',
    carrierStatus: 'Success',
    state: 'Active',
    servicePlan: 'the service plan name',
    ipAddress: '10.224.48.88',
    featureCodes: [],
    deviceCredential: { username: '5096306081@vzw3g.com', password: '5096306081' },
    callbackCount: 1,
    maxCallbackThreshold: 4,
    fault: null,
  });
  const ids = outcomeOf(end).deviceIds.map(({ kind, value }) => `${kind} ${value}`);
  const { imei, iccid, mdn, imsi, msisdn, min } = line;
  expect(ids.toSorted()).toEqual([`ICCID ${iccid}`, `IMEI ${imei}`, `IMSI ${imsi}`, `MDN ${mdn}`, `MIN ${min}`, `MSISDN ${msisdn}`]);
});

test('activate by SKU: the ICCID alone, and the SKU beside it', async () => {
  const line = newLine();
  const request = await gateway.request('activateDevices', { ...PLAN, skuNumber: '7640111922001', ...chosen([line], 'iccid') });
  expect(bodiesOf(ACTIVATE, line)).toEqual([{ accountName: ACCOUNT, ...PLAN, skuNumber: '7640111922001', ...wired([line], 'iccid') }]);
  // The page's sample names the IMEI alone at the top. With one device it can be no other.
  await carrier.report(carrierIdOf(request), line, 'activate.success');
  expect((await gateway.streamed(request.id)).status).toBe('SUCCEEDED');
});

test('activate: IMEI and ICCID go out in the order of the page, whatever the order of the input', async () => {
  const line = newLine();
  const request = await gateway.request('activateDevices', { ...PLAN, ...chosen([line], 'iccid', 'imei') });
  expect(carrier.requestOf(carrierIdOf(request)).body).toMatchObject(wired([line], 'imei', 'iccid'));
});

test('activate: what the pages do not take is an error of the mutation, and changes nothing', async () => {
  for (const kinds of [['imei'], ['iccid'], ['mdn']] as const) {
    const line = newLine();
    const result = await gateway.mutate('activateDevices', { accountName: ACCOUNT, ...PLAN, ...chosen([line], ...kinds) });
    expect(['InvalidInput', 'CarrierRefused'], kinds.join()).toContain(result.__typename);
    expect([...carrier.accepted.values()].filter(({ body }) => JSON.stringify(body).includes(line.iccid))).toEqual([]);
  }
});

test('activate: an NB-IoT device reports a second time, and that changes no status', async () => {
  const lines = [newLine(), newLine()] as const;
  const request = await gateway.request('activateDevices', activation(...lines));
  const id = carrierIdOf(request);
  await carrier.report(id, lines[0], 'activate.success');
  await carrier.report(id, lines[1], 'activate.success');
  await carrier.report(id, lines[0], 'config.created');
  await carrier.report(id, lines[1], 'config.failed');
  const view = await gateway.view(request.id);
  expect(view.status).toBe('SUCCEEDED');
  expect(outcomeOf(view, 0).nidd).toEqual({ configured: true, status: 'ConfigCreated', reason: null, accountName: ACCOUNT });
  expect(outcomeOf(view, 1).nidd).toEqual({
    configured: false,
    status: 'ConfigFailed',
    reason: 'Not CatM or NBIoT Device',
    accountName: ACCOUNT,
  });
});

test('activate: a device that fails is FAILED with the carrier’s code and words, and is retried alone', async () => {
  const lines = [newLine(), newLine()] as const;
  const request = await gateway.request('activateDevices', activation(...lines));
  await carrier.report(carrierIdOf(request), lines[0], 'activate.failed.alreadyActive');
  await carrier.report(carrierIdOf(request), lines[1], 'activate.success');
  const end = await gateway.until(request.id);
  expect([end.status, ...statusesOf(end)]).toEqual(['PARTIALLY_FAILED', 'FAILED', 'SUCCEEDED']);
  expect(outcomeOf(end).fault).toEqual({
    code: 'UnifiedWebService.REQUEST_FAILED.DeviceAlreadyActive',
    message: 'REQUEST_FAILED. Device is already active',
  });
  await gateway.mutate('retryFailedDevices', { requestId: request.id });
  expect(bodiesOf(ACTIVATE, lines[0])).toHaveLength(2);
  expect(bodiesOf(ACTIVATE, lines[0])[1]).toEqual({ accountName: ACCOUNT, ...PLAN, ...wired([lines[0]], 'imei', 'iccid') });
});

test('renew: EID and ICCID, the code in the outcome', async () => {
  const line = newLine();
  const settings = { servicePlan: 'HybridESim', mdnZipCode: '98801' };
  const request = await gateway.request('renewActivationCode', { ...settings, ...named([line], 'eid', 'iccid') });
  expect(bodiesOf(RENEW, line)).toEqual([{ accountName: ACCOUNT, ...settings, ...wired([line], 'eid', 'iccid') }]);
  await carrier.report(carrierIdOf(request), line, 'renew_activation_code.success');
  const end = await gateway.until(request.id);
  expect(end).toMatchObject({ status: 'SUCCEEDED', operation: 'RENEW_ACTIVATION_CODE', progress: { total: 1 } });
  expect(outcomeOf(end)).toMatchObject({
    status: 'SUCCEEDED',
    carrierStatus: 'SUCCESS',
    activationCode: '1$sm-dp-plus.example$0123456789ABCDEF',
    state: 'ACTIVE',
    profileStatus: 'UNKNOWN',
    profileRole: 'LOCAL',
  });
});

test('renew: EID and IMEI, as the page’s own example', async () => {
  const line = newLine();
  const request = await gateway.request('renewActivationCode', named([line], 'eid', 'imei'));
  expect(bodiesOf(RENEW, line)).toEqual([{ accountName: ACCOUNT, ...wired([line], 'eid', 'imei') }]);
  await carrier.report(carrierIdOf(request), line, 'renew_activation_code.success');
  expect((await gateway.until(request.id)).status).toBe('SUCCEEDED');
});

test('resume: the ICCID, a message with Eid, Imei, msisdn and Iccid', async () => {
  const lines = [newLine(), newLine()] as const;
  const request = await gateway.request('resumeProfile', { servicePlan: 'Global', ...named(lines, 'iccid') });
  expect(bodiesOf(RESUME, lines[0])).toEqual([{ accountName: ACCOUNT, servicePlan: 'Global', ...wired(lines, 'iccid') }]);
  for (const line of lines.toReversed()) await carrier.report(carrierIdOf(request), line, 'profile_resume.success');
  const end = await gateway.streamed(request.id);
  expect(end).toMatchObject({ status: 'SUCCEEDED', operation: 'RESUME_PROFILE' });
  expect(outcomeOf(end)).toMatchObject({ carrierStatus: 'SUCCESS', state: 'ACTIVE', profileStatus: 'ENABLE', profileRole: 'LOCAL' });
  expect(outcomeOf(end).deviceIds).toContainEqual({ kind: 'EID', value: lines[0].eid });
});

test('profiles of more than 100 devices go out in parts of at most 100, each device once', async () => {
  const lines = Array.from({ length: 230 }, newLine);
  const request = await gateway.request('resumeProfile', named(lines, 'iccid'));
  const parts = request.carrierRequests.map(({ carrierRequestId }) => carrier.requestOf(carrierRequestId).devices ?? []);
  expect(parts.map((part) => part.length <= 100)).toEqual(parts.map(() => true));
  expect(parts.flat(2).map(({ id }) => id)).toEqual(lines.map(({ iccid }) => iccid));
});

test.each([
  ['suspend.success', 'texts'],
  ['suspend.success (2)', 'numbers'],
])('suspend: the devices and withBilling; the days as %s', async (sample) => {
  const line = newLine();
  const request = await gateway.request('suspendDevices', { withBilling: false, ...chosen([line], 'iccid') });
  expect(bodiesOf('/devices/actions/suspend', line)).toEqual([{ accountName: ACCOUNT, withBilling: false, ...wired([line], 'iccid') }]);
  await carrier.report(carrierIdOf(request), line, sample);
  const end = await gateway.until(request.id);
  expect(end).toMatchObject({ status: 'SUCCEEDED', operation: 'SUSPEND_DEVICES' });
  const days = { maxSuspendDaysAllowed: 90, numDaysSuspendAllowedCurrent12Months: 180 };
  const told = sample === 'suspend.success' ? ['2027-03-01T00:00:00Z', 12] : ['2026-12-31T00:00:00Z', 0];
  expect(outcomeOf(end)).toMatchObject({ suspension: { ...days, expectedResumeDate: told[0], numDaysSuspendedLast12Months: told[1] } });
});

test('suspend: a device that is not active is FAILED', async () => {
  const lines = [newLine(), newLine()] as const;
  const request = await gateway.request('suspendDevices', chosen(lines, 'iccid'));
  await carrier.report(carrierIdOf(request), lines[1], 'suspend.failed.notActive');
  await carrier.report(carrierIdOf(request), lines[0], 'suspend.success');
  const end = await gateway.until(request.id);
  expect([end.status, ...statusesOf(end)]).toEqual(['PARTIALLY_FAILED', 'SUCCEEDED', 'FAILED']);
});

test('restore: one identifier a device, the NIDD message after it', async () => {
  const line = newLine();
  const request = await gateway.request('restoreDevices', chosen([line], 'mdn'));
  expect(bodiesOf('/devices/actions/restore', line)).toEqual([{ accountName: ACCOUNT, ...wired([line], 'mdn') }]);
  await carrier.report(carrierIdOf(request), line, 'restore.success');
  await carrier.report(carrierIdOf(request), line, 'restore.config.created');
  const end = await gateway.view(request.id);
  expect(end).toMatchObject({ status: 'SUCCEEDED', operation: 'RESTORE_DEVICES' });
  expect(outcomeOf(end).nidd).toMatchObject({ configured: true, status: 'ConfigCreated' });
});

test('suspend a group with filters: they go out as the page names them', async () => {
  const line = newLine();
  carrier.records.know(line, { account: ACCOUNT, state: 'active', groupName: '4G West', servicePlan: 'm2m4G' });
  const customFieldFilter = [{ key: 'CustomField1', value: 'Truck' }];
  const group = { groupName: '4G West', servicePlanFilter: 'm2m4G', customFieldFilter };
  const request = await gateway.request('suspendDevices', { target: { group }, withBilling: true });
  const { body } = carrier.requestOf(carrierIdOf(request));
  expect(body).toEqual({
    accountName: ACCOUNT,
    groupName: '4G West',
    servicePlan: 'm2m4G',
    customFields: customFieldFilter,
    withBilling: true,
  });
  await carrier.report(carrierIdOf(request), line, 'suspend.success');
  expect(outcomeOf(await gateway.view(request.id)).status).toBe('SUCCEEDED');
});

test('restore the whole account: no devices and no group go out', async () => {
  const request = await gateway.request('restoreDevices', { target: { wholeAccount: { confirmAccountName: ACCOUNT } } });
  expect(carrier.requestOf(carrierIdOf(request)).body).toEqual({ accountName: ACCOUNT });
});

test('activate a group: the group’s name goes out, its members are followed', async () => {
  const lines = [newLine(), newLine()] as const;
  for (const line of lines) carrier.records.know(line, { account: ACCOUNT, state: 'deactive', groupName: 'North' });
  const request = await gateway.request('activateDevices', { ...PLAN, target: { group: { groupName: 'North' } } });
  expect(carrier.requestOf(carrierIdOf(request)).body).toEqual({ accountName: ACCOUNT, ...PLAN, groupName: 'North' });
  expect(request).toMatchObject({ deviceCount: 2, deviceCountIsEstimate: true });
  for (const line of lines) await carrier.report(carrierIdOf(request), line, 'activate.success');
  expect(await gateway.until(request.id)).toMatchObject({ status: 'SUCCEEDED', progress: { total: 2 } });
});

test.each([
  [
    'activateDevices',
    ACTIVATE,
    { errorCode: 'UnifiedWebService.REQUEST_FAILED.DefaultIpPoolNotDefined', errorMessage: 'No default pool.' },
  ],
  ['resumeProfile', RESUME, { errorCode: '406', errorMessage: 'Not acceptable today.' }],
])('%s: what the carrier refuses as a whole is REJECTED with its code', async (field, path, body) => {
  const line = newLine();
  carrier.answerNextWith(path, { status: 400, body });
  const input = field === 'activateDevices' ? activation(line) : named([line], 'iccid');
  const result = await gateway.mutate(field, { accountName: ACCOUNT, ...input });
  expect(result).toMatchObject({ __typename: 'CarrierRefused', carrierErrorCode: body.errorCode, httpStatus: 400 });
  expect(result.request).toMatchObject({ status: 'REJECTED', error: { message: body.errorMessage } });
  expect(carrier.requests(path, line)).toHaveLength(1);
});

const bodiesOf = (path: string, line: Parameters<FakeCarrier['requests']>[1]): unknown[] =>
  carrier.requests(path, line).map(({ text }): View => JSON.parse(text));
