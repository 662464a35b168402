import { afterAll, beforeAll, expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { send } from './support/send.ts';

let stack: Stack;
let origin: string;
beforeAll(async () => {
  stack = await startStack({ env: { M2M_AUTH: 'on', M2M_GRAPHQL_HOSTS: 'm2m.example.com' }, register: false });
  ({ origin } = new URL(stack.gateway.urls.graphql));
});
afterAll(() => stack[Symbol.asyncDispose]());

/** They ask the port they send requests to by its address, without a key, and some as if they were a page. */
const ASKING: readonly Readonly<Record<string, string>>[] = [
  {},
  { host: '10.0.1.7:4000' },
  { host: 'm2m.example.com' },
  { host: 'evil.example', origin: 'https://evil.example' },
  { 'user-agent': 'ELB-HealthChecker/2.0', accept: 'text/html' },
];

test.each(ASKING)('a load balancer is answered on the GraphQL port, whatever it sends: %j', async (headers) => {
  for (const [path, body] of [
    ['/health/live', { live: true }],
    ['/health/ready', { ready: true }],
    ['/health/ready?from=lb', { ready: true }],
  ] as const) {
    const get = await send(`${origin}${path}`, undefined, { method: 'GET', headers });
    expect(get).toMatchObject({ status: 200, body, headers: { 'cache-control': 'no-store' } });
    const head = await send(`${origin}${path}`, undefined, { method: 'HEAD', headers });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', get.headers['content-length']]);
    expect(get.headers).not.toHaveProperty('access-control-allow-origin');
  }
});

test('it tells nothing else, and takes nothing else', async () => {
  expect((await send(`${origin}/health/live`, '{"query":"{ __typename }"}')).status).toBe(405);
  for (const path of ['/health', '/health/', '/health/other', '/metrics', '/healthz'])
    expect((await send(`${origin}${path}`, undefined, { method: 'GET', headers: { host: 'm2m.example.com' } })).status).toBe(404);
});

test('a gateway that is not ready says so, with 503', async () => {
  await using other = await startStack({ env: { M2M_THINGSPACE_PASSWORD: 'another' }, register: false });
  const url = new URL('/health/ready', other.gateway.urls.graphql).href;
  expect((await send(url, undefined, { method: 'GET', headers: {} })).status).toBe(200);
  const input = {
    accountName: other.account,
    servicePlan: 's',
    mdnZipCode: '98801',
    target: { devices: devices(1) },
  };
  await other.query('mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }', { input });
  await until(async () => (await send(url, undefined, { method: 'HEAD', headers: {} })).status === 503);
  expect(await send(url, undefined, { method: 'GET', headers: {} })).toMatchObject({ status: 503, body: { ready: false } });
});
