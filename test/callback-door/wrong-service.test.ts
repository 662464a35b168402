import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack } from '../support/stack.ts';
import { openDeadLetterBox } from './support/dead-letter-box.ts';

const legacy = (message: Record<string, unknown>) => ({
  CallbackRequest: { RequestId: message['requestId'], Device: message['deviceIds'], Data: {}, Status: 'Success' },
});

test.each(['DeviceProfileService', 'StateService', 'NiddService', 'DeviceUsage'] as const)(
  'a result by the path of %s settles no device of an activation; it is kept with its reason, and the right path settles it',
  async (service) => {
    await using box = await openDeadLetterBox({ devices: 1 });
    const message = box.callback(1);
    await box.post(message, { service });
    await box.post({ ...message, callbackCount: 2 }, { service });
    await box.post(legacy(message), { service });
    expect(await box.statuses()).toEqual(['PENDING']);
    const kept = await box.list({ reason: 'WRONG_SERVICE' });
    const expected = { accountName: box.account, callbackService: service, reason: 'WRONG_SERVICE' };
    expect(kept).toMatchObject([expected, expected]);
    const ids = kept.map(({ id }) => id);
    expect(await box.redrive(ids, true)).toEqual(['WRONG_SERVICE', 'WRONG_SERVICE']);
    await box.post(message);
    expect(await box.statuses()).toEqual(['SUCCEEDED']);
    expect(await box.list({ reason: 'WRONG_SERVICE' })).toHaveLength(2);
  },
);

test('the legacy form counts on the service its request waits for', async () => {
  await using box = await openDeadLetterBox({ devices: 1 });
  await box.post(legacy(box.callback(1)), { service: 'DeviceProfileService' });
  expect(await box.statuses()).toEqual(['PENDING']);
  await box.post(legacy(box.callback(1)));
  expect(await box.statuses()).toEqual(['SUCCEEDED']);
});

test('what came by another service before the carrier’s answer is kept with its reason when the answer comes', async () => {
  await using stack = await startStack({ register: false });
  const early = 'b0e3a8de-0000-4000-8000-000000000001';
  const body = { requestId: early, status: 'Success', deviceResponse: {} };
  expect(await postCallback(stack, 'DeviceProfileService', body)).toBe(200);
  stack.simulator.faults.body('activate', { text: JSON.stringify({ requestId: early }) });
  const { id } = await activateDevices(stack, 1);
  const { data } = await stack.query(
    `query ($id: ID!) { request(id: $id) { status progress { pending unmatchedCallbacks } } deadLetters { nodes { reason callbackService } } unclaimedCallbacks { nodes { id } } }`,
    { id },
  );
  expect(data).toEqual({
    request: { status: 'IN_PROGRESS', progress: { pending: 1, unmatchedCallbacks: 0 } },
    deadLetters: { nodes: [{ reason: 'WRONG_SERVICE', callbackService: 'DeviceProfileService' }] },
    unclaimedCallbacks: { nodes: [] },
  });
});
