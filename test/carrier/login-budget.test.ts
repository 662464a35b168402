import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { MISBEHAVIOURS } from '../support/hostile-carrier.ts';
import { postCallback } from '../support/post-callback.ts';
import { acceptedRequest, activate, activation } from './support/activation.ts';
import { openHostileStack, type HostileStack } from './support/hostile-stack.ts';

const LOGIN = 'POST /api/m2m/v1/session/login';
const TOKEN = 'POST /api/ts/v1/oauth2/token';
const HOUR_MS = 3_600_000;

interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}
const ready = (stack: HostileStack, path = '') => stack.ask<Readiness>('GET', `/health/ready${path}`);
const logins = ({ carrier }: HostileStack) => carrier.requests.filter(({ method, path }) => `${method} ${path}` === LOGIN).length;
const answer = (status: number, body: unknown) => (response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

test.each(['HTML with 403', 'HTML with 404', 'an empty 403', 'HTML with 200', 'HTML with 502'] as const)(
  'after one login answered by %s the next one works, over a restart too, and nobody has to act',
  async (what) => {
    await using stack = await openHostileStack({ env: { M2M_SUBMIT_WAIT_MS: '200' } });
    stack.carrier.misbehave(LOGIN, MISBEHAVIOURS[what], 1);
    await stack.ask('GET', '/callbacks');
    const { status, body } = await ready(stack);
    expect({ status, ready: body.ready }).toEqual({ status: 200, ready: true });
    expect(body.checks['login']).toMatch(/^not answered: The session login of ThingSpace answered HTTP \d+/);
    await stack.restart();
    expect((await stack.ask('GET', '/callbacks')).status).toBe(200);
    expect((await ready(stack)).body.checks['login']).toBe('ok');
  },
);

test('credentials that never worked are tried four times and then once a day while something else answers the login, over any number of restarts', async () => {
  await using stack = await openHostileStack();
  stack.carrier.misbehave(LOGIN, MISBEHAVIOURS['HTML with 403']);
  const tryAgain = async (laterMs: number) => {
    stack.clock.ms += laterMs;
    await stack.restart();
    for (let call = 0; call < 3; call++)
      expect(await stack.ask('GET', '/callbacks')).toMatchObject({ body: { error: 'CARRIER_UNAVAILABLE' } });
    return logins(stack);
  };
  expect(await tryAgain(0)).toBe(2);
  expect(await tryAgain(4_000)).toBe(2);
  expect(await tryAgain(2_000)).toBe(3);
  expect(await tryAgain(50_000)).toBe(3);
  expect(await tryAgain(20_000)).toBe(4);
  expect(await tryAgain(23 * HOUR_MS)).toBe(4);
  expect((await stack.ask<{ message: string }>('GET', '/callbacks')).body.message).toContain('/login/unlatch');
  expect(await tryAgain(2 * HOUR_MS)).toBe(5);
  // Somebody has mended what stands in front of the carrier, and need not wait.
  stack.carrier.behave();
  await stack.ask('POST', '/login/unlatch');
  expect((await stack.ask('GET', '/callbacks')).status).toBe(200);
});

test('credentials that have worked are tried again within the hour, and a carrier that is down within minutes', async () => {
  await using stack = await openHostileStack();
  const worn = async () => {
    stack.simulator.faults.expireSessions();
    for (let call = 0; call < 10; call++) {
      await stack.ask('GET', '/callbacks');
      stack.clock.ms += 30_000;
    }
  };
  expect((await stack.ask('GET', '/callbacks')).status).toBe(200);
  stack.carrier.misbehave(LOGIN, MISBEHAVIOURS['HTML with 403']);
  await worn();
  stack.carrier.behave();
  stack.clock.ms += HOUR_MS / 2;
  expect((await stack.ask('GET', '/callbacks')).status).toBe(200);
  stack.carrier.misbehave(LOGIN, MISBEHAVIOURS['HTML with 502']);
  await worn();
  stack.carrier.behave();
  stack.clock.ms += 300_000;
  expect((await stack.ask('GET', '/callbacks')).status).toBe(200);
});

test.each([
  [400, { errorCode: 'UnifiedWebService.INPUT_INVALID.Password.Invalid', errorMessage: 'no' }],
  [401, { ErrorCode: 'INPUT_INVALID.Password.Invalid' }],
  [200, [{ errorCode: 'INPUT_INVALID.Password.Invalid' }]],
  [500, { errorCode: 'INPUT_INVALID.Password.Invalid' }],
  [403, { errorCode: '403', errorMessage: 'no' }],
])(
  'a login refused with %i %j in the carrier’s own words is not tried again, and log and readiness say what to do',
  async (status, body) => {
    await using stack = await openHostileStack();
    stack.carrier.misbehave(LOGIN, answer(status, body));
    for (let call = 0; call < 3; call++)
      expect(await stack.ask('GET', '/callbacks')).toMatchObject({ body: { error: 'CARRIER_LOGIN_REFUSED' } });
    await stack.restart();
    expect(await stack.ask('GET', '/callbacks')).toMatchObject({ body: { error: 'CARRIER_LOGIN_REFUSED' } });
    expect(logins(stack)).toBe(1);
    const named = expect.stringMatching(/M2M_THINGSPACE_USERNAME and M2M_THINGSPACE_PASSWORD/);
    // One line when it is refused, and one at each start.
    expect(stack.log.of('carrier_login_refused')).toMatchObject([
      { level: 50, status, reason: named },
      { level: 50, reason: named },
    ]);
    expect(await ready(stack)).toMatchObject({ status: 503, body: { ready: false, checks: { login: named } } });
    for (const secret of Object.values(stack.simulator.credentials)) expect(stack.log.text()).not.toContain(secret);
    // The carrier delivers all the same.
    expect(await ready(stack, '/callbacks')).toEqual({ status: 200, body: { ready: true, checks: { store: 'ok', callbacks: 'unknown' } } });
    expect(await postCallback(stack, 'CarrierService', '{}')).toBe(200);
  },
);

test.each([
  ['a fault of the gateway before the API', answer(403, { fault: { code: '900908', message: 'm', description: 'd' } })],
  ['throttling', answer(429, { fault: { code: '900800', message: 'm', description: 'd' } })],
  ['UnexpectedError', answer(400, { errorCode: 'REQUEST_FAILED.UnexpectedError' })],
  ['a web server’s JSON', answer(404, { status: 404, error: 'Not Found', path: '/' })],
])('%s does not refuse a login', async (_what, how) => {
  await using stack = await openHostileStack();
  stack.carrier.misbehave(LOGIN, how, 1);
  expect(await stack.ask('GET', '/callbacks')).toMatchObject({ body: { error: 'CARRIER_UNAVAILABLE' } });
  expect((await stack.ask('GET', '/callbacks')).status).toBe(200);
});

test.each([
  [401, { error: 'invalid_client', error_description: 'd' }],
  [400, { Error: 'unauthorized_client' }],
  [400, { error: 'invalid_grant' }],
  [401, { fault: { code: '900901', message: 'Invalid Credentials', description: 'd' } }],
])('a client refused with %i %j is named as the reason, and tried again after a minute', async (status, body) => {
  await using stack = await openHostileStack();
  stack.carrier.misbehave(TOKEN, answer(status, body), 1);
  for (let call = 0; call < 2; call++)
    expect(await stack.ask('GET', '/callbacks')).toMatchObject({ body: { error: 'CARRIER_LOGIN_REFUSED' } });
  const named = expect.stringContaining('M2M_THINGSPACE_CLIENT_ID and M2M_THINGSPACE_CLIENT_SECRET');
  expect(stack.log.of('carrier_login_refused')).toMatchObject([{ level: 50, status, reason: named }]);
  expect(await ready(stack)).toMatchObject({ status: 200, body: { checks: { login: named } } });
  stack.clock.ms += 60_001;
  expect((await stack.ask('GET', '/callbacks')).status).toBe(200);
});

test('a time that was too late and is set back keeps a login waiting for its pause, and no longer', async () => {
  await using stack = await openHostileStack();
  stack.carrier.misbehave(LOGIN, MISBEHAVIOURS['HTML with 403']);
  const tryAgain = async (laterMs: number) => {
    stack.clock.ms += laterMs;
    await stack.ask('GET', '/callbacks');
    return logins(stack);
  };
  expect(await tryAgain(0)).toBe(1);
  expect(await tryAgain(0)).toBe(2);
  expect(await tryAgain(-31 * 24 * HOUR_MS)).toBe(2);
  expect(await tryAgain(4_000)).toBe(2);
  expect(await tryAgain(1_001)).toBe(3);
});

test('a time that was too late and is set back does not lock the OAuth client out', async () => {
  await using stack = await openHostileStack();
  stack.carrier.misbehave(TOKEN, answer(401, { error: 'invalid_client' }), 1);
  expect(await stack.ask('GET', '/callbacks')).toMatchObject({ body: { error: 'CARRIER_LOGIN_REFUSED' } });
  stack.clock.ms -= 31 * 24 * HOUR_MS;
  expect((await stack.ask('GET', '/callbacks')).status).toBe(200);
});

test.each(['HTML with 403', 'an empty 403'] as const)('a token endpoint that answers with %s refuses nobody', async (what) => {
  await using stack = await openHostileStack();
  stack.carrier.misbehave(TOKEN, MISBEHAVIOURS[what], 1);
  acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account)));
  expect((await ready(stack)).body.checks['login']).toBe('ok');
});
