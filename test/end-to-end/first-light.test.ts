import { expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import { startStack } from '../support/stack.ts';

test('a mutation is answered with a request whose every device reaches the subscriber', async () => {
  await using stack = await startStack();
  const answer = await stack.query<{ activateDevices: { __typename: string; request: { id: string } } }>(
    `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename ... on ActivateDevicesAccepted { request { id status deviceCount carrierRequests { carrierRequestId state } } } ... on MutationError { message code } ... on InvalidInput { faults { path message } } } }`,
    { input: { accountName: stack.account, target: { devices: devices(20) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' } },
  );
  const events: unknown[] = [];
  for await (const event of stack.client().iterate({
    query: `subscription ($id: ID!) { requestStatus(requestId: $id) { cursor status progress { total settled succeeded } request { carrierRequests { carrierRequestId } } outcomes { id index status state ipAddress servicePlan deviceIds { kind value reportedKind } nidd { status } } } }`,
    variables: { id: answer.data?.activateDevices.request.id },
  })) {
    events.push(event);
  }
  expect(events.at(-1)).toMatchObject({ data: { requestStatus: { status: 'SUCCEEDED', progress: { total: 20, succeeded: 20 } } } });
});
