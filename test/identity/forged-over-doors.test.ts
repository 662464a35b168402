import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../authorization/support/ask.ts';
import { issuerEnv } from '../support/issuer-env.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startIssuer, type Issuer } from '../support/start-issuer.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { FORGED_TOKENS, makeForgersKeys, MARK, OF_UNKNOWN_KEYS, type ForgersKeys } from './support/forged-tokens.ts';

let issuer: Issuer;
let keys: ForgersKeys;
let stack: Stack;
let url: string;
beforeAll(async () => {
  issuer = await startIssuer();
  keys = await makeForgersKeys(issuer);
  stack = await startStack({ register: false, env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent', ...issuerEnv(issuer) } });
  url = stack.gateway.urls.graphql;
  // The issuer has just been asked for its keys.
  expect((await ask(url, `Bearer ${await issuer.sign()}`, { query: '{ __typename }' })).status).toBe(200);
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const ACTIVATE = `mutation { activateDevices(input: { accountName: "0868924207-00001", servicePlan: "m2m4G2GB", mdnZipCode: "98801",
  target: { devices: [{ deviceIds: [{ kind: ICCID, value: "89148000000000000900" }, { kind: IMEI, value: "990000000009000" }] }] } }) { __typename } }`;

/** What is longer than a header or a stranger's message may be never comes to be looked at. */
const short = FORGED_TOKENS.filter(([name]) => name !== '100 kB');

test.each(short)('refused at every door, and nothing is run: %s', async (name, make, reason, message) => {
  const mayBeGood = OF_UNKNOWN_KEYS.includes(name);
  const token = await make({ issuer, keys });
  const authorization = `Bearer ${token}`;
  for (const accept of ['application/graphql-response+json', 'application/json', 'text/event-stream']) {
    const { status, text } = await ask(url, authorization, { query: ACTIVATE }, accept);
    expect(status).toBe(mayBeGood ? 503 : 401);
    expect(JSON.parse(text)).toEqual({ errors: [{ message: expect.any(String) as string, extensions: { code: 'UNAUTHENTICATED' } }] });
    if (token !== '') expect(text).toContain(mayBeGood ? 'Try again later' : message);
    expect(text).not.toContain(MARK);
  }
  await using byHeader = await RawWebSocket.open(stack.gateway.urls.websocket, { headers: { authorization } });
  byHeader.send({ type: 'connection_init' });
  await using byPayload = await RawWebSocket.open(stack.gateway.urls.websocket);
  byPayload.send({ type: 'connection_init', payload: { authorization } });
  for (const socket of [byHeader, byPayload]) {
    expect([await socket.closed, socket.rest()]).toEqual([mayBeGood ? 1013 : reason === 'EXPIRED' ? 4403 : 4401, []]);
    expect(socket.closeReason).not.toContain(MARK);
  }
  expect(stack.simulator.ledger.posts).toEqual([]);
});

test('a token of 100 kB is more than a header may have, and more than is read of a stranger', async () => {
  const make = FORGED_TOKENS.find(([name]) => name === '100 kB')?.[1];
  const token = (await make?.({ issuer, keys })) ?? '';
  expect(token.length).toBeGreaterThan(70_000);
  expect((await ask(url, `Bearer ${token}`, { query: ACTIVATE })).status).toBe(431);
  await using socket = await RawWebSocket.open(stack.gateway.urls.websocket);
  socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
  expect([await socket.closed, socket.rest()]).toEqual([1006, []]);
});

test('a good token is taken at the same doors', async () => {
  const authorization = `Bearer ${await issuer.sign()}`;
  expect(await ask(url, authorization, { query: '{ __typename }' })).toMatchObject({
    status: 200,
    text: '{"data":{"__typename":"Query"}}',
  });
  await using socket = await RawWebSocket.ready(stack.gateway.urls.websocket, authorization);
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);
});
