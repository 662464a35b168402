import type { ResultOf } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { expect, test } from 'vitest';
import { DeviceSecretsDocument, RequestDocument, RequestStatusDocument } from '../../documents/gql/graphql.ts';
import { documentedCallback, type DocumentedCallback } from '../support/documented-callbacks.ts';
import { fixture } from '../support/fixture.ts';
import { mutate } from '../support/mutations.ts';
import { postCallback } from '../support/post-callback.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack, type Stack } from '../support/stack.ts';

type Shown = NonNullable<ResultOf<typeof RequestDocument>['request']>['outcomes']['nodes'][number];
type Secret = NonNullable<ResultOf<typeof DeviceSecretsDocument>['request']>['outcomes']['nodes'][number];
type Outcome = Shown & Secret;

/** The samples of NiddService have these credentials. The simulator delivers nothing, so that only the documented message arrives. */
/** The samples name a device by its IMEI or its ICCID alone. The page of the activation does not allow it. */
const ALONE = { lenient: true } as const;
const QUIET = { env: { M2M_CALLBACK_USERNAME: 'user', M2M_CALLBACK_PASSWORD: 'pwd' }, register: false, simulator: ALONE } as const;

const MOMENT = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/) as string;

async function submit(stack: Stack, operation: string, deviceIds: readonly { kind: string; value: string }[]) {
  const listed = [{ deviceIds }];
  const settings =
    operation === 'ActivateDevices' ? { target: { devices: listed }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' } : { devices: listed };
  const { request } = await mutate(stack, operation, { accountName: stack.account, ...settings });
  const carrierRequestId = request?.carrierRequests[0]?.carrierRequestId;
  if (!request || !carrierRequestId) throw new Error('not accepted');
  return { id: request.id, carrierRequestId };
}

async function outcomeOf(stack: Stack, id: string): Promise<Outcome> {
  const { request } = await runDocument(stack.gateway.urls.graphql, RequestDocument, { id });
  expect(request?.outcomes.nodes).toHaveLength(1);
  const secrets = await runDocument(stack.gateway.urls.graphql, DeviceSecretsDocument, { id });
  const [outcome] = request?.outcomes.nodes ?? [];
  const [secret] = secrets.request?.outcomes.nodes ?? [];
  if (!outcome || !secret) throw new Error('no outcome');
  return { ...outcome, ...secret };
}

async function lastEvent(stack: Stack, requestId: string) {
  let last: ResultOf<typeof RequestStatusDocument>['requestStatus'] | undefined;
  const query = print(RequestStatusDocument);
  for await (const { data } of stack.client().iterate<ResultOf<typeof RequestStatusDocument>>({ query, variables: { requestId } }))
    last = data?.requestStatus ?? last;
  return last;
}

/** An outcome without any report yet. */
function emptyOutcome(requestId: string, requested: readonly { kind: string; value: string }[]) {
  return {
    id: `out_${requestId.slice('req_'.length)}_0`,
    index: 0,
    revision: expect.any(Number) as number,
    requested,
    deviceIds: requested.map((each) => ({ ...each, reportedKind: each.kind })),
    status: 'PENDING',
    source: null,
    contradicted: false,
    isOnHold: false,
    carrierStatus: null,
    fault: null,
    state: null,
    stateName: null,
    serviceName: null,
    servicePlan: null,
    ipAddress: null,
    featureCodes: [],
    deviceCredential: null,
    activationCode: null,
    suspension: null,
    profileStatus: null,
    profileRole: null,
    nidd: null,
    comment: null,
    receivedAt: null,
    callbackCount: null,
    maxCallbackThreshold: null,
  };
}

const settled = { status: 'SUCCEEDED', source: 'CALLBACK', receivedAt: MOMENT, callbackCount: 1, maxCallbackThreshold: 4 };
const identifiers = (...lines: string[]) =>
  lines.map((line) => {
    const [kind = '', value = '', reportedKind = kind] = line.split(' ');
    return { kind, value, reportedKind };
  });
/** The carrier calls the value of an identifier `id`. */
const onTheWire = (deviceIds: readonly { kind: string; value: string }[]) => deviceIds.map(({ kind, value }) => ({ kind, id: value }));
const withRequestId = ({ body }: DocumentedCallback, requestId: string) => ({ ...body, requestId });

const CASES: readonly [
  what: string,
  operation: string,
  requested: readonly { kind: string; value: string }[],
  callback: DocumentedCallback,
  says: object,
][] = [
  [
    'a successful activation',
    'ActivateDevices',
    [{ kind: 'IMEI', value: '352452060026934' }],
    documentedCallback('CarrierService', 'activate.success'),
    {
      ...settled,
      carrierStatus: 'Success',
      deviceIds: identifiers(
        'IMEI 352452060026934',
        'MDN 5096306081 mdn',
        'IMSI 311480104434320 imsi',
        'ICCID 89148000001024124378 iccId',
        'MSISDN 13122379508 msisdn',
        'MIN 2345958183 min',
      ),
      state: 'Active',
      ipAddress: '10.224.48.88',
      servicePlan: 'the service plan name',
      featureCodes: [],
      deviceCredential: { username: '5096306081@vzw3g.com', password: '5096306081' },
    },
  ],
  [
    'a failed activation',
    'ActivateDevices',
    [
      { kind: 'IMEI', value: '201809030000009' },
      { kind: 'ICCID', value: '20180903000000000009' },
    ],
    documentedCallback('CarrierService', 'activate.failed.alreadyActive'),
    {
      ...settled,
      status: 'FAILED',
      carrierStatus: 'Failed',
      deviceIds: identifiers('ICCID 20180903000000000009 Iccid', 'IMEI 201809030000009 Imei'),
      fault: {
        code: 'UnifiedWebService.REQUEST_FAILED.DeviceAlreadyActive',
        message: 'REQUEST_FAILED. Device is already active',
        advice: expect.stringContaining('active already') as string,
        retriable: true,
      },
    },
  ],
  [
    'a renewed activation code',
    'RenewActivationCode',
    [
      { kind: 'EID', value: '89049032000000000000000000000001' },
      { kind: 'IMEI', value: '990013907835573' },
    ],
    documentedCallback('DeviceProfileService', 'renew_activation_code.success'),
    {
      ...settled,
      carrierStatus: 'SUCCESS',
      deviceIds: identifiers('MDN 5096306081 mdn', 'IMEI 990013907835573 imei', 'EID 89049032000000000000000000000001'),
      state: 'ACTIVE',
      profileStatus: 'UNKNOWN',
      profileRole: 'LOCAL',
      activationCode: '1$sm-dp-plus.example$0123456789ABCDEF',
    },
  ],
  [
    'a suspension',
    'ActivateDevices',
    [{ kind: 'ICCID', value: '89148000001024124378' }],
    documentedCallback('CarrierService', 'suspend.success'),
    {
      ...settled,
      carrierStatus: 'Success',
      deviceIds: identifiers('ICCID 89148000001024124378 Iccid'),
      suspension: {
        expectedResumeDate: '2026-12-31T00:00:00Z',
        maxSuspendDaysAllowed: 90,
        numDaysSuspendAllowedCurrent12Months: 180,
        numDaysSuspendedLast12Months: 0,
      },
    },
  ],
  [
    'a resumed profile',
    'ResumeProfile',
    [{ kind: 'ICCID', value: '89148000001024124378' }],
    documentedCallback('DeviceProfileService', 'profile_resume.success'),
    {
      ...settled,
      carrierStatus: 'SUCCESS',
      deviceIds: identifiers(
        'EID 89049032000000000000000000000001 Eid',
        'IMEI 990013907835573 Imei',
        'MSISDN 15085550123 msisdn',
        'ICCID 89148000001024124378 Iccid',
      ),
      state: 'ACTIVE',
      profileStatus: 'ENABLE',
      profileRole: 'LOCAL',
    },
  ],
];

test.each(CASES)(
  'every field of the documented callback of %s reaches its DeviceOutcome',
  async (_what, operation, requested, callback, says) => {
    await using stack = await startStack(QUIET);
    const { id, carrierRequestId } = await submit(stack, operation, requested);
    expect(await outcomeOf(stack, id)).toEqual(emptyOutcome(id, requested));
    expect(await postCallback(stack, callback.service, withRequestId(callback, carrierRequestId))).toBe(200);
    const expected = { ...emptyOutcome(id, requested), ...says };
    expect(await outcomeOf(stack, id)).toEqual(expected);
    // The document of the subscription leaves out the fields that need a grant.
    const { activationCode: _code, deviceCredential: _credential, ...shown } = expected;
    expect((await lastEvent(stack, id))?.outcomes).toEqual([shown]);
  },
);

const NIDD_DEVICE = [{ kind: 'EID', value: '99962019000000000000000000000002' }];
const NIDD = {
  configured: true,
  status: 'ConfigCreated',
  reason: null,
  accountName: '9992330389-00001',
  receivedAt: MOMENT,
  callbackCount: 1,
  maxCallbackThreshold: 4,
  deviceIds: [NIDD_DEVICE[0], { kind: 'IMEI', value: '9996201900000000000345' }],
};
const REASON = 'Not CatM or NBIoT Device';

test.each([
  ['ConfigCreated', 'config.created', NIDD],
  ['ConfigFailed', 'config.failed', { ...NIDD, configured: false, status: 'ConfigFailed', reason: REASON }],
  ['ConfigCreationFailed', 'config.failed', { ...NIDD, configured: false, status: 'ConfigCreationFailed', reason: REASON }],
])('every field of the NIDD callback %s reaches DeviceOutcome.nidd, and the device stays as it was', async (status, name, nidd) => {
  await using stack = await startStack(QUIET);
  const { id, carrierRequestId } = await submit(stack, 'ActivateDevices', NIDD_DEVICE);
  const activated = {
    requestId: carrierRequestId,
    deviceIds: onTheWire(NIDD_DEVICE),
    deviceResponse: {},
    status: 'Success',
    callbackCount: 1,
  };
  expect(await postCallback(stack, 'CarrierService', activated)).toBe(200);
  const before = await outcomeOf(stack, id);
  expect(before).toMatchObject({ status: 'SUCCEEDED', nidd: null });
  const callback = withRequestId(documentedCallback('NiddService', name), carrierRequestId);
  expect(await postCallback(stack, 'NiddService', { ...callback, status })).toBe(200);
  const { deviceIds, ...after } = await outcomeOf(stack, id);
  const { deviceIds: known, ...rest } = before;
  expect(after).toEqual({ ...rest, revision: after.revision, nidd });
  expect(after.revision).toBeGreaterThan(before.revision);
  expect(deviceIds).toEqual([...known, { kind: 'IMEI', value: '9996201900000000000345', reportedKind: 'IMEI' }]);
});

test.each(['json', 'xml'])('every element of the legacy CallbackRequest as %s reaches its DeviceOutcome', async (format) => {
  await using stack = await startStack({
    register: false,
    simulator: ALONE,
    env: { M2M_CALLBACK_USERNAME: 'listener', M2M_CALLBACK_PASSWORD: 'listener-secret' },
  });
  const requested = [{ kind: 'ICCID', value: '89148000001024124378' }];
  const { id, carrierRequestId } = await submit(stack, 'ActivateDevices', requested);
  const body = fixture(`pages/legacy-activate.${format}`).replace('7c5eef41-011c-4c20-8780-f4031180141b', carrierRequestId);
  expect(await postCallback(stack, 'CarrierService', body)).toBe(200);
  expect(await outcomeOf(stack, id)).toEqual({
    ...emptyOutcome(id, requested),
    ...settled,
    carrierStatus: 'Success',
    deviceIds: identifiers(
      'IMEI 352452060026934',
      'ICCID 89148000001024124378',
      'MDN 5096306081 Mdn',
      'IMSI 311480104434320 Imsi',
      'MSISDN 15096306081 Msisdn',
      'MIN 2345958183 Min',
    ),
    ipAddress: '10.224.48.88',
    state: 'TX',
    stateName: 'Texas',
    serviceName: 'Data & SMS',
    servicePlan: 'Plan A & B',
    featureCodes: ['75802', '84777'],
    deviceCredential: { username: '5096306081@vzw3g.com', password: '5096306081' },
  });
});

test.each(['Pending', 'PENDING', 'Warning'])('a callback with status %s leaves its device pending until the final one', async (status) => {
  await using stack = await startStack(QUIET);
  const requested = [{ kind: 'IMEI', value: '352452060026934' }];
  const { id, carrierRequestId } = await submit(stack, 'ActivateDevices', requested);
  const first = { requestId: carrierRequestId, deviceIds: onTheWire(requested), status, callbackCount: 1, maxCallbackThreshold: 4 };
  expect(await postCallback(stack, 'CarrierService', first)).toBe(200);
  expect(await outcomeOf(stack, id)).toMatchObject({ status: 'PENDING', source: null });
  const final = withRequestId(documentedCallback('CarrierService', 'activate.success'), carrierRequestId);
  expect(await postCallback(stack, 'CarrierService', final)).toBe(200);
  expect(await outcomeOf(stack, id)).toMatchObject({ status: 'SUCCEEDED', carrierStatus: 'Success' });
});
