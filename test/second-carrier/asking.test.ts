import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT, FakeCarrier } from './carrier/fake-carrier.ts';
import { newLine, type Line } from './carrier/line.ts';
import type { Standing } from './carrier/records.ts';
import { gzipped, withByteOrderMark } from './carrier/spellings.ts';
import { Gateway } from './gateway.ts';
import { PLAN, activation, chosen, named } from './inputs.ts';
import { carrierIdOf, outcomeOf, statusesOf, type View } from './views.ts';

const LIST = '/devices/actions/list';

let carrier: FakeCarrier;
let gateway: Gateway;

beforeAll(async () => {
  carrier = await FakeCarrier.start();
  gateway = await Gateway.start(carrier, { M2M_OVERDUE_AFTER_MS: '200', M2M_RECONCILE_CALLS_PER_MINUTE: '6000' });
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await carrier[Symbol.asyncDispose]();
});

const know = (line: Line, standing: Partial<Standing>) => carrier.records.know(line, { account: ACCOUNT, state: 'active', ...standing });
const isSettled = (view: View) => !['IN_PROGRESS', 'UNKNOWN', 'SUBMITTING', 'QUEUED'].includes(view.status);
const now = () => new Date().toISOString();

test('two renewals by EID and ICCID, answered by mdn and imei: the device list ties them', async () => {
  const lines = [newLine(), newLine()] as const;
  for (const line of lines) know(line, { profileStatus: 'DISABLE' });
  const request = await gateway.request('renewActivationCode', named(lines, 'eid', 'iccid'));
  for (const [place, line] of lines.entries()) {
    await carrier.report(carrierIdOf(request), line, 'renew_activation_code.success', (message) => {
      Object.assign(message, JSON.parse(JSON.stringify(message).replaceAll(/1\$sm-dp[^"]*/g, `code-${place}`)));
    });
  }
  const end = await gateway.until(request.id, isSettled);
  expect([end.status, ...statusesOf(end)]).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
  expect(end.outcomes.nodes.map(({ activationCode }) => activationCode)).toEqual(['code-0', 'code-1']);
  expect(end.progress).toMatchObject({ total: 2, unmatchedCallbacks: 0 });
});

test('two restorations by ICCID, answered by MDN: the device list ties them', async () => {
  const lines = [newLine(), newLine()] as const;
  for (const line of lines) know(line, { state: 'suspend' });
  const request = await gateway.request('restoreDevices', chosen(lines, 'iccid'));
  await carrier.report(carrierIdOf(request), lines[0], 'restore.success');
  await carrier.report(carrierIdOf(request), lines[1], 'restore.success', (message) => {
    delete message['deviceResponse'];
    const fault = {
      faultcode: 'UnifiedWebService.INPUT_INVALID.DeviceState.Invalid',
      faultstring: 'INPUT_INVALID. Device is not suspended',
    };
    Object.assign(message, { faultResponse: fault, status: 'Failed' });
  });
  const end = await gateway.until(request.id, isSettled);
  expect([end.status, ...statusesOf(end)]).toEqual(['PARTIALLY_FAILED', 'SUCCEEDED', 'FAILED']);
  expect(end.progress).toMatchObject({ total: 2, unmatchedCallbacks: 0 });
});

test('the record of one device cannot be read: the others are asked about all the same', async () => {
  const lines = [newLine(), newLine(), newLine()] as const;
  for (const line of lines) know(line, { state: 'suspend', history: [{ eventType: 'Suspension Confirmed', occurredAt: now() }] });
  const refusal = {
    status: 400,
    body: { errorCode: 'UnifiedWebService.REQUEST_FAILED.UnexpectedError', errorMessage: 'Unexpected error occurred.' },
  };
  const stop = carrier.answerAllWith(LIST, (regular, { text }) => (text.includes(lines[0].iccid) ? refusal : regular));
  const request = await gateway.request('suspendDevices', chosen(lines, 'iccid'));
  const others = await gateway.until(request.id, (view) => statusesOf(view).filter((status) => status === 'SUCCEEDED').length === 2);
  expect(statusesOf(others)).toEqual(['OVERDUE', 'SUCCEEDED', 'SUCCEEDED']);
  expect(outcomeOf(others, 1).source).toBe('RECONCILED');
  stop();
  await carrier.report(carrierIdOf(request), lines[0], 'suspend.success');
  expect((await gateway.until(request.id)).status).toBe('SUCCEEDED');
});

test.each(['ENABLE', 'DOWNLOAD_ENABLE', 'download_enable'])(
  'a silent resumption is proven by the profile status %s',
  async (profileStatus) => {
    const lines = [newLine(), newLine()] as const;
    for (const line of lines) know(line, { state: 'active', profileStatus });
    const request = await gateway.request('resumeProfile', named(lines, 'iccid'));
    const end = await gateway.until(request.id, isSettled);
    expect([end.status, ...statusesOf(end)]).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect(outcomeOf(end).source).toBe('RECONCILED');
  },
);

test('a silent resumption is not proven by a profile that does not work', async () => {
  const lines = [newLine(), newLine(), newLine()] as const;
  know(lines[0], { state: 'active', profileStatus: 'DOWNLOAD_DISABLE' });
  know(lines[1], { state: 'suspend', profileStatus: 'ENABLE' });
  know(lines[2], { state: 'active', profileStatus: 'ENABLE' });
  const request = await gateway.request('resumeProfile', named(lines, 'iccid'));
  const proven = await gateway.until(request.id, (view) => statusesOf(view)[2] === 'SUCCEEDED');
  for (const line of lines) await carrier.waitFor(LIST, line);
  expect(statusesOf(proven)).toEqual(['OVERDUE', 'OVERDUE', 'SUCCEEDED']);
});

test.each([
  ['Success', 'SUCCEEDED'],
  ['success', 'SUCCEEDED'],
  ['Failed', 'FAILED'],
  ['Failure', 'FAILED'],
])('one silent device is settled by the request status %s', async (word, status) => {
  const line = newLine();
  const request = await gateway.request('suspendDevices', chosen([line], 'iccid'));
  carrier.requestOf(carrierIdOf(request)).status = word;
  know(line, { state: word.toLowerCase() === 'success' ? 'suspend' : 'active' });
  const end = await gateway.until(request.id, isSettled);
  expect([end.status, ...statusesOf(end)]).toEqual([status, status]);
  expect(outcomeOf(end).source).toBe('RECONCILED');
});

test('a result that comes after all wins over the records', async () => {
  const line = newLine();
  const request = await gateway.request('suspendDevices', chosen([line], 'iccid'));
  carrier.requestOf(carrierIdOf(request)).status = 'Success';
  know(line, { state: 'suspend' });
  await gateway.until(request.id, isSettled);
  await carrier.report(carrierIdOf(request), line, 'suspend.failed.notActive');
  const view = await gateway.view(request.id);
  expect(outcomeOf(view)).toMatchObject({ status: 'FAILED', source: 'CALLBACK' });
});

test('silent activations are proven by the list and the history, not by an older activation', async () => {
  const lines = [newLine(), newLine()] as const;
  const old = '2026-01-05T12:05:00Z';
  know(lines[1], { state: 'active', lastActivationDate: old, history: [{ eventType: 'Activation Confirmed', occurredAt: old }] });
  const request = await gateway.request('activateDevices', activation(...lines));
  know(lines[0], { state: 'active', lastActivationDate: now(), history: [{ eventType: 'Activation Confirmed', occurredAt: now() }] });
  const proven = await gateway.until(request.id, (view) => statusesOf(view)[0] === 'SUCCEEDED');
  await carrier.waitFor(LIST, lines[1]);
  expect(statusesOf(proven)[1]).toBe('OVERDUE');
});

test('silent restorations are proven by the list and the history', async () => {
  const lines = [newLine(), newLine(), newLine()] as const;
  for (const line of lines) know(line, { state: 'suspend' });
  const request = await gateway.request('restoreDevices', chosen(lines, 'iccid'));
  know(lines[0], { state: 'active', history: [{ eventType: 'Restore Confirmed', occurredAt: now() }] });
  know(lines[2], { state: 'active', history: [{ eventType: 'Resume', occurredAt: now() }] });
  const proven = await gateway.until(request.id, (view) => statusesOf(view)[0] === 'SUCCEEDED' && statusesOf(view)[2] === 'SUCCEEDED');
  await carrier.waitFor(LIST, lines[1]);
  expect(statusesOf(proven)[1]).toBe('OVERDUE');
});

test('one silent device is not settled by the request status Pending', async () => {
  const line = newLine();
  know(line, { state: 'pending activation' });
  const request = await gateway.request('activateDevices', activation(line));
  await carrier.waitFor(`${carrierIdOf(request)}/status`);
  const view = await gateway.until(request.id, (seen) => statusesOf(seen)[0] === 'OVERDUE');
  expect(view.status).toBe('IN_PROGRESS');
});

test('a group is read page by page, 202 while there is more, in an odd spelling', async () => {
  const lines = Array.from({ length: 5 }, newLine);
  for (const line of lines) know(line, { state: 'deactive', groupName: '4G West' });
  carrier.records.mostOnPage = 2;
  const stop = carrier.answerAllWith(LIST, (regular) => gzipped(withByteOrderMark(regular)));
  const request = await gateway.request('activateDevices', { ...PLAN, target: { group: { groupName: '4G West' } } });
  stop();
  expect(request.deviceCount).toBe(5);
});
