import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { RequestDocument } from '../../documents/gql/graphql.ts';
import type { EndpointFault } from '../../simulator/faults/endpoint-faults.ts';
import { devices, iccid } from '../support/devices.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack } from '../support/stack.ts';
import { acceptedRequest, activate, activation } from './support/activation.ts';

type Rule = Omit<EndpointFault, 'endpoint' | 'times'>;

const error = (errorCode: string) => ({ text: JSON.stringify({ errorCode, errorMessage: 'In words.' }) });

/** Bytes have left and no usable answer came: nobody knows the fate. The request is never sent again, performed or not. */
const UNKNOWN: readonly (readonly [string, Rule])[] = [
  ['the connection is cut before the body is read', { drop: 'before-reading' }],
  ['the connection is cut after the request is performed', { drop: 'before-answer', performed: true }],
  ['the connection is cut after the request is read and not performed', { drop: 'before-answer', performed: false }],
  ['the connection is cut in the middle of the answer', { drop: 'mid-body' }],
  ['no answer comes in time', { latencyMs: 60_000 }],
  ...[408, 500, 502, 503, 504].flatMap((status): [string, Rule][] => [
    [`HTTP ${status}, not performed`, { status, performed: false }],
    [`HTTP ${status}, performed`, { status, performed: true }],
  ]),
  ['an empty 200', { body: 'empty' }],
  ['a 200 of HTML', { body: 'html' }],
  ['a 200 of {}', { body: 'empty-object' }],
  ['a 200 with a number for a requestId', { body: 'numeric-request-id' }],
  ['a 200 that ends in the middle', { body: 'truncated-json' }],
  ['a 200 without end', { body: 'endless' }],
  ['a 200 with a requestId that no carrier makes', { body: { text: '{"requestId":"../../etc/passwd"}' } }],
  ['a 200 with null for a requestId', { body: { text: '{"requestId":null}' } }],
  ['a 200 with an empty requestId', { body: { text: '{"requestId":""}' } }],
  ['a 200 with a list for a requestId', { body: { text: '{"requestId":["595f5c44-c31c-4552-8670-020a1545a84d"]}' } }],
  ['a 200 with a requestId of 10 kB', { body: { text: JSON.stringify({ requestId: 'a'.repeat(10_240) }) } }],
  ['a 200 with a line feed in its requestId', { body: { text: '{"requestId":"595f5c44\\nc31c"}' } }],
  ['a 200 of null', { body: { text: 'null' } }],
  ['a 200 of a list of two', { body: { text: '[{"requestId":"595f5c44-c31c-4552-8670-020a1545a84d"},{"requestId":"x"}]' } }],
  ['a 200 of an error', { status: 200, body: error('UnifiedWebService.INPUT_INVALID.ServicePlan.NotFound') }],
  ['a 204', { status: 204, body: 'empty' }],
  ['500 with a plain no in its body', { status: 500, body: error('UnifiedWebService.INPUT_INVALID.ServicePlan.NotFound') }],
  ['400 REQUEST_FAILED.UnexpectedError', { status: 400, body: error('UnifiedWebService.REQUEST_FAILED.UnexpectedError') }],
  // The carrier gives its reasons in its own envelopes. Anything else may come from something on the way.
  ['403 of HTML', { status: 403, body: 'html' }],
  ['404 of HTML', { status: 404, body: 'html' }],
  ['400 without a body', { status: 400, body: 'empty' }],
  ...[
    ['null', 'null'],
    ['a list', '[]'],
    ['{}', '{}'],
    ['nulls', '{"errorCode":null,"errorMessage":null}'],
    ['an empty code', '{"errorCode":"","errorMessage":"x"}'],
    ['an object for a code', '{"errorCode":{"a":1}}'],
    ['a fault of null', '{"fault":null}'],
    ['a fault of nulls', '{"fault":{"code":null,"message":null,"description":null}}'],
    ['JSON that ends in the middle', '{"errorCode":"Unified'],
  ].map(([what = '', text = '']): [string, Rule] => [`400 of ${what}`, { status: 400, body: { text } }]),
];

test.each(UNKNOWN)('%s: the request is UNKNOWN and sent exactly once', async (_what, rule) => {
  await using stack = await startStack({ register: false, env: { M2M_THINGSPACE_TIMEOUT_MS: '1500' } });
  stack.simulator.faults.add({ endpoint: 'activate', ...rule });
  const { id } = acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account)));
  const { request } = await runDocument(stack.gateway.urls.graphql, RequestDocument, { id });
  expect(request).toMatchObject({
    status: 'UNKNOWN',
    error: { code: 'UNANSWERED' },
    progress: { unknown: 2, settled: 0 },
    carrierRequests: [{ state: 'UNKNOWN', attempts: 1, carrierRequestId: null }],
  });
  expect(request?.outcomes.nodes.map(({ status }) => status)).toEqual(['UNKNOWN', 'UNKNOWN']);
  // A good request after it goes out at once. If the first were sent again, it would have gone before.
  acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account, { mdnZipCode: '10001' })));
  expect(stack.simulator.ledger.counts.calls['activate']).toBe(2);
});

test('a redirect is not followed: the request is UNKNOWN, and the other host receives nothing', async () => {
  let heard = 0;
  const elsewhere = createServer((_request, response) => {
    heard++;
    response.end();
  });
  elsewhere.listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  await using stack = await startStack({ register: false });
  stack.simulator.faults.redirect('activate', `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
  const request = acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account)));
  expect(request.status).toBe('UNKNOWN');
  expect(stack.simulator.ledger.counts.calls['activate']).toBe(1);
  expect(heard).toBe(0);
  elsewhere.close();
});

test('after an answer with the requestId of another request, the request is UNKNOWN and the other request stays as it was', async () => {
  await using stack = await startStack();
  const url = stack.gateway.urls.graphql;
  const first = acceptedRequest(await activate(url, activation(stack.account)));
  const known = first.carrierRequests[0]?.carrierRequestId;
  stack.simulator.faults.body('activate', { text: JSON.stringify({ requestId: known }) });
  const second = acceptedRequest(await activate(url, activation(stack.account, { devices: devices(1, 77) })));
  expect(second).toMatchObject({ status: 'UNKNOWN', error: { code: 'UNUSABLE_ANSWER' }, carrierRequests: [{ carrierRequestId: null }] });
  await stack.simulator.idle();
  const { request } = await runDocument(url, RequestDocument, { id: first.id });
  expect(request).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2, total: 2 } });
  expect(stack.simulator.ledger.posts).toHaveLength(2);
});

const wso2 = (code: string) => JSON.stringify({ fault: { code, message: 'In words.', description: 'In more words.' } });

interface Expected {
  readonly httpStatus: number;
  readonly carrierErrorCode: string;
  readonly message?: string;
}

/** A clear refusal: nothing was performed, and the carrier gave the reason in one of its formats. */
const REFUSED: readonly (readonly [string, Rule, Expected])[] = [
  [
    'a named error of the API',
    { status: 400, body: error('UnifiedWebService.INPUT_INVALID.ServicePlan.NotFound') },
    { httpStatus: 400, carrierErrorCode: 'UnifiedWebService.INPUT_INVALID.ServicePlan.NotFound' },
  ],
  ['a three-digit error', { status: 406, body: error('406') }, { httpStatus: 406, carrierErrorCode: '406' }],
  ['a number for an error code', { status: 404, body: { text: '{"errorCode":404}' } }, { httpStatus: 404, carrierErrorCode: '404' }],
  ['a fault of the API gateway', { status: 403, body: { text: wso2('900908') } }, { httpStatus: 403, carrierErrorCode: '900908' }],
  ['an XML fault', { status: 403, body: 'xml-fault' }, { httpStatus: 403, carrierErrorCode: '404' }],
  ['an OAuth error', { status: 403, body: { text: '{"error":"invalid_scope"}' } }, { httpStatus: 403, carrierErrorCode: 'invalid_scope' }],
  ...[undefined, null, { a: 1 }, []].map((errorMessage): [string, Rule, Expected] => [
    `a named error with ${JSON.stringify(errorMessage) ?? 'nothing'} for words`,
    { status: 400, body: { text: JSON.stringify({ errorCode: 'UnifiedWebService.A.B', errorMessage }) } },
    { httpStatus: 400, carrierErrorCode: 'UnifiedWebService.A.B', message: 'The carrier refused the request: UnifiedWebService.A.B.' },
  ]),
];

test.each(REFUSED)('%s: CarrierRefused with the carrier’s code, and REJECTED for ever', async (_what, rule, expected) => {
  await using stack = await startStack({ register: false });
  stack.simulator.faults.add({ endpoint: 'activate', ...rule });
  const result = await activate(stack.gateway.urls.graphql, activation(stack.account));
  expect(result).toMatchObject({ __typename: 'CarrierRefused', code: 'CARRIER_REFUSED', ...expected, request: { status: 'REJECTED' } });
  if (result.__typename !== 'CarrierRefused') return;
  const { request } = await runDocument(stack.gateway.urls.graphql, RequestDocument, { id: result.request.id });
  expect(request).toMatchObject({
    status: 'REJECTED',
    completedAt: expect.any(String),
    error: { code: 'CARRIER_REFUSED', carrierErrorCode: expected.carrierErrorCode, httpStatus: expected.httpStatus },
    carrierRequests: [{ state: 'REFUSED', attempts: 1 }],
  });
  expect(request?.outcomes.nodes.map(({ status }) => status)).toEqual(['REJECTED', 'REJECTED']);
  expect(stack.simulator.ledger.counts.calls['activate']).toBe(1);
});

test('a refused profile operation carries the three-digit code of its dialect', async () => {
  await using stack = await startStack({ register: false });
  const { data } = await stack.query(
    `mutation ($input: ResumeProfileInput!) { resumeProfile(input: $input) { __typename ... on CarrierRefused { carrierErrorCode httpStatus request { status } } } }`,
    { input: { accountName: stack.account, devices: [{ deviceIds: [{ kind: 'ICCID', value: iccid(1) }] }], servicePlan: 'NoSuchPlan' } },
  );
  expect(data).toEqual({
    resumeProfile: { __typename: 'CarrierRefused', carrierErrorCode: '400', httpStatus: 400, request: { status: 'REJECTED' } },
  });
});

test('validateOnly sends nothing and stores nothing, whatever the state of the carrier', async () => {
  await using stack = await startStack({ register: false });
  stack.simulator.faults.status('*', 503, { times: Infinity });
  const { data } = await stack.query(
    `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename ... on InputAccepted { deviceCount carrierRequestCount } } }`,
    { input: activation(stack.account, { validateOnly: true }) },
  );
  expect(data).toEqual({ activateDevices: { __typename: 'InputAccepted', deviceCount: 2, carrierRequestCount: 1 } });
  expect(stack.simulator.ledger.counts.calls).toEqual({});
  expect((await stack.query(`{ requests { nodes { id } } }`)).data).toEqual({ requests: { nodes: [] } });
});

test('an account that does not exist is answered like one of another customer, and nothing is sent', async () => {
  await using stack = await startStack({ register: false });
  const url = stack.gateway.urls.graphql;
  const [unknown, foreign, prefix] = await Promise.all(
    ['0000000000-00009', '0999999999-00001', stack.account.slice(0, -1)].map((name) => activate(url, activation(name))),
  );
  expect(unknown).toMatchObject({ __typename: 'InvalidInput', faults: [{ path: ['accountName'] }] });
  expect(foreign).toEqual(unknown);
  expect(prefix).toEqual(unknown);
  expect(stack.simulator.ledger.counts.calls).toEqual({});
});
