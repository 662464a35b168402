import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT, FakeCarrier } from './carrier/fake-carrier.ts';
import { at, type Json } from './carrier/json.ts';
import { newLine, type Line } from './carrier/line.ts';
import { Gateway } from './gateway.ts';
import { activation, chosen, named } from './inputs.ts';
import { carrierIdOf, outcomeOf, statusesOf, type View } from './views.ts';

const ACTIVATE = '/devices/actions/activate';
const ON_HOLD = {
  faultcode: 'UnifiedWebService.REQUEST_ONHOLD.CreditApproval',
  faultstring: 'REQUEST_ONHOLD. Waiting for credit approval',
};

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

/** A fault as the page has it, with another code or another status. */
const faulty =
  (fault: Json, status: unknown = 'Failed') =>
  (message: Json): void => {
    Object.assign(message, { faultResponse: fault, status });
    if (status === undefined) delete message['status'];
  };

async function activated(...lines: Line[]): Promise<View> {
  return gateway.request('activateDevices', activation(...lines));
}

test.each([
  ['Failed', 'UnifiedWebService.REQUEST_ONHOLD.CreditApproval'],
  ['Pending', 'UnifiedWebService.REQUEST_ONHOLD.CreditApproval'],
  ['FAILED', 'DeviceService.REQUEST_ONHOLD.ManualReview'],
  ['Failed', 'REQUEST_ONHOLD.CreditApproval'],
  ['failed', 'UnifiedWebService.request_onhold.creditapproval'],
  [undefined, 'UnifiedWebService.REQUEST_ONHOLD'],
])('a request on hold (%s, %s) goes on: it says so, is not retried, and succeeds later', async (status, faultcode) => {
  const lines = [newLine(), newLine()] as const;
  const request = await activated(...lines);
  const id = carrierIdOf(request);
  await carrier.report(id, lines[0], 'activate.failed.alreadyActive', faulty({ ...ON_HOLD, faultcode }, status));
  await carrier.report(id, lines[1], 'activate.success');
  const held = await gateway.view(request.id);
  expect([held.status, ...statusesOf(held)]).toEqual(['IN_PROGRESS', 'PENDING', 'SUCCEEDED']);
  expect(JSON.stringify(outcomeOf(held))).toContain(faultcode);

  const retried = await gateway.mutate('retryFailedDevices', { requestId: request.id });
  expect(retried.__typename).toBe('InvalidInput');
  expect(carrier.requests(ACTIVATE, lines[0])).toHaveLength(1);

  await carrier.report(id, lines[0], 'activate.success');
  const end = await gateway.until(request.id);
  expect([end.status, ...statusesOf(end)]).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
  expect(outcomeOf(end)).toMatchObject({ contradicted: false, fault: null, state: 'Active', ipAddress: '10.224.48.88' });
});

test('a request on hold that is cancelled after all is FAILED, and may be retried', async () => {
  const line = newLine();
  const request = await activated(line);
  const id = carrierIdOf(request);
  await carrier.report(id, line, 'activate.failed.alreadyActive', faulty(ON_HOLD));
  const cancelled = {
    faultcode: 'UnifiedWebService.REQUEST_CANCELLED.CreditApproval',
    faultstring: 'REQUEST_CANCELLED. Credit was denied',
  };
  await carrier.report(id, line, 'activate.failed.alreadyActive', faulty(cancelled));
  const end = await gateway.until(request.id);
  expect(end.status).toBe('FAILED');
  expect(outcomeOf(end)).toMatchObject({ status: 'FAILED', contradicted: false, fault: { code: cancelled.faultcode } });
  await gateway.mutate('retryFailedDevices', { requestId: request.id });
  expect(carrier.requests(ACTIVATE, line)).toHaveLength(2);
});

test.each(['Success', 'SUCCESS', 'Failed', 'FAILED', 'Failure', 'failed', undefined, ''])(
  'a fault with the status %s is a failure',
  async (status) => {
    const line = newLine();
    const request = await activated(line);
    await carrier.report(carrierIdOf(request), line, 'activate.failed.deviceNotFound', (message) => {
      message['status'] = status;
    });
    const view = await gateway.view(request.id);
    expect([view.status, ...statusesOf(view)]).toEqual(['FAILED', 'FAILED']);
    expect(outcomeOf(view).fault).toMatchObject({ code: 'UnifiedWebService.REQUEST_FAILED.DeviceNotFound' });
  },
);

test.each<[string, unknown]>([
  ['null', null],
  ['an empty object', {}],
  ['an object of nulls', { faultcode: null, faultstring: null, faultactor: null, detail: null }],
  ['empty texts', { faultcode: '', faultstring: '' }],
])('%s in place of a fault is none: the success stands', async (_, faultResponse) => {
  const line = newLine();
  const request = await activated(line);
  await carrier.report(carrierIdOf(request), line, 'activate.success', (message) => Object.assign(message, { faultResponse }));
  const view = await gateway.view(request.id);
  expect(outcomeOf(view)).toMatchObject({ status: 'SUCCEEDED', fault: null, state: 'Active' });
});

test('an old message without status succeeds when it has no fault', async () => {
  const line = newLine();
  const request = await activated(line);
  await carrier.report(carrierIdOf(request), line, 'activate.success', (message) => {
    for (const name of ['status', 'callbackCount', 'maxCallbackThreshold']) delete message[name];
  });
  expect(outcomeOf(await gateway.view(request.id))).toMatchObject({ status: 'SUCCEEDED', carrierStatus: null, callbackCount: null });
});

test.each<[unknown, string]>([
  ['false', 'FAILED'],
  [false, 'FAILED'],
  ['False', 'FAILED'],
  ['true', 'SUCCEEDED'],
  [true, 'SUCCEEDED'],
  [null, 'SUCCEEDED'],
])('restored: %j makes the device %s, whatever the status beside it', async (restored, status) => {
  const line = newLine();
  const request = await gateway.request('restoreDevices', chosen([line], 'mdn'));
  await carrier.report(carrierIdOf(request), line, 'restore.success', (message) => {
    at(message, 'deviceResponse', 'restoreResponse')['restored'] = restored;
  });
  const view = await gateway.view(request.id);
  expect([view.status, ...statusesOf(view)]).toEqual([status, status]);
});

test('the status Pending is progress: the device stays open, and its success comes later', async () => {
  const line = newLine();
  const request = await activated(line);
  const pending = (message: Json) => Object.assign(message, { status: 'Pending', comment: 'Sent to the network' });
  await carrier.report(carrierIdOf(request), line, 'activate.success', pending);
  expect(outcomeOf(await gateway.view(request.id))).toMatchObject({
    status: 'PENDING',
    carrierStatus: 'Pending',
    comment: 'Sent to the network',
  });
  await carrier.report(carrierIdOf(request), line, 'activate.success');
  expect((await gateway.until(request.id)).status).toBe('SUCCEEDED');
});

test.each(['WARNING', 'warning', 'Warning'])('a %s before the result shows on the outcome, and the result decides', async (status) => {
  const lines = [newLine(), newLine()] as const;
  const request = await gateway.request('resumeProfile', named(lines, 'iccid'));
  const id = carrierIdOf(request);
  await carrier.report(id, lines[0], 'download_enable.warning', (message) =>
    Object.assign(message, { status, comment: 'SM-SR timed out' }),
  );
  const warned = await gateway.view(request.id);
  expect(outcomeOf(warned)).toMatchObject({ status: 'PENDING', carrierStatus: status, comment: 'SM-SR timed out', fault: null });
  expect(outcomeOf(warned).deviceIds).toContainEqual({ kind: 'EID', value: lines[0].eid });
  expect(warned.status).toBe('IN_PROGRESS');

  await carrier.report(id, lines[0], 'profile_resume.success');
  await carrier.report(id, lines[1], 'profile_resume.success', faulty({ faultcode: '500', faultstring: 'Failed in the SM-SR' }, 'FAILED'));
  const end = await gateway.until(request.id);
  expect([end.status, ...statusesOf(end)]).toEqual(['PARTIALLY_FAILED', 'SUCCEEDED', 'FAILED']);
  expect(outcomeOf(end)).toMatchObject({ contradicted: false, profileStatus: 'ENABLE', carrierStatus: 'SUCCESS' });
});

test('a resend and a duplicate change nothing; a first sending that was lost is told by the count', async () => {
  const lines = [newLine(), newLine()] as const;
  const request = await activated(...lines);
  const id = carrierIdOf(request);
  await carrier.report(id, lines[0], 'activate.success');
  const before = await gateway.view(request.id);
  expect((await carrier.report(id, lines[0], 'activate.success.retry2')).answers).toEqual([200]);
  expect((await carrier.report(id, lines[0], 'activate.success')).answers).toEqual([200]);
  expect(await gateway.view(request.id)).toEqual(before);
  await carrier.report(id, lines[1], 'activate.success.retry2');
  const end = await gateway.until(request.id);
  expect(end.outcomes.nodes.map(({ callbackCount }) => callbackCount)).toEqual([1, 2]);
  expect(end.progress.total).toBe(2);
});

test('a later opposite is told, and the first stays in force', async () => {
  const line = newLine();
  const request = await activated(line);
  await carrier.report(carrierIdOf(request), line, 'activate.success');
  await carrier.report(carrierIdOf(request), line, 'activate.failed.planNotFound');
  expect(outcomeOf(await gateway.view(request.id))).toMatchObject({ status: 'SUCCEEDED', contradicted: true });
});

test('messages that come before the answer to their request are claimed by it', async () => {
  const lines = [newLine(), newLine()] as const;
  carrier.answerNextWith(ACTIVATE, async (regular) => {
    const id = [...carrier.accepted.keys()].at(-1) ?? '';
    for (const line of lines) expect((await carrier.report(id, line, 'activate.success')).answers).toEqual([200]);
    return regular;
  });
  const request = await activated(...lines);
  expect((await gateway.until(request.id)).status).toBe('SUCCEEDED');
});

test('a message about another account’s request settles nothing', async () => {
  const line = newLine();
  const request = await activated(line);
  const id = carrierIdOf(request);
  const { body } = await carrier.report(
    id,
    line,
    'activate.failed.alreadyActive',
    (message) => (message['requestId'] = crypto.randomUUID()),
  );
  expect(await carrier.callbacks.post('0000123456-00001', 'CarrierService', JSON.stringify({ ...body, requestId: id }))).toBe(200);
  expect(statusesOf(await gateway.view(request.id))).toEqual(['PENDING']);
  expect(carrier.requestOf(id).account).toBe(ACCOUNT);
});
