import { connect } from 'node:net';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import { startStack, type Stack } from '../support/stack.ts';

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ... on ActivateDevicesAccepted { request { id } } } }`;

test('health says live and ready, readiness by a real write and the login', async () => {
  await using stack = await startStack();
  expect(await get(stack, '/health/live')).toEqual({ status: 200, body: { live: true } });
  expect(await get(stack, '/health/ready')).toEqual({ status: 200, body: { ready: true, checks: { store: 'ok', login: 'ok' } } });
});

test('of many requests that one connection sends at once, so many are answered as it may have waiting', async () => {
  await using stack = await startStack();
  const { port, host } = new URL(stack.gateway.urls.admin);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(`GET /store/stats HTTP/1.1\r\nhost: ${host}\r\n\r\n`.repeat(400));
  let received = '';
  const statuses = () => [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  for await (const chunk of socket.setEncoding('utf8')) {
    received += String(chunk);
    if (statuses().length === 400) break;
  }
  expect(statuses()).toEqual([...Array.from({ length: 256 }, () => 200), ...Array.from({ length: 144 }, () => 503)]);
  expect(await get(stack, '/health/live')).toEqual({ status: 200, body: { live: true } });
});

test('metrics count callbacks by service and outcome, duplicates, unclaimed ones, commits, carrier calls and requests by status', async () => {
  await using stack = await startStack();
  stack.simulator.holdCallbacks();
  stack.simulator.faults.callbacks.copies = 2;
  const answer = await stack.query<{ activateDevices: { request: { id: string } } }>(ACTIVATE, {
    input: { accountName: stack.account, target: { devices: devices(5) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' },
  });
  const requestId = answer.data?.activateDevices.request.id;
  await stack.simulator.emitCallback(stack.account, 'CarrierService', {
    requestId: 'b0e3a8de-0000-4000-8000-000000000000',
    status: 'Success',
    deviceResponse: {},
  });
  expect(await sample(stack, 'm2m_requests_open{status="IN_PROGRESS"}')).toBe(1);
  const events = stack
    .client()
    .iterate({ query: `subscription ($id: ID!) { requestStatus(requestId: $id) { status } }`, variables: { id: requestId } });
  await events.next();
  expect(await sample(stack, 'm2m_subscriptions_open')).toBe(1);
  expect(await sample(stack, 'm2m_websockets_open')).toBe(1);
  stack.simulator.releaseCallbacks();
  for await (const _ of events);
  await stack.simulator.idle();
  expect(await sample(stack, 'm2m_callbacks_total{service="CarrierService",outcome="applied"}')).toBe(5);
  expect(await sample(stack, 'm2m_callbacks_total{service="CarrierService",outcome="duplicate"}')).toBe(5);
  expect(await sample(stack, 'm2m_callbacks_total{service="CarrierService",outcome="unclaimed"}')).toBe(1);
  expect(await sample(stack, 'm2m_callbacks_unclaimed')).toBe(1);
  expect(await sample(stack, 'm2m_carrier_calls_total{call="ACTIVATE_DEVICES",result="accepted"}')).toBe(1);
  expect(await sample(stack, 'm2m_carrier_calls_total{call="login",result="ok"}')).toBe(1);
  expect(await sample(stack, 'm2m_store_commit_jobs_sum')).toBeGreaterThan(10);
  expect(await sample(stack, 'm2m_store_commit_seconds_count')).toBeGreaterThan(1);
  expect(await sample(stack, 'm2m_subscriptions_open')).toBe(0);
});

test('an unknown path of the admin listener says what there is: every path, by its method', async () => {
  await using stack = await startStack({ register: false });
  expect(await get(stack, '/')).toEqual({
    status: 404,
    body: {
      error: 'NOT_FOUND',
      message:
        'Known: GET /health/live, /health/ready, /health/ready/callbacks, /metrics, /callbacks, /keys, /store/stats; POST /callbacks/register, /callbacks/remove, /callbacks/rotate, /keys/create, /keys/revoke, /keys/change, /login/unlatch, /store/backup?path=, /store/copy?path=, /store/purge, /store/reseal.',
    },
  });
  const { body } = await get(stack, '/');
  const { message } = body as { readonly message: string };
  for (const [list, other] of [
    [/GET ([^;]*);/, 'POST'],
    [/POST ([^;]*)\.$/, 'GET'],
  ] as const) {
    // Each is there, and is not taken with another method.
    for (const path of list.exec(message)?.[1]?.split(', ') ?? []) {
      const answer = await request(`${stack.gateway.urls.admin}${path}`, { method: other });
      expect([answer.statusCode, answer.headers['allow'], await answer.body.json()], path).toEqual([
        405,
        other === 'GET' ? 'POST' : 'GET, HEAD',
        expect.objectContaining({ error: 'METHOD_NOT_ALLOWED' }),
      ]);
    }
  }
});

async function get(stack: Stack, path: string): Promise<{ status: number; body: unknown }> {
  const answer = await request(`${stack.gateway.urls.admin}${path}`);
  return { status: answer.statusCode, body: await answer.body.json() };
}

async function sample(stack: Stack, name: string): Promise<number> {
  const text = await (await request(`${stack.gateway.urls.admin}/metrics`)).body.text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}

test.each(['/health/live', '/health/ready', '/metrics'])('HEAD %s is answered as GET, without the body', async (path) => {
  await using stack = await startStack({ register: false });
  const url = `${stack.gateway.urls.admin}${path}`;
  const [get, head] = [await request(url), await request(url, { method: 'HEAD' })];
  await get.body.dump();
  expect([head.statusCode, head.headers['content-type'], await head.body.text()]).toEqual([200, get.headers['content-type'], '']);
});
