import { expect, test } from 'vitest';
import { UnclaimedCallbacksDocument } from '../../documents/gql/graphql.ts';
import { DOCUMENTED_CALLBACKS, envelopeOf, identifiersWithin, type DocumentedCallback } from '../support/documented-callbacks.ts';
import { fixture } from '../support/fixture.ts';
import { postCallback } from '../support/post-callback.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** The samples of NiddService have these credentials. */
const CREDENTIALS = { M2M_CALLBACK_USERNAME: 'user', M2M_CALLBACK_PASSWORD: 'pwd' };

async function readUnclaimed(stack: Stack) {
  const { unclaimedCallbacks } = await runDocument(stack.gateway.urls.graphql, UnclaimedCallbacksDocument, { first: 1000 });
  return unclaimedCallbacks.nodes;
}

/** What of a message is stored: all but the registration's credentials and the count of the sending. */
function withoutCredentials({ callbackCount: _count, ...body }: DocumentedCallback['body']): object {
  const { username: _username, password: _password, ...rest } = body as typeof body & { username?: string; password?: string };
  return rest;
}

/** The expected node of `unclaimedCallbacks`, made from the body alone. */
function expectedNode({ service, body }: DocumentedCallback, account: string) {
  const nested = identifiersWithin(body).map(({ kind, id }) => ({ kind: kind.toUpperCase(), value: id, reportedKind: kind }));
  const { requestId, status, callbackCount } = envelopeOf(body);
  return {
    id: expect.stringMatching(/^unc_\d+$/) as string,
    accountName: account,
    callbackService: service,
    carrierRequestId: requestId,
    carrierStatus: status,
    faultCode: body.faultResponse?.faultcode ?? null,
    comment: null,
    payload: service === 'NiddService' ? JSON.stringify(withoutCredentials(body)) : null,
    receivedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/) as string,
    callbackCount,
    deviceIds: nested.filter(({ kind, value }, at) => nested.findIndex((other) => other.kind === kind && other.value === value) === at),
  };
}

/** Two lines that differ only in callbackCount, or not at all, are the same message. */
const messageOf = ({ service, body }: DocumentedCallback) => JSON.stringify([service, { ...body, callbackCount: 0 }]);
const distinct = DOCUMENTED_CALLBACKS.filter(
  (line, at) => DOCUMENTED_CALLBACKS.findIndex((other) => messageOf(other) === messageOf(line)) === at,
);

test('every documented callback of an unknown request is acknowledged, kept and shown with its fields', async () => {
  await using stack = await startStack({ env: CREDENTIALS, register: false });
  for (const { service, body } of DOCUMENTED_CALLBACKS) expect(await postCallback(stack, service, body)).toBe(200);
  expect(await readUnclaimed(stack)).toEqual(distinct.map((line) => expectedNode(line, stack.account)));
});

test('the same callback with another callbackCount is acknowledged and not added', async () => {
  await using stack = await startStack({ env: CREDENTIALS, register: false });
  for (const { service, body } of distinct) await postCallback(stack, service, body);
  const before = await readUnclaimed(stack);
  for (const { service, body } of distinct)
    for (const callbackCount of [2, 4, '3', null]) expect(await postCallback(stack, service, { ...body, callbackCount })).toBe(200);
  expect(await readUnclaimed(stack)).toEqual(before);
  expect(before).toHaveLength(distinct.length);
});

test.each([
  ['json', 'application/json'],
  ['xml', 'text/xml; charset=utf-8'],
])('the legacy CallbackRequest as %s is acknowledged, kept once and shown with its fields', async (format, contentType) => {
  await using stack = await startStack({
    env: { M2M_CALLBACK_USERNAME: 'listener', M2M_CALLBACK_PASSWORD: 'listener-secret' },
    register: false,
  });
  const body = fixture(`pages/legacy-activate.${format}`);
  const again = body.replace(/(CallbackCount"?[>:] ?)1/, '$12');
  expect(again).not.toBe(body);
  expect(await postCallback(stack, 'CarrierService', body, contentType)).toBe(200);
  expect(await postCallback(stack, 'CarrierService', again, contentType)).toBe(200);
  expect(await readUnclaimed(stack)).toMatchObject([
    {
      carrierRequestId: '7c5eef41-011c-4c20-8780-f4031180141b',
      carrierStatus: 'Success',
      callbackCount: 1,
      deviceIds: [
        { kind: 'IMEI', value: '352452060026934' },
        { kind: 'ICCID', value: '89148000001024124378' },
        { kind: 'MDN', value: '5096306081' },
        { kind: 'IMSI', value: '311480104434320' },
        { kind: 'MSISDN', value: '15096306081' },
        { kind: 'MIN', value: '2345958183' },
      ],
    },
  ]);
});

test('a callback of a service that this gateway does not follow is kept and shown, with its comment', async () => {
  await using stack = await startStack({ register: false });
  const comment = 'Device will be auto resumed on - 3/15/2017 12:00:00 AM';
  const deviceIds = [{ id: '5096306081', kind: 'Mdn' }];
  expect(await postCallback(stack, 'ResumeTrackingNotification', { deviceIds, comment })).toBe(200);
  expect(await readUnclaimed(stack)).toMatchObject([
    { callbackService: 'ResumeTrackingNotification', carrierRequestId: null, comment, callbackCount: null, deviceIds: [{ kind: 'MDN' }] },
  ]);
});

const ODD: readonly [string, unknown][] = [
  ['an empty object', {}],
  ['fields nobody knows', { futureResponse: { a: [1, { b: null }] } }],
  ['a count no integer can hold', { requestId: 'r', callbackCount: 1e300, maxCallbackThreshold: 1e300 }],
  ['half a surrogate pair', { requestId: 'r\ud800', comment: '\udc00' }],
  ['a NUL', { requestId: 'r\u0000s', status: '\u0000' }],
  ['__proto__ and constructor', '{"requestId":"r","__proto__":{"status":"Success"},"constructor":1}'],
];

test.each(ODD)('a callback with %s is acknowledged, kept and shown', async (_what, body) => {
  await using stack = await startStack({ register: false });
  expect(await postCallback(stack, 'CarrierService', body)).toBe(200);
  const kept = await readUnclaimed(stack);
  expect(kept).toHaveLength(1);
  expect(kept).toMatchObject([{ callbackService: 'CarrierService', callbackCount: null }]);
});

test('a message of a service that this gateway does not follow is shown whole, without the registration’s credentials', async () => {
  await using stack = await startStack({ env: CREDENTIALS, register: false });
  const { M2M_CALLBACK_USERNAME: username, M2M_CALLBACK_PASSWORD: password } = CREDENTIALS;
  const body = { deviceIds: [], niddResponse: { niddMONotificationResponse: { accountName: stack.account, message: 'aGVsbG8=' } } };
  expect(await postCallback(stack, 'NiddService', { username, password, ...body, callbackCount: 1 })).toBe(200);
  const [kept] = await readUnclaimed(stack);
  expect(JSON.parse(kept?.payload ?? '')).toEqual(body);
});
