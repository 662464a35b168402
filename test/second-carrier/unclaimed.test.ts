import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT, FakeCarrier } from './carrier/fake-carrier.ts';
import { textOf } from './carrier/json.ts';
import { newLine } from './carrier/line.ts';
import { SAMPLES } from './carrier/messages.ts';
import { DEAD_LETTERS, REQUEST, UNCLAIMED } from './documents.ts';
import { Gateway } from './gateway.ts';
import { outcomeOf, statusesOf, type View } from './views.ts';

interface Unclaimed {
  readonly callbackService: string;
  readonly carrierRequestId: string | null;
  readonly payload: string | null;
}

const FOLLOWED = ['CarrierService', 'DeviceProfileService', 'NiddService'];

let carrier: FakeCarrier;
let gateway: Gateway;

beforeAll(async () => {
  carrier = await FakeCarrier.start();
  gateway = await Gateway.start(carrier, { M2M_ADOPT_AFTER_MS: '1000', M2M_OVERDUE_AFTER_MS: '1000', M2M_EXTERNAL_QUIET_MS: '1000' });
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await carrier[Symbol.asyncDispose]();
});

/** The request of another tool with this requestId, as soon as there is one. */
async function adopted(requestId: string): Promise<View> {
  const { request } = await gateway.eventually(
    () => gateway.query<{ request: View | null }>(REQUEST, { id: requestId }),
    (found) => found.request !== null,
  );
  if (!request) throw new Error(`Nobody has ${requestId}.`);
  return request;
}

const isFinal = (view: View) => ['SUCCEEDED', 'PARTIALLY_FAILED', 'FAILED'].includes(view.status);

test('every sample, sent for another tool, becomes what it says', async () => {
  const sent = SAMPLES.filter(({ service }) => FOLLOWED.includes(service) && service !== 'NiddService').map((sample) => {
    const status = textOf(sample.body['status'] ?? sample.body['Status']).toLowerCase();
    return {
      sample: sample.case,
      requestId: randomUUID(),
      read: { success: ['SUCCEEDED'], failed: ['FAILED'], warning: ['PENDING', 'OVERDUE'] }[status],
    };
  });
  for (const { sample, requestId } of sent) expect((await carrier.report(requestId, newLine(), sample)).answers).toEqual([200]);
  for (const { sample, requestId, read } of sent) {
    const { outcomes } = await adopted(requestId);
    expect(outcomes.nodes, sample).toHaveLength(1);
    expect(read, sample).toContain(outcomes.nodes[0]?.status);
    expect(outcomes.nodes[0]?.deviceIds.length, sample).toBeGreaterThan(0);
  }
});

test('none of them has become a dead letter', async () => {
  expect(await gateway.query(DEAD_LETTERS)).toEqual({ deadLetters: { nodes: [] } });
});

test('a NIDD message of a request that nobody claims shows its reason', async () => {
  const requestId = randomUUID();
  await carrier.report(requestId, newLine(), 'config.failed');
  const { unclaimedCallbacks } = await gateway.query<{ unclaimedCallbacks: { nodes: Unclaimed[] } }>(UNCLAIMED);
  const kept = unclaimedCallbacks.nodes.find((each) => each.carrierRequestId === requestId);
  expect(kept).toMatchObject({ callbackService: 'NiddService', payload: expect.stringContaining('Not CatM or NBIoT Device') });
  expect(kept?.payload).not.toContain('password-of-the-listener');
});

test('a request of another tool ends when nothing more comes, and is opened again by a later message', async () => {
  const requestId = randomUUID();
  const lines = [newLine(), newLine(), newLine()] as const;
  await carrier.report(requestId, lines[0], 'activate.success');
  await carrier.report(requestId, lines[1], 'activate.failed.deviceNotFound');
  const { id, origin } = await adopted(requestId);
  expect(origin).toBe('EXTERNAL');
  expect((await gateway.until(id, isFinal)).status).toBe('PARTIALLY_FAILED');
  await carrier.report(requestId, lines[2], 'activate.success');
  // A subscription ends at the first end. What comes after it is read, or followed from a later cursor.
  const { request: later } = await gateway.eventually(
    () => gateway.query<{ request: View }>(REQUEST, { id }),
    ({ request }) => isFinal(request) && request.progress.total === 3,
  );
  expect(statusesOf(later)).toEqual(['SUCCEEDED', 'FAILED', 'SUCCEEDED']);
});

test('a suspended device with a profile that was suspended before: the message of the device decides', async () => {
  const [line, former] = [newLine(), newLine()];
  const messages = [
    ['device_suspend.profile.lead', line],
    // Another profile of the same eUICC.
    ['device_suspend.profile.local.alreadySuspended', { ...former, eid: line.eid }],
    ['device_suspend.device', line],
  ] as const;
  for (const order of [messages, messages.toReversed()]) {
    const requestId = randomUUID();
    for (const [sample, about] of order) await carrier.report(requestId, about, sample);
    const { id } = await adopted(requestId);
    const view = await gateway.view(id);
    expect(view.outcomes.nodes.map(({ contradicted }) => contradicted)).not.toContain(true);
    const device = view.outcomes.nodes.find(({ deviceIds }) => deviceIds.some(({ value }) => value === line.imei));
    expect(device).toMatchObject({ status: 'SUCCEEDED', state: 'SUSPEND' });
    // After the device's own message, the fault of a profile is a repeat in the log.
    if (order === messages) expect(JSON.stringify(view)).toContain('Profile is already suspended');
  }
});

test('a change of identifiers shows the old and the new ones on one outcome', async () => {
  const requestId = randomUUID();
  const line = newLine();
  await carrier.report(requestId, line, 'deviceId.success.changeIccid');
  const view = await adopted(requestId);
  expect(view.progress.total).toBe(1);
  const values = outcomeOf(view).deviceIds.map(({ value }) => value);
  expect(values).toEqual(expect.arrayContaining([line.iccid, '89148000000000000028']));
  expect(outcomeOf(view)).toMatchObject({ status: 'SUCCEEDED', servicePlan: 'M2M_4G' });
});

test('an old message of an account’s own path counts for that account alone', async () => {
  const requestId = randomUUID();
  await carrier.report(requestId, newLine(), 'plan.success');
  await adopted(requestId);
  const { request } = await gateway.query<{ request: { accountName: string } }>('query ($id: ID!) { request(id: $id) { accountName } }', {
    id: requestId,
  });
  expect(request.accountName).toBe(ACCOUNT);
});
