import { expect, test } from 'vitest';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack } from '../support/stack.ts';

const ICCID = '89141390780800784259';
const RESUME = `mutation ($input: ResumeProfileInput!) { resumeProfile(input: $input) { __typename ... on ResumeProfileAccepted {
  request { id status carrierRequests { carrierRequestId } outcomes { nodes { status } }
    retryOf { id } retries { nodes { id createdBy clientReference outcomes { nodes { id } } retryOf { id } } } } } } }`;

interface Resumed {
  readonly resumeProfile: {
    readonly request: {
      readonly id: string;
      readonly status: string;
      readonly carrierRequests: readonly { readonly carrierRequestId: string }[];
      readonly outcomes: object;
      readonly retries: { readonly nodes: readonly object[] };
    };
  };
}

test('a caller that may only write sees the request of its own mutation, however often it repeats it, and no request of others', async () => {
  await using stack = await startStack({ env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent' }, register: false });
  const { account, gateway } = stack;
  const writer = await makeKey(gateway, { scopes: { [account]: ['write'] } });
  const operator = await makeKey(gateway, { scopes: { [account]: ['read', 'write'] }, name: 'operator' });
  const input = { accountName: account, idempotencyKey: 'once', devices: [{ deviceIds: [{ kind: 'ICCID', value: ICCID }] }] };
  const repeated = async ({ authorization }: TestKey) => {
    const { data, errors } = await stack.query<Resumed>(RESUME, { input }, authorization);
    if (!data) throw new Error(JSON.stringify(errors));
    return data.resumeProfile.request;
  };
  const { id, carrierRequests } = await repeated(writer);
  await postCallback({ gateway, account }, 'DeviceProfileService', {
    requestId: carrierRequests[0]?.carrierRequestId,
    status: 'Failed',
    deviceIds: [{ kind: 'iccid', id: ICCID }],
    faultResponse: { faultcode: '400', faultstring: 'Bad request' },
  });
  const retry = `mutation { retryFailedDevices(input: { requestId: "${id}", clientReference: "of the operator" }) { __typename } }`;
  expect(await stack.query(retry, {}, operator.authorization)).toEqual({
    data: { retryFailedDevices: { __typename: 'RetryFailedDevicesAccepted' } },
  });
  expect(await repeated(writer)).toMatchObject({
    id,
    status: 'FAILED',
    outcomes: { nodes: [{ status: 'FAILED' }] },
    retryOf: null,
    retries: { nodes: [] },
  });
  // It is there for who may read.
  await writer.change({ scopes: { [account]: ['write', 'read'] } });
  expect((await repeated(writer)).retries.nodes).toMatchObject([
    { createdBy: 'key:operator', clientReference: 'of the operator', outcomes: { nodes: [{}] }, retryOf: { id } },
  ]);
});
