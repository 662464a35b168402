import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { RequestDocument } from '../../documents/gql/graphql.ts';
import { postCallback } from '../support/post-callback.ts';
import { runDocument } from '../support/run-document.ts';
import { MISBEHAVIOURS, type Misbehaviour } from '../support/hostile-carrier.ts';
import { until } from '../support/until.ts';
import { acceptedRequest, activate, activation } from './support/activation.ts';
import { openHostileStack } from './support/hostile-stack.ts';

const OFTEN = { registrationWatch: { firstAfterMs: 20, everyMs: 20 } };
const REGISTERS = { M2M_CALLBACK_REGISTER: 'on' };
const ADOPTS_SOON = { ...REGISTERS, M2M_ADOPT_AFTER_MS: '1000' };
const ALL = Object.entries(MISBEHAVIOURS);

test.each(ALL)(
  '%s to the list of listeners, at the start and later: the doors open, the log tells, and the next tries register',
  async (_what, how) => {
    await using stack = await openHostileStack({
      ...OFTEN,
      env: REGISTERS,
      before: (carrier) => carrier.misbehave('GET /api/m2m/v1/callbacks', how),
    });
    expect(await postCallback(stack, 'CarrierService', '{}')).toBe(200);
    await until(() => stack.log.of('callback_listeners_not_registered').length >= 3);
    expect(stack.log.of('callback_listeners_not_registered')[0]).toMatchObject({ code: 'CARRIER_UNAVAILABLE' });
    for (const command of [
      ['GET', '/callbacks'],
      ['POST', '/callbacks/register'],
      ['POST', '/callbacks/rotate'],
      ['POST', '/callbacks/remove'],
    ] as const)
      expect(await stack.ask(command[0], command[1]), command.join(' ')).toMatchObject({
        status: 502,
        body: { error: 'CARRIER_UNAVAILABLE', message: expect.stringContaining('could not list the callback listeners: ') },
      });
    expect(stack.simulator.listeners(stack.account)).toEqual([]);
    expect(stack.log.text()).not.toContain(stack.account);
    stack.carrier.behave();
    await until(() => stack.log.of('callback_listeners_registered').length > 0);
    expect(stack.simulator.listeners(stack.account)).toHaveLength(3);
  },
);

test.each(ALL)('%s to a registration is an error in words, and the next try finds what is there', async (_what, how) => {
  await using stack = await openHostileStack({ before: (carrier) => carrier.misbehave('POST /api/m2m/v1/callbacks', how, 1) });
  expect(await stack.ask('POST', '/callbacks/register')).toMatchObject({
    status: 502,
    body: { error: 'CARRIER_UNAVAILABLE', message: expect.stringContaining('could not register a listener for CarrierService: ') },
  });
  expect((await stack.ask('POST', '/callbacks/register')).status).toBe(200);
  stack.carrier.misbehave('DELETE', how, 1);
  expect(await stack.ask('POST', '/callbacks/remove')).toMatchObject({ status: 502, body: { error: 'CARRIER_UNAVAILABLE' } });
  expect((await stack.ask('POST', '/callbacks/remove')).status).toBe(200);
  expect(stack.simulator.listeners(stack.account)).toEqual([]);
});

test.each(ALL)('%s to the tokens: the request waits, and leaves once the carrier answers', async (_what, how) => {
  await using stack = await openHostileStack({ ...OFTEN, env: REGISTERS });
  stack.simulator.faults.expireSessions();
  stack.simulator.faults.expireBearer();
  stack.carrier.misbehave('POST /api/ts/v1/oauth2/token', how, 1);
  stack.carrier.misbehave('POST /api/m2m/v1/session/login', how, 1);
  const { id } = acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account)));
  await until(async () => (await show(stack.gateway.urls.graphql, id))?.status === 'SUCCEEDED');
  expect(await stack.ask('GET', '/health/ready')).toMatchObject({ status: 200, body: { checks: { login: 'ok' } } });
  expect(stack.log.of('carrier_login_unanswered')).toContainEqual(expect.objectContaining({ operation: 'oauth' }));
  expect(stack.log.of('carrier_login_unanswered')).toContainEqual(expect.objectContaining({ operation: 'login' }));
  expect([...stack.simulator.ledger.performedPerDevice().values()]).toEqual([1, 1]);
});

test.each(ALL)('%s to an activation: it is UNKNOWN and not sent again, and its callbacks settle it', async (_what, how) => {
  await using stack = await openHostileStack({ env: ADOPTS_SOON });
  stack.simulator.holdCallbacks();
  stack.carrier.misbehave('/devices/actions/activate', how);
  const { id } = acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account)));
  expect(await show(stack.gateway.urls.graphql, id)).toMatchObject({ status: 'UNKNOWN' });
  stack.simulator.releaseCallbacks();
  await until(async () => (await show(stack.gateway.urls.graphql, id))?.status === 'SUCCEEDED');
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test('every request says that it takes no compression', async () => {
  await using stack = await openHostileStack({ env: REGISTERS });
  acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account)));
  const said = new Map(stack.carrier.requests.map(({ path, headers }) => [path.split('/').at(-1), headers['accept-encoding']]));
  expect(new Set(said.values())).toEqual(new Set(['identity']));
  expect([...said.keys()]).toEqual(expect.arrayContaining(['token', 'login', 'activate', stack.account]));
});

const respelt =
  (change: (body: string) => Buffer | string, headers: Record<string, string> = {}): Misbehaviour =>
  (response, answer) =>
    void response.writeHead(answer.status, { ...answer.headers, ...headers }).end(change(String(answer.body)));
const pascal = (json: string) =>
  json.replaceAll(/"(\w)(\w*)":/g, (_all, first: string, rest: string) => `"${first.toUpperCase()}${rest}":`);

test.each([
  ['gzip', respelt(gzipSync, { 'content-encoding': 'gzip' })],
  ['a byte order mark', respelt((body) => `\uFEFF${body}`)],
  ['UTF-16', respelt((body) => Buffer.from(`\uFEFF${body}`, 'utf16le'))],
  ['PascalCase', respelt(pascal)],
  ['a list of one', respelt((body) => `[${body}]`)],
  ['an object around a list', respelt((body) => (body.startsWith('[') ? `{"callbacks":${body}}` : body))],
  [
    'numbers as texts, and blanks around texts',
    respelt((body) => body.replaceAll(/":(\d+)/g, '":"$1"').replaceAll(/":"([^"]+)"/g, '":" $1 "')),
  ],
])('answers with %s are read: tokens, registrations, the requestId', async (_what, how) => {
  await using stack = await openHostileStack({ env: REGISTERS, before: (carrier) => carrier.misbehave('/api', how) });
  expect(stack.simulator.listeners(stack.account)).toHaveLength(3);
  const { id } = acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account)));
  await until(async () => (await show(stack.gateway.urls.graphql, id))?.status === 'SUCCEEDED');
  const { body } = await stack.ask<readonly { readonly state: string }[]>('GET', '/callbacks');
  expect(body.map(({ state }) => state)).toEqual(['ours', 'ours', 'ours']);
});

test.each([
  ['{"ErrorCode":"UnifiedWebService.A.B","ErrorMessage":"In words."}'],
  ['[{"errorCode":"UnifiedWebService.A.B","errorMessage":"In words."}]'],
  ['{"errors":[{"code":"UnifiedWebService.A.B","message":"In words."}]}'],
])('an activation refused with %s is REJECTED with the reason', async (text) => {
  await using stack = await openHostileStack();
  stack.carrier.misbehave('/devices/actions/activate', (response) => void response.writeHead(400).end(text));
  expect(await activate(stack.gateway.urls.graphql, activation(stack.account))).toMatchObject({
    __typename: 'CarrierRefused',
    carrierErrorCode: 'UnifiedWebService.A.B',
    message: 'The carrier refused the request: In words.',
  });
});

async function show(url: string, id: string) {
  return (await runDocument(url, RequestDocument, { id })).request;
}
