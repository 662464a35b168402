import { expect, test } from 'vitest';
import { activateProfile } from '../../src/operations/activate-profile.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import { nameForRetry } from '../../src/resolvers/requests/retried-devices.ts';
import { operator } from '../follow-up/support/operator.ts';
import { documentedCallback } from '../support/documented-callbacks.ts';
import { mutate } from '../support/mutations.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';

const EID = { kind: 'EID', value: '89049032000000000000000000000035' };
const IMEI = { kind: 'IMEI', value: '990000000000035' };
const ICCID = { kind: 'ICCID', value: '89148000000000000035' };
const OTHER = { kind: 'ICCID', value: '89148000000000000045' };
const PLAN = { servicePlan: 'HybridESim', mdnZipCode: '98801' };
/** The simulated carrier reports nothing. */
const QUIET = { register: false } as const;

async function submit(stack: Stack, name: string, devices: readonly (readonly object[])[], settings: object = {}) {
  const input = { accountName: stack.account, devices: devices.map((deviceIds) => ({ deviceIds })), ...settings };
  const { request } = await mutate(stack, name, input);
  const carrierRequestId = request?.carrierRequests[0]?.carrierRequestId;
  if (!request || !carrierRequestId) throw new Error('not accepted');
  return { id: request.id, carrierRequestId };
}

const namedIn = (stack: Stack, post: number) =>
  (JSON.parse(stack.simulator.ledger.posts[post]?.body ?? '') as { devices: { deviceIds: { kind: string; id: string }[] }[] }).devices;

test('a consumer eSIM that is named without its ICCID gets one, and an activation code', async () => {
  await using stack = await startStack();
  const { id } = await submit(stack, 'ActivateProfile', [[EID, IMEI]], PLAN);
  const request = await operator(stack.gateway.urls.graphql).ended(id);
  const [outcome] = request.outcomes.nodes;
  expect(outcome).toMatchObject({ status: 'SUCCEEDED', state: 'ACTIVE', profileRole: 'LOCAL' });
  const made = stack.simulator.inventory.profilesOf(EID.value).map(({ identifiers }) => identifiers.iccid);
  expect(made).toHaveLength(1);
  expect(outcome?.deviceIds).toContainEqual({ kind: 'ICCID', value: made[0], reportedKind: 'Iccid' });
});

test('a retry of an activation adds the ICCID that the failed callback has told, so that no second profile is made', async () => {
  await using stack = await startStack(QUIET);
  const { show, retry } = operator(stack.gateway.urls.graphql);
  const { id, carrierRequestId } = await submit(stack, 'ActivateProfile', [[EID, IMEI]], PLAN);
  const failure = {
    requestId: carrierRequestId,
    deviceIds: [EID, ICCID].map(({ kind, value }) => ({ kind, id: value })),
    faultResponse: { faultcode: 'UnifiedWebService.REQUEST_FAILED.UnexpectedError', faultstring: 'Unexpected error occurred.' },
    status: 'FAILED',
  };
  expect(await postCallback(stack, 'DeviceProfileService', failure)).toBe(200);
  const again = await retry({ requestId: id });
  if (again.__typename !== 'RetryFailedDevicesAccepted') throw new Error(JSON.stringify(again));
  expect(namedIn(stack, 0)).toEqual([{ deviceIds: [EID, IMEI].map(onTheWire) }]);
  expect(namedIn(stack, 1)).toEqual([{ deviceIds: [EID, IMEI, ICCID].map(onTheWire) }]);
  expect(await retry({ requestId: id })).toMatchObject({ faults: [{ code: 'ALREADY_RETRIED' }] });
  expect((await show(id)).outcomes.nodes).toMatchObject([{ status: 'FAILED' }]);
});

const onTheWire = ({ kind, value }: { kind: string; value: string }) => ({ kind: kind.toLowerCase(), id: value });
const reported = [EID, IMEI, ICCID].map(({ kind, value }) => ({ kind: kind as 'EID', id: value, reportedKind: kind }));

test('a retry leaves an ICCID that the mutation named as it is', () => {
  const device = { deviceIds: [EID, IMEI, OTHER].map(({ kind, value }) => ({ kind, id: value })) };
  expect(nameForRetry({ device, reported }, activateProfile)).toBe(device);
});

test.each(['ACTIVATE_PROFILE', 'DEACTIVATE_PROFILE', 'ENABLE_PROFILE', 'DOWNLOAD_PROFILE', 'DELETE_PROFILE', 'SET_FALLBACK_PROFILE'])(
  'no retry of %s names a profile that only a callback has named',
  (name) => {
    const operation = OPERATIONS.find((each) => each.name === name);
    expect(operation && nameForRetry({ device: null, reported }, operation)).toBeNull();
  },
);

test('a download that warns first stays open, until success or failure follows', async () => {
  await using stack = await startStack(QUIET);
  const { show } = operator(stack.gateway.urls.graphql);
  const { id, carrierRequestId } = await submit(stack, 'DownloadProfile', [[EID, ICCID]], { enable: true });
  const report = async (name: string) => {
    const { service, body } = documentedCallback('DeviceProfileService', name);
    expect(await postCallback(stack, service, { ...body, requestId: carrierRequestId })).toBe(200);
    const [outcome] = (await show(id)).outcomes.nodes;
    return outcome;
  };
  expect(await report('download_enable.warning')).toMatchObject({ status: 'PENDING', carrierStatus: 'WARNING', source: null });
  expect(await report('download_enable.success')).toMatchObject({ status: 'SUCCEEDED', profileStatus: 'DOWNLOAD_ENABLE' });
});

test('a profile that was to be enabled, and is only on its device, is not taken for done', async () => {
  await using stack = await startStack({
    env: { M2M_OVERDUE_AFTER_MS: '500', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' },
    simulator: { callbackDelayMs: [0, 0] },
  });
  Object.assign(stack.simulator.faults.callbacks, { withholdNext: Number.POSITIVE_INFINITY });
  const { once } = operator(stack.gateway.urls.graphql);
  // Of one device: the second is enabled last, and so the first is disabled. They are asked about in this order.
  const profiles = [
    [EID, ICCID],
    [EID, OTHER],
  ];
  const { id } = await submit(stack, 'DownloadProfile', profiles, { enable: true });
  const request = await once(id, ({ progress }) => progress.succeeded > 0);
  expect(request.outcomes.nodes).toMatchObject([{ status: 'OVERDUE' }, { status: 'SUCCEEDED', source: 'RECONCILED' }]);
});
