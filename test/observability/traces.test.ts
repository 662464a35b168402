import { createClient } from 'graphql-ws';
import { request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { deviceCallback } from '../support/device-callback.ts';
import { devices } from '../support/devices.ts';
import { readSpans, recordSpansIn, type RecordedSpan } from '../support/recorded-spans.ts';
import { startSpawnedStack, type SpawnedStack } from '../support/spawned-stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const ACTIVATE = `mutation NameOfTheCaller($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename
  ... on ActivateDevicesAccepted { request { id carrierRequests { carrierRequestId } } } } }`;
const STATUS = 'query ($id: ID!) { request(id: $id) { status } }';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER_SPAN = 'b7ad6b7169203331';
const [INTERNAL, SERVER, CLIENT, ERROR] = [0, 1, 2, 2];
const ROUTE = '/callbacks/{path}';

interface Activated {
  readonly activateDevices: {
    readonly request: { readonly id: string; readonly carrierRequests: readonly { readonly carrierRequestId: string }[] };
  };
}

async function activate(stack: SpawnedStack, number: number, headers: Record<string, string> = {}) {
  const input = { accountName: stack.account, target: { devices: devices(1, number) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
  const answer = await request(stack.gateway.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: ACTIVATE, variables: { input } }),
  });
  const { data } = (await answer.body.json()) as { data: Activated };
  const { id, carrierRequests } = data.activateDevices.request;
  return { id, carrierRequestId: carrierRequests[0]?.carrierRequestId ?? '' };
}

async function post(stack: SpawnedStack, body: unknown, headers: Record<string, string> = {}): Promise<number> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await request(stack.callbackUrl(), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  });
  await answer.body.dump();
  return answer.statusCode;
}

function find(spans: readonly RecordedSpan[], name: string, attributes: Record<string, unknown> = {}): RecordedSpan {
  const found = spans.filter(
    (span) => span.name === name && Object.entries(attributes).every(([attribute, value]) => span.attributes[attribute] === value),
  );
  expect(found, `${name} ${JSON.stringify(attributes)}`).toHaveLength(1);
  return found[0] as RecordedSpan;
}

test('a mutation is one trace to the answer of the carrier, and its callback another that is found by the same ids', async () => {
  await using folder = await tempFolder();
  const file = `${folder.path}/spans`;
  await using stack = await startSpawnedStack({
    simulator: { callbackDelayMs: [200, 300] },
    env: { ...recordSpansIn(file), M2M_CALLBACK_REGISTER: 'on' },
  });
  const { id, carrierRequestId } = await activate(stack, 1, {
    traceparent: `00-${TRACE}-${CALLER_SPAN}-01`,
    tracestate: 'caller=text',
    baggage: 'user=text',
  });
  await until(async () => (await stack.query<{ request: { status: string } }>(STATUS, { id })).data?.request.status === 'SUCCEEDED');
  stack.gateway.kill('SIGTERM');
  expect(await stack.gateway.exited).toBe(0);
  const spans = await readSpans(file);

  const trace = spans.filter(({ traceId }) => traceId === TRACE);
  const mutation = find(trace, 'mutation');
  expect(mutation).toMatchObject({ kind: SERVER, parentId: CALLER_SPAN, thread: 'main', status: { code: 0 } });
  expect(mutation.attributes).toEqual({ 'graphql.operation.type': 'mutation' });
  const created = find(trace, 'request create');
  expect(created).toMatchObject({ kind: INTERNAL, parentId: mutation.spanId });
  expect(created.attributes).toEqual({ 'm2m.operation': 'ACTIVATE_DEVICES', 'm2m.request.id': id, 'm2m.request.outcome': 'CREATED' });
  const sent = find(trace, 'request send');
  expect(sent.parentId).toBe(mutation.spanId);
  expect(sent.attributes).toEqual({ 'm2m.operation': 'ACTIVATE_DEVICES', 'm2m.request.id': id, 'm2m.request.part': 0 });
  const waited = find(trace, 'queue wait');
  expect(waited.attributes).toEqual({ 'm2m.operation': 'ACTIVATE_DEVICES', 'm2m.request.id': id });
  const marked = find(trace, 'request step', { 'm2m.request.step': 'SENDING' });
  const posted = find(trace, 'POST', { 'm2m.carrier.call': 'ACTIVATE_DEVICES' });
  expect(posted.kind).toBe(CLIENT);
  expect(posted.attributes).toEqual({
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'm2m.carrier.call': 'ACTIVATE_DEVICES',
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(stack.simulator.url).port),
    'url.scheme': 'http',
  });
  const answered = find(trace, 'request step', { 'm2m.request.step': 'ACCEPTED' });
  expect(answered.attributes).toMatchObject({ 'm2m.request.id': id, 'm2m.carrier_request.id': carrierRequestId });
  const steps = [waited, marked, posted, answered];
  expect(steps.map(({ parentId }) => parentId)).toEqual(steps.map(() => sent.spanId));
  expect(steps.map(({ beganMs }) => beganMs)).toEqual(steps.map(({ beganMs }) => beganMs).toSorted((left, right) => left - right));

  const committed = find(spans, 'callback commit', { 'm2m.carrier_request.id': carrierRequestId });
  expect(committed.attributes).toEqual({
    'm2m.callback.outcome': 'APPLIED',
    'm2m.callback.service': 'CarrierService',
    'm2m.carrier_request.id': carrierRequestId,
    'm2m.request.id': id,
  });
  const callback = spans.filter(({ traceId }) => traceId === committed.traceId);
  const door = find(callback, `POST ${ROUTE}`);
  expect(door).toMatchObject({ kind: SERVER, parentId: null, thread: 'worker' });
  expect(door.attributes).toEqual({
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'http.route': ROUTE,
    'm2m.account': expect.stringMatching(/^[\w-]{8}$/),
    'm2m.callback.outcome': 'APPLIED',
    'm2m.callback.service': 'CarrierService',
    'url.scheme': 'http',
  });
  expect(find(callback, 'callback parse').parentId).toBe(door.spanId);
  expect(committed.parentId).toBe(door.spanId);
  expect(callback).toHaveLength(3);

  const all = JSON.stringify(spans);
  const identifiers = devices(1, 1).flatMap(({ deviceIds }) => deviceIds.map(({ value }) => value));
  for (const secret of [stack.account, ...identifiers, 'NameOfTheCaller', 'caller=text', 'user=text', 'VZ-M2M', 'Bearer'])
    expect(all).not.toContain(secret);
  expect(all).not.toContain(new URL(stack.callbackUrl()).pathname.slice('/callbacks/'.length));
});

test('over a WebSocket each mutation begins a trace, and what only reads has no span', async () => {
  await using folder = await tempFolder();
  const file = `${folder.path}/spans`;
  await using stack = await startSpawnedStack({ env: recordSpansIn(file) });
  class Traced extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol, { headers: { traceparent: `00-${TRACE}-${CALLER_SPAN}-01` } });
    }
  }
  const client = createClient({ url: stack.gateway.websocket, webSocketImpl: Traced, retryAttempts: 0 });
  for (const number of [5, 6]) {
    const input = { accountName: stack.account, target: { devices: devices(1, number) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
    for await (const answer of client.iterate({ query: ACTIVATE, variables: { input } })) expect(answer.errors).toBeUndefined();
    for await (const answer of client.iterate({ query: '{ __typename }' })) expect(answer.errors).toBeUndefined();
  }
  await client.dispose();
  stack.gateway.kill('SIGKILL');
  await stack.gateway.exited;
  const servers = (await readSpans(file)).filter(({ kind }) => kind === SERVER);
  expect(servers.map(({ name, parentId }) => [name, parentId])).toEqual([
    ['mutation', null],
    ['mutation', null],
  ]);
  expect(new Set([TRACE, ...servers.map(({ traceId }) => traceId)]).size).toBe(3);
});

test('a callback that is refused, kept aside, repeated or of nobody says so, and takes no trace of its sender', async () => {
  await using folder = await tempFolder();
  const file = `${folder.path}/spans`;
  await using stack = await startSpawnedStack({ env: recordSpansIn(file) });
  const { id, carrierRequestId } = await activate(stack, 2);
  const message = deviceCallback(carrierRequestId, 2);
  const traceparent = `00-${TRACE}-${CALLER_SPAN}-01`;
  expect(await post(stack, message, { traceparent })).toBe(200);
  expect(await post(stack, message)).toBe(200);
  expect(await post(stack, { ...message, requestId: 'text of a stranger' })).toBe(200);
  expect(await post(stack, 'no message')).toBe(200);
  expect(await post(stack, 'x'.repeat(1_048_577))).toBe(413);
  const stranger = await request(`${stack.gateway.callbacks}/callbacks/x`, { method: 'POST', body: '{}' });
  expect(stranger.statusCode).toBe(404);
  stack.gateway.kill('SIGKILL');
  await stack.gateway.exited;
  const spans = await readSpans(file);
  const doors = spans.filter(({ name }) => name === `POST ${ROUTE}`);
  expect(doors.map(({ attributes }) => [attributes['http.response.status_code'], attributes['m2m.callback.outcome']])).toEqual([
    [200, 'APPLIED'],
    [200, 'DUPLICATE'],
    [200, 'UNCLAIMED'],
    [200, 'UNREADABLE'],
  ]);
  const commits = spans.filter(({ name }) => name === 'callback commit');
  expect(commits.map(({ attributes }) => attributes['m2m.request.id'])).toEqual([id, id, undefined, undefined]);
  expect(new Set(doors.map(({ traceId }) => traceId)).size).toBe(4);
  const all = JSON.stringify(spans);
  expect(all).not.toContain(TRACE);
  expect(all).not.toContain('text of a stranger');
});

test('a carrier that refuses, and a connection that fails, are errors of their spans without a text', async () => {
  await using folder = await tempFolder();
  const file = `${folder.path}/spans`;
  await using stack = await startSpawnedStack({ env: { ...recordSpansIn(file), M2M_SUBMIT_WAIT_MS: '2000' } });
  await stack.simulator[Symbol.asyncDispose]();
  const input = { accountName: stack.account, target: { devices: devices(1, 3) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
  await stack.query(ACTIVATE, { input });
  stack.gateway.kill('SIGKILL');
  await stack.gateway.exited;
  const failed = (await readSpans(file)).filter(({ kind, status }) => kind === CLIENT && status.code === ERROR);
  expect(failed.length).toBeGreaterThan(0);
  for (const { status, attributes, rest } of failed) {
    expect(attributes['error.type']).toBe('TransportError');
    expect(status).toEqual({ code: ERROR });
    expect(rest[0]).toEqual([]);
  }
});

test('a stop flushes what the SDKs of both threads still hold', async () => {
  await using folder = await tempFolder();
  const file = `${folder.path}/spans`;
  await using stack = await startSpawnedStack({ env: recordSpansIn(file, { isHeld: true }) });
  const { carrierRequestId } = await activate(stack, 4);
  expect(await post(stack, deviceCallback(carrierRequestId, 4))).toBe(200);
  expect(await readSpans(file)).toEqual([]);
  stack.gateway.kill('SIGTERM');
  expect(await stack.gateway.exited).toBe(0);
  const spans = await readSpans(file);
  find(spans, 'mutation');
  find(spans, 'callback commit');
});
