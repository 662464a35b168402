import { expect, test } from 'vitest';
import { RenewActivationCodeDocument } from '../../documents/gql/graphql.ts';
import { activation } from '../carrier/support/activation.ts';
import { iccid } from '../support/devices.ts';
import { openGateway } from '../support/open-gateway.ts';
import { postCallback } from '../support/post-callback.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { operator } from './support/operator.ts';

const SOON = { M2M_OVERDUE_AFTER_MS: '500', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };
/** The carrier is not asked what is overdue, only whom messages mean. */
const LATER = { M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };

const eid = (number: number) => `89049032${String(number).padStart(24, '0')}`;
const imei = (number: number) => `9900${String(number).padStart(10, '0')}0`;
const mdn = (number: number) => `509${String(number).padStart(7, '0')}`;

/** Deactivated eSIMs that the carrier knows by ICCID, EID and IMEI. */
function addProfiles({ simulator, account }: Stack, numbers: readonly number[], imeiOf = imei): void {
  for (const number of numbers) {
    simulator.inventory.add({
      account,
      identifiers: { iccid: iccid(number), eid: eid(number), imei: imeiOf(number) },
      state: 'deactive',
      groupName: 'eSIM Fleet',
      createdAt: 0,
      profile: { state: 'DEACTIVE', status: 'UNKNOWN', role: 'LOCAL' },
    });
  }
}

/** Renews by EID and ICCID, as the text of the page asks. */
async function renew({ gateway, account }: Stack, numbers: readonly number[]): Promise<{ id: string; guid: string }> {
  const named = numbers.map((number) => ({
    deviceIds: [
      { kind: 'EID' as const, value: eid(number) },
      { kind: 'ICCID' as const, value: iccid(number) },
    ],
  }));
  const input = { accountName: account, devices: named };
  const { renewActivationCode: result } = await runDocument(gateway.urls.graphql, RenewActivationCodeDocument, { input });
  if (result.__typename !== 'RenewActivationCodeAccepted') throw new Error(result.__typename);
  return { id: result.request.id, guid: result.request.carrierRequests[0]?.carrierRequestId ?? '' };
}

/** The message of the page's sample: it names MDN and IMEI. */
function renewed(stack: Stack, requestId: string, number: number, imeiOf = imei): Promise<number> {
  const deviceIds = [
    { kind: 'mdn', id: mdn(number) },
    { kind: 'imei', id: imeiOf(number) },
  ];
  const deviceProfileResponse = { deviceIdentifierCollection: deviceIds, state: 'ACTIVE', activationCode: `1$smdp.example$CODE${number}` };
  return postCallback(stack, 'DeviceProfileService', {
    requestId,
    deviceIds,
    deviceResponse: { deviceProfileResponse },
    status: 'SUCCESS',
  });
}

async function silentStack(env: Readonly<Record<string, string>>): Promise<Stack> {
  const stack = await startStack({ env });
  stack.simulator.faults.callbacks.withholdNext = Number.POSITIVE_INFINITY;
  return stack;
}

const codesOf = async (stack: Stack, id: string) => {
  const { data } = await stack.query<{ request: { outcomes: { nodes: { activationCode: string | null }[] } } }>(
    'query ($id: ID!) { request(id: $id) { outcomes(first: 10) { nodes { activationCode } } } }',
    { id },
  );
  return data?.request.outcomes.nodes.map(({ activationCode }) => activationCode);
};

test.concurrent('eSIMs renewed by EID and ICCID get their codes from messages that name MDN and IMEI: the device list ties them', async () => {
  await using stack = await silentStack(LATER);
  addProfiles(stack, [1, 2]);
  const { ended } = operator(stack.gateway.urls.graphql);
  const { id, guid } = await renew(stack, [1, 2]);
  await renewed(stack, guid, 2);
  await renewed(stack, guid, 1);
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2, total: 2, unmatchedCallbacks: 0 } });
  expect(request.outcomes.nodes.map(({ source }) => source)).toEqual(['CALLBACK', 'CALLBACK']);
  expect(await codesOf(stack, id)).toEqual(['1$smdp.example$CODE1', '1$smdp.example$CODE2']);
});

test.concurrent('while the carrier cannot be asked, devices and messages that do not match stay IN_PROGRESS, also over a restart', async () => {
  await using stack = await silentStack(SOON);
  addProfiles(stack, [1, 2]);
  stack.simulator.faults.status('deviceList', 503, { times: 2 });
  const { id, guid } = await renew(stack, [1, 2]);
  await renewed(stack, guid, 2);
  await renewed(stack, guid, 1);
  await stack.simulator.ledger.until(({ counts }) => counts.calls['deviceList'] === 1);
  expect(await operator(stack.gateway.urls.graphql).show(id)).toMatchObject({
    status: 'IN_PROGRESS',
    progress: { unmatchedCallbacks: 2, total: 2, expired: 0 },
  });
  await stack.gateway[Symbol.asyncDispose]();
  await using again = await openGateway(stack.simulator, stack.storePath, SOON);
  expect(await operator(again.urls.graphql).ended(id)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2, total: 2 } });
});

test.concurrent('what the list told survives a restart: a message that comes later is tied at once', async () => {
  await using stack = await silentStack(LATER);
  addProfiles(stack, [1, 2, 3]);
  const { id, guid } = await renew(stack, [1, 2, 3]);
  await renewed(stack, guid, 3);
  await operator(stack.gateway.urls.graphql).once(id, ({ progress }) => progress.succeeded === 1);
  await stack.gateway[Symbol.asyncDispose]();
  stack.simulator.faults.status('deviceList', 503, { times: Number.POSITIVE_INFINITY });
  await using again = await openGateway(stack.simulator, stack.storePath, LATER);
  const reopened = { ...stack, gateway: again };
  await renewed(reopened, guid, 1);
  const request = await operator(again.urls.graphql).show(id);
  expect(request).toMatchObject({ status: 'IN_PROGRESS', progress: { succeeded: 2, pending: 1, unmatchedCallbacks: 0 } });
  expect(request.outcomes.nodes.map(({ status }) => status)).toEqual(['SUCCEEDED', 'PENDING', 'SUCCEEDED']);
});

test.concurrent('two profiles of one device share an IMEI: nobody guesses, and the request ends once the carrier has told all it knows', async () => {
  await using stack = await silentStack(LATER);
  addProfiles(stack, [1, 2], () => imei(7));
  const { ended } = operator(stack.gateway.urls.graphql);
  const { id, guid } = await renew(stack, [1, 2]);
  await renewed(stack, guid, 1, () => imei(7));
  await renewed(stack, guid, 2, () => imei(7));
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'PARTIALLY_FAILED', progress: { succeeded: 2, expired: 2, total: 4 } });
  expect(request.carrierRequests).toMatchObject([{ state: 'CLOSED' }]);
  expect(request.outcomes.nodes.slice(0, 2).map(({ status }) => status)).toEqual(['EXPIRED', 'EXPIRED']);
  expect(stack.simulator.ledger.counts.calls['deviceList']).toBe(2);
});

test.concurrent('one device that the list refuses: the other gets its result from the list, and the last from elimination', async () => {
  await using stack = await silentStack(SOON);
  addProfiles(stack, [1, 2]);
  stack.simulator.faults.add({ endpoint: 'deviceList', about: iccid(1), status: 400, times: Number.POSITIVE_INFINITY });
  const { ended } = operator(stack.gateway.urls.graphql);
  const { id, guid } = await renew(stack, [1, 2]);
  await renewed(stack, guid, 2);
  await renewed(stack, guid, 1);
  await ended(id);
  expect(await codesOf(stack, id)).toEqual(['1$smdp.example$CODE1', '1$smdp.example$CODE2']);
});

test.concurrent('a NIDD message that names EID and IMEI finds its device after the request is complete', async () => {
  await using stack = await silentStack(LATER);
  addProfiles(stack, [1, 2]);
  const { activate, show } = operator(stack.gateway.urls.graphql);
  const named = [1, 2].map((number) => ({ deviceIds: [{ kind: 'ICCID' as const, value: iccid(number) }] }));
  const { id } = await activate(activation(stack.account, { devices: named, skuNumber: 'VZW12' }));
  const requestId = (await show(id)).carrierRequests[0]?.carrierRequestId;
  for (const number of [1, 2]) {
    const deviceIds = [{ kind: 'iccid', id: iccid(number) }];
    await postCallback(stack, 'CarrierService', { requestId, deviceIds, deviceResponse: { activateResponse: {} }, status: 'Success' });
  }
  const deviceIds = [
    { kind: 'eid', id: eid(2) },
    { kind: 'imei', id: imei(2) },
  ];
  await postCallback(stack, 'NiddService', { requestId, niddResponse: { niddConfigResponse: { deviceIds } }, status: 'ConfigCreated' });
  expect(await show(id)).toMatchObject({ status: 'SUCCEEDED', progress: { unmatchedCallbacks: 1 } });
  await until(async () => (await show(id)).progress.unmatchedCallbacks === 0);
  expect((await show(id)).outcomes.nodes.map(({ nidd }) => nidd?.configured ?? null)).toEqual([null, true]);
});
