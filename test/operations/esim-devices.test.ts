import { expect, test } from 'vitest';
import { operator } from '../follow-up/support/operator.ts';
import { documentedCallback } from '../support/documented-callbacks.ts';
import { mutate } from '../support/mutations.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack } from '../support/stack.ts';

const EID = { kind: 'EID', value: '89049032000000000000000000000032' };

test.each([
  ['suspendESimDevice', 'device_suspend', ['profile.lead', 'profile.local.alreadySuspended', 'device'], 'SUCCEEDED'],
  ['suspendESimDevice', 'device_suspend', ['profile.local.alreadySuspended', 'profile.lead', 'device.failed'], 'FAILED'],
  ['resumeESimDevice', 'device_resume', ['profile.local.alreadyResumed', 'profile.lead', 'device'], 'SUCCEEDED'],
])('the message of a device decides, whatever its profiles report and in whichever order', async (mutation, action, reports, status) => {
  await using stack = await startStack({ register: false });
  const name = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}`;
  const { request } = await mutate(stack, name, { accountName: stack.account, devices: [{ deviceIds: [EID] }] });
  const { show } = operator(stack.gateway.urls.graphql);
  const report = async (what: string | undefined) => {
    const { service, body } = documentedCallback('DeviceProfileService', `${action}.${what}`);
    expect(await postCallback(stack, service, { ...body, requestId: request?.carrierRequests[0]?.carrierRequestId })).toBe(200);
    return await show(request?.id ?? '');
  };
  const [first, second, own] = reports;
  for (const profile of [first, second])
    expect(await report(profile)).toMatchObject({
      status: 'IN_PROGRESS',
      progress: { unmatchedCallbacks: 0 },
      outcomes: { nodes: [{ status: 'PENDING' }] },
    });
  expect(await report(own)).toMatchObject({ status, outcomes: { nodes: [{ status, source: 'CALLBACK' }] } });
  expect(await report(first)).toMatchObject({ status, outcomes: { nodes: [{ status, contradicted: false }] } });
});
