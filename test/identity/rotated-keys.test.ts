import { SignJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { ask } from '../authorization/support/ask.ts';
import { issuerEnv } from '../support/issuer-env.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startStack } from '../support/stack.ts';
import { claimsWith, signingKey, startIssuer, type Issuer, type SigningKey } from '../support/start-issuer.ts';
import { openVerifier } from './support/open-verifier.ts';
import { refused } from './support/refused.ts';

const PAUSE_MS = 30_000;
const LATER = refused('UNAVAILABLE', 'Try again later');
const NOT_OURS = refused('INVALID', 'not signed with a key of the configured issuer');
const ALICE = { id: 'sub:alice' };

let keys: Record<'second' | 'third' | 'attacker' | 'twin', SigningKey>;
beforeAll(async () => {
  const [second, third, attacker, twin] = await Promise.all([
    signingKey('EdDSA', 'second'),
    signingKey('ES256', 'third'),
    signingKey('RS256', 'second'),
    signingKey('RS256', 'first'),
  ]);
  keys = { second, third, attacker, twin };
});

test('a token of a key that is newer than our last look at the issuer is neither good nor bad until the next look, and then good', async () => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  expect(await verifier.outcome(await own.sign())).toMatchObject(ALICE);
  own.published.push(keys.second.jwk);
  const token = await own.sign({}, { key: keys.second });
  expect(await verifier.outcome(token)).toEqual(LATER);
  verifier.advance(PAUSE_MS - 1_000);
  expect(await verifier.outcome(token)).toEqual(LATER);
  expect(own.fetches).toBe(1);
  verifier.advance(1_000);
  expect(await verifier.outcome(token)).toMatchObject(ALICE);
  expect(own.fetches).toBe(2);
});

test('garbage that names any key at any rate has the issuer asked once in thirty seconds, and keeps no good token out for longer', async () => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  await verifier.outcome(await own.sign());
  let made = 0;
  const flood = async () => {
    // It guesses the names of the keys to come.
    for (const kid of ['second', 'third', `${made++}`])
      await verifier.outcome(await own.sign({ sub: `${made++}` }, { key: keys.attacker, header: { kid } }));
  };
  for (const key of [keys.second, keys.third]) {
    await flood();
    own.published.push(key.jwk);
    const token = await own.sign({}, { key });
    let outcome = await verifier.outcome(token);
    let waitedMs = 0;
    for (; !('id' in (outcome ?? {})); waitedMs += 1_000) {
      expect(outcome).toEqual(LATER);
      await flood();
      verifier.advance(1_000);
      outcome = await verifier.outcome(token);
    }
    expect(waitedMs).toBeLessThanOrEqual(PAUSE_MS);
  }
  expect(own.fetches).toBe(3);
});

test('a token whose key the issuer does not have is refused for good once the issuer was asked after it came', async () => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  await verifier.outcome(await own.sign());
  const [early, late] = await Promise.all(['a', 'b'].map((sub) => own.sign({ sub }, { header: { kid: 'nobody’s' } })));
  expect(await verifier.outcome(early ?? '')).toEqual(LATER);
  verifier.advance(PAUSE_MS);
  for (let at = 0; at < 3; at++) expect(await verifier.outcome(early ?? '')).toEqual(NOT_OURS);
  expect(await verifier.outcome(late ?? '')).toEqual(LATER);
  expect(own.fetches).toBe(2);
  // A later question may bring the key all the same: some issuers publish it after they sign with it.
  own.published.push({ ...own.key.jwk, kid: 'nobody’s' });
  verifier.advance(PAUSE_MS);
  expect(await verifier.outcome(early ?? '')).toMatchObject({ id: 'sub:a' });
});

test('tokens that are forgotten among very many others are neither good nor bad again', async () => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  await verifier.outcome(await own.sign());
  verifier.advance(PAUSE_MS);
  const token = await own.sign({}, { header: { kid: 'unknown' } });
  expect(await verifier.outcome(token)).toEqual(NOT_OURS);
  // The header and the signature are enough for one more of them.
  for (let at = 0; at < 10_000; at++) await verifier.outcome(token.slice(0, -5) + String(at).padStart(5, '0'));
  expect(await verifier.outcome(token)).toEqual(LATER);
  expect(own.fetches).toBe(2);
});

test('after a rotation without names of keys, a token is neither good nor bad until the issuer was asked', async () => {
  await using own = await startIssuer();
  const nameless = (key: SigningKey) => new SignJWT(claimsWith({})).setProtectedHeader({ alg: key.alg }).sign(key.privateKey);
  const { kid: _kid, ...withoutKid } = own.key.jwk;
  own.published.splice(0, 1, withoutKid);
  await using verifier = openVerifier(own);
  expect(await verifier.outcome(await nameless(own.key))).toMatchObject(ALICE);
  const { kid: _twins, ...newer } = keys.twin.jwk;
  own.published.splice(0, 1, newer);
  const token = await nameless(keys.twin);
  expect(await verifier.outcome(token)).toEqual(LATER);
  verifier.advance(PAUSE_MS);
  expect(await verifier.outcome(token)).toMatchObject(ALICE);
});

test('two keys under one name are both tried, and what neither has signed is refused at once', async () => {
  await using own = await startIssuer();
  own.published.push(keys.twin.jwk);
  await using verifier = openVerifier(own);
  expect(await verifier.outcome(await own.sign())).toMatchObject(ALICE);
  expect(await verifier.outcome(await own.sign({ sub: 'twin' }, { key: keys.twin }))).toMatchObject({ id: 'sub:twin' });
  expect(await verifier.outcome(await own.sign({}, { key: keys.attacker, header: { kid: 'first' } }))).toEqual(NOT_OURS);
  expect(own.fetches).toBe(1);
});

test('a name of a key that no issuer can have is refused at once, and nobody is asked for it', async () => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  await verifier.outcome(await own.sign());
  verifier.advance(PAUSE_MS);
  for (const kid of [['first'], { toString: 'first' }, 1, null, true])
    expect(await verifier.outcome(await own.sign({}, { header: { kid: kid as never } }))).toEqual(NOT_OURS);
  expect(own.fetches).toBe(1);
});

test.each([
  ['no number', { n: '' }],
  ['a number that is too short', { n: 'AQAB' }],
  ['another letter', { n: '\u0000' }],
  ['a number in a list', { n: ['AQAB'] as never }],
])('a key that the issuer publishes with %s for once makes nothing final, and is looked up again', async (_what, broken) => {
  await using own = await startIssuer();
  const whole = own.published[0] ?? {};
  own.published.splice(0, 1, { ...whole, ...broken });
  await using verifier = openVerifier(own);
  const token = await own.sign();
  expect(await verifier.outcome(token)).toEqual(LATER);
  own.published.splice(0, 1, whole);
  expect(await verifier.outcome(token)).toEqual(LATER);
  verifier.advance(PAUSE_MS);
  expect(await verifier.outcome(token)).toMatchObject(ALICE);
  expect(own.fetches).toBe(2);
});

test.each([
  ['fails', { status: 503, body: '' }],
  ['has another form', { status: 200, body: '[{"kty": "RSA"}]' }],
])('a look-up that %s after a rotation makes nothing final, and an issuer in trouble is asked ever more rarely', async (_name, answer) => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  await verifier.outcome(await own.sign());
  own.published.push(keys.second.jwk);
  own.answer = answer;
  const token = await own.sign({}, { key: keys.second });
  verifier.advance(PAUSE_MS);
  for (let at = 0; at < 300; at++) {
    expect(await verifier.outcome(token)).toEqual(LATER);
    verifier.advance(1_000);
  }
  // After 0, 2, 6, 14 and 30 seconds, then each 30.
  expect(own.fetches).toBeLessThanOrEqual(1 + 4 + 300 / 30);
  own.answer = null;
  verifier.advance(PAUSE_MS);
  expect(await verifier.outcome(token)).toMatchObject(ALICE);
});

test('a token that was good is refused for good when its key is withdrawn, though nobody has asked the issuer for it', async () => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  const [token, other] = [await own.sign(), await own.sign({ sub: 'second' }, { key: keys.second })];
  expect(await verifier.outcome(token)).toMatchObject(ALICE);
  own.published.splice(0, 1, keys.second.jwk);
  verifier.advance(2 * PAUSE_MS);
  expect(await verifier.outcome(other)).toMatchObject({ id: 'sub:second' });
  verifier.advance(9 * 60_000);
  // Here the keys are fetched anew for their age, a moment before the token comes.
  expect(await verifier.outcome(await own.sign({ sub: 'third' }, { key: keys.second }))).toMatchObject({ id: 'sub:third' });
  await expect.poll(() => own.fetches).toBe(3);
  expect(await verifier.outcome(token)).toEqual(NOT_OURS);
});

test('over the doors it is 503 with Retry-After and 1013, which clients try again', async () => {
  await using own: Issuer = await startIssuer();
  const env = { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent', ...issuerEnv(own) };
  await using stack = await startStack({ register: false, env });
  const { graphql: url, websocket } = stack.gateway.urls;
  const query = { query: '{ __typename }' };
  expect((await ask(url, `Bearer ${await own.sign()}`, query)).status).toBe(200);
  own.published.push(keys.second.jwk);
  const authorization = `Bearer ${await own.sign({}, { key: keys.second })}`;
  for (const accept of ['application/graphql-response+json', 'application/json', 'text/event-stream'])
    expect(await ask(url, authorization, query, accept)).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  await using byHeader = await RawWebSocket.open(websocket, { headers: { authorization } });
  byHeader.send({ type: 'connection_init' });
  await using byPayload = await RawWebSocket.open(websocket);
  byPayload.send({ type: 'connection_init', payload: { authorization } });
  for (const socket of [byHeader, byPayload]) expect([await socket.closed, socket.rest()]).toEqual([1013, []]);
});
