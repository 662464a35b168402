import { expect, test } from 'vitest';
import type { Faults } from '../../simulator/faults/faults.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { devices } from '../support/devices.ts';
import { follow } from '../support/follow.ts';
import { startStack } from '../support/stack.ts';
import { acceptedRequest, activate, activation } from './support/activation.ts';
import { carrierClient } from '../support/carrier-client.ts';

const ACCOUNT = '0868924207-00001';

test('both tokens are fetched once, by themselves, before the first call', async () => {
  await using stack = await startStack({ register: false });
  acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account)));
  acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account, { devices: devices(1, 50) })));
  expect(stack.simulator.ledger.counts.calls).toEqual({ token: 1, login: 1, activate: 2 });
});

test.each([
  ['bearer', { token: 1 }, ['bearer']],
  ['session', { login: 1 }, ['session']],
  ['bearer and session', { token: 1, login: 1 }, ['bearer', 'session']],
] as const)('1,000 concurrent calls with a dead %s renew it once', async (_what, renewals, dead) => {
  await using simulator = await startSimulator({ ledger: 'counts' });
  await using client = carrierClient(simulator, { timeoutMs: 25_000, connectTimeoutMs: 25_000 });
  await client.session.tokens();
  if (dead.some((token) => token === 'bearer')) simulator.faults.expireBearer();
  if (dead.some((token) => token === 'session')) simulator.faults.expireSessions();
  simulator.ledger.clear();
  const lists = await Promise.all(Array.from({ length: 1_000 }, () => client.thingSpace.registrations(ACCOUNT)));
  expect(lists).toHaveLength(1_000);
  const { callbackList, ...tokenCalls } = simulator.ledger.counts.calls;
  expect(tokenCalls).toEqual(renewals);
  expect(callbackList).toBeGreaterThanOrEqual(1_001);
});

test('1,000 concurrent first calls make one OAuth call and one login', async () => {
  await using simulator = await startSimulator({ ledger: 'counts' });
  await using client = carrierClient(simulator);
  await Promise.all(Array.from({ length: 1_000 }, () => client.session.tokens()));
  expect(simulator.ledger.counts.calls).toEqual({ token: 1, login: 1 });
});

test.each([
  ['the bearer (401)', (faults) => faults.expireBearer(), { token: 1, activate: 2 }],
  ['the session (400 SessionToken.Expired)', (faults) => faults.expireSessions(), { login: 1, activate: 2 }],
  [
    'an unknown session (400 SessionToken.Invalid)',
    (faults) =>
      faults.status('activate', 400, {
        body: { text: '{"errorCode":"UnifiedWebService.INPUT_INVALID.SessionToken.Invalid","errorMessage":"x"}' },
      }),
    { login: 1, activate: 2 },
  ],
  [
    'both, one after the other',
    (faults) => {
      faults.expireBearer();
      faults.expireSessions();
    },
    { token: 1, login: 1, activate: 3 },
  ],
] as const satisfies readonly (readonly [string, (faults: Faults) => void, object])[])(
  'the end of %s in the middle of traffic is invisible: renewed once, performed once',
  async (_what, end, calls) => {
    await using stack = await startStack();
    const url = stack.gateway.urls.graphql;
    acceptedRequest(await activate(url, activation(stack.account, { devices: devices(1, 900) })));
    await stack.simulator.idle();
    stack.simulator.ledger.clear();
    end(stack.simulator.faults);
    const request = acceptedRequest(await activate(url, activation(stack.account)));
    const events = await Array.fromAsync(follow(stack.client(), { id: request.id }));
    expect(events.at(-1)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2 } });
    expect(stack.simulator.ledger.counts.calls).toEqual(calls);
    expect([...stack.simulator.ledger.performedPerDevice().values()]).toEqual([1, 1]);
  },
);

test('a bearer is renewed before its end by our clock, not after a refusal', async () => {
  let now = 0;
  await using simulator = await startSimulator();
  await using client = carrierClient(simulator, { now: () => now });
  await client.session.tokens();
  now = 3_600_001;
  await client.thingSpace.registrations(ACCOUNT);
  expect(simulator.ledger.counts.calls).toEqual({ token: 2, login: 1, callbackList: 1 });
});

test('a token that is refused again right after its renewal ends the call', async () => {
  await using simulator = await startSimulator();
  await using client = carrierClient(simulator);
  await client.session.tokens();
  simulator.faults.status('callbackList', 401, { times: Infinity });
  await expect(client.thingSpace.registrations(ACCOUNT)).rejects.toMatchObject({ code: 'CARRIER_UNAVAILABLE' });
  expect(simulator.ledger.counts.calls).toEqual({ token: 2, login: 1, callbackList: 2 });
});

test('a bearer that dies between OAuth and login is renewed for the login', async () => {
  await using simulator = await startSimulator();
  await using client = carrierClient(simulator);
  simulator.faults.status('login', 401);
  await client.thingSpace.registrations(ACCOUNT);
  expect(simulator.ledger.counts.calls).toEqual({ token: 2, login: 2, callbackList: 1 });
  expect(simulator.ledger.counts.loginsRefused).toBe(0);
});

const NO_TOKEN = [
  '',
  'null',
  '[]',
  '{}',
  '<html></html>',
  '{"TOKEN":null}',
  '{"TOKEN":""}',
  '{"TOKEN":5}',
  '{"TOKEN":"a\\r\\nx-injected: 1"}',
];

test.each([
  ...NO_TOKEN.map((text) => ['token', text.replace('TOKEN', 'access_token')] as const),
  ...NO_TOKEN.map((text) => ['login', text.replace('TOKEN', 'sessionToken')] as const),
])('a 200 of %s with the body %j is neither an answer nor a refusal: the next call asks again', async (endpoint, text) => {
  await using simulator = await startSimulator();
  await using client = carrierClient(simulator);
  simulator.faults.body(endpoint, { text });
  await expect(client.session.tokens()).rejects.toMatchObject({
    code: 'CARRIER_UNAVAILABLE',
    message: expect.stringContaining('HTTP 200'),
  });
  expect(await client.session.isLatched()).toBe(false);
  await client.session.tokens();
  expect(simulator.ledger.counts.calls).toEqual(endpoint === 'token' ? { token: 2, login: 1 } : { token: 1, login: 2 });
});

test.each([
  '',
  ',"expires_in":null',
  ',"expires_in":"soon"',
  ',"expires_in":-1',
  ',"expires_in":1e300',
  ',"expires_in":"1800"',
  ',"expires_in":{}',
])('a bearer with %j beside it is used for a while', async (expiresIn) => {
  await using simulator = await startSimulator();
  await using other = carrierClient(simulator);
  // The carrier gives the same bearer to everybody who asks within its hour.
  const { bearer } = await other.session.tokens();
  await using client = carrierClient(simulator);
  simulator.ledger.clear();
  simulator.faults.body('token', { text: `{"access_token":"${bearer}","token_type":"Bearer"${expiresIn}}` });
  for (let call = 0; call < 2; call++) expect(await client.session.tokens()).toMatchObject({ bearer });
  expect(simulator.ledger.counts.calls).toEqual({ token: 1, login: 1 });
});
