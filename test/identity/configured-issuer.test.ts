import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ask } from '../authorization/support/ask.ts';
import { issuerEnv } from '../support/issuer-env.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startStack } from '../support/stack.ts';
import { startIssuer } from '../support/start-issuer.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CLAIM = 'https://m2m.example.com/rights';
const QUERY = { query: '{ requests { nodes { id } } }' };
const ENV = { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent' };

test('a gateway whose issuer’s keys are in a file takes its tokens, with the rights of the claim that is configured, and asks nobody', async () => {
  await using folder = await tempFolder();
  await using issuer = await startIssuer();
  const file = `${folder.path}/jwks.json`;
  await writeFile(file, JSON.stringify({ keys: [issuer.key.jwk] }));
  const { M2M_JWT_JWKS_URL: _url, ...env } = issuerEnv(issuer);
  await using stack = await startStack({
    env: { ...ENV, ...env, M2M_JWT_JWKS_FILE: file, M2M_JWT_CLAIM: CLAIM },
    register: false,
  });
  const { graphql: url, websocket } = stack.gateway.urls;
  const rights = (scopes: readonly string[]) => ({ accounts: { [stack.account]: scopes } });
  const token = async (claims: Readonly<Record<string, unknown>>) => `Bearer ${await issuer.sign(claims)}`;
  const reader = await token({ [CLAIM]: rights(['read']) });
  expect(await ask(url, reader, QUERY)).toMatchObject({ status: 200, text: '{"data":{"requests":{"nodes":[]}}}' });
  await using socket = await RawWebSocket.ready(websocket, reader);
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);
  // What another claim says counts for nothing, the default one's neither.
  expect((await ask(url, await token({ [CLAIM]: rights(['write']), m2m: rights(['read']) }), QUERY)).status).toBe(403);
  expect((await ask(url, await token({ m2m: rights(['read']) }), QUERY)).status).toBe(401);
  expect(issuer.fetches).toBe(0);
});

test('while the issuer’s keys cannot be fetched, a token is answered 503 and its socket closed with 1013, because it may be good', async () => {
  await using issuer = await startIssuer();
  await using stack = await startStack({ env: { ...ENV, ...issuerEnv(issuer) }, register: false });
  const { graphql: url, websocket } = stack.gateway.urls;
  issuer.answer = { status: 500, body: 'down' };
  const good = `Bearer ${await issuer.sign({ m2m: { accounts: { [stack.account]: ['read'] } } })}`;
  for (const accept of ['application/json', 'text/event-stream'])
    expect(await ask(url, good, QUERY, accept)).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  await using refused = await RawWebSocket.open(websocket);
  refused.send({ type: 'connection_init', payload: { authorization: good } });
  expect([await refused.closed, refused.rest()]).toEqual([1013, []]);
});
