import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readIssuerKeys } from '../../src/server/identity/issuer-keys.ts';
import { JwtVerifier } from '../../src/server/identity/jwt-verifier.ts';
import { signingKey, startIssuer, type Issuer, type SigningKey } from '../support/start-issuer.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openVerifier } from './support/open-verifier.ts';
import { refused } from './support/refused.ts';

const ACCOUNT = '0868924207-00001';
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const NOT_OURS = 'not signed with a key of the configured issuer';

let keys: Record<'ed' | 'attacker', SigningKey>;
beforeAll(async () => {
  const [ed, attacker] = await Promise.all([signingKey('EdDSA', 'ed'), signingKey('RS256', 'first')]);
  keys = { ed, attacker };
});

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer[Symbol.asyncDispose]());

test('a key that the issuer no longer publishes stops working within ten minutes, for tokens that were checked before too', async () => {
  await using own = await startIssuer();
  own.published.push(keys.ed.jwk);
  await using verifier = openVerifier(own);
  const early = await own.sign();
  const late = await own.sign({ sub: 'late' });
  expect(await verifier.outcome(early)).toMatchObject({ id: 'sub:alice' });
  own.published.shift();
  own.answer = { status: 500, body: '' };
  verifier.advance(9 * MINUTE_MS);
  // Verified with keys that are nine minutes old: it is not good for another ten.
  expect(await verifier.outcome(late)).toMatchObject({ id: 'sub:late' });
  await expect.poll(() => verifier.failures).toHaveLength(1);
  own.answer = null;
  verifier.advance(MINUTE_MS);
  for (const token of [early, late]) expect(await verifier.outcome(token)).toEqual(refused('INVALID', NOT_OURS));
  expect(await verifier.outcome(await own.sign({}, { key: keys.ed }))).toMatchObject({ id: 'sub:alice' });
});

test('keys are fetched anew before they are too old, and a short outage of the issuer is not noticed', async () => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  expect(await verifier.outcome(await own.sign())).toMatchObject({ id: 'sub:alice' });
  own.answer = { status: 500, body: '' };
  verifier.advance(6 * MINUTE_MS);
  expect(await verifier.outcome(await own.sign({ sub: 'bob' }))).toMatchObject({ id: 'sub:bob' });
  await expect.poll(() => verifier.failures).toEqual([expect.stringContaining('answers HTTP 500')]);
  own.answer = null;
  verifier.advance(3 * MINUTE_MS);
  expect(await verifier.outcome(await own.sign({ sub: 'carol' }))).toMatchObject({ id: 'sub:carol' });
  await expect.poll(() => own.fetches).toBe(3);
  own.answer = { status: 500, body: '' };
  verifier.advance(9 * MINUTE_MS);
  expect(await verifier.outcome(await own.sign({ sub: 'dora' }))).toMatchObject({ id: 'sub:dora' });
});

test.each([
  ['an error', { status: 500, body: '{"keys": []}' }, 'answers HTTP 500'],
  ['a redirect', { status: 302, body: '' }, 'answers HTTP 302'],
  ['no JSON', { status: 200, body: '<html>' }, 'is not JSON'],
  ['no JWKS', { status: 200, body: '{"keys": {}}' }, 'is not a JWKS'],
  ['keys that are none', { status: 200, body: '{"keys": ["key"]}' }, 'is not a JWKS'],
  ['an empty JWKS', { status: 200, body: '{"keys": []}' }, 'has no key'],
  ['a secret key', { status: 200, body: '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}' }, 'that is not public'],
  ['more than a megabyte', { status: 200, body: `{"keys": [], "padding": "${'x'.repeat(1_048_576)}"}` }, 'longer than'],
])('while the issuer answers with %s a token is neither good nor bad: try again later', async (_name, answer, why) => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  own.answer = answer;
  const token = await own.sign();
  const later = refused('UNAVAILABLE', 'Try again later');
  expect(await verifier.outcome(token)).toEqual(later);
  expect(verifier.failures).toEqual([
    expect.stringMatching(new RegExp(`^The keys at ${own.jwksUrl} \\(M2M_JWT_JWKS_URL\\) cannot be fetched: .*${why}`)),
  ]);
  own.answer = null;
  // Not every token that comes meanwhile is a question to a server in trouble.
  expect(await verifier.outcome(token)).toEqual(later);
  expect(own.fetches).toBe(1);
  verifier.advance(2 * SECOND_MS);
  expect(await verifier.outcome(token)).toMatchObject({ id: 'sub:alice' });
});

test('while the issuer is down a token is neither good nor bad, and one that names an unknown key too', async () => {
  const own = await startIssuer();
  await using verifier = openVerifier(own);
  await verifier.outcome(await own.sign());
  const [token, unknown] = [await own.sign({ sub: 'bob' }), await own.sign({}, { header: { kid: 'new' } })];
  await own[Symbol.asyncDispose]();
  verifier.advance(MINUTE_MS);
  expect(await verifier.outcome(token)).toMatchObject({ id: 'sub:bob' });
  expect(await verifier.outcome(unknown)).toEqual(refused('UNAVAILABLE', 'Try again later'));
  verifier.advance(10 * MINUTE_MS);
  expect(await verifier.outcome(token)).toEqual(refused('UNAVAILABLE', 'Try again later'));
});

test('many tokens at once are one question to the issuer', async () => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, at) => own.sign({ sub: `caller-${at}` })));
  const outcomes = await Promise.all(tokens.map((token) => verifier.outcome(token)));
  expect(outcomes.map((caller) => (caller && 'id' in caller ? caller.id : caller))).toEqual(tokens.map((_, at) => `sub:caller-${at}`));
  expect(own.fetches).toBe(1);
});

test('keys may come from a file, which says in words when it is none', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/jwks.json`;
  const open = () => readIssuerKeys(path);
  const fault = (what: string) =>
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`M2M_JWT_JWKS_FILE=${path} ${what}`) as string,
    }) as Error;
  expect(open).toThrow(fault('cannot be read (ENOENT)'));
  for (const [text, what] of [
    ['{', 'is not JSON'],
    ['{"keys": "none"}', 'is not a JWKS'],
    ['{"keys": []}', 'has no key'],
    [JSON.stringify({ keys: [issuer.key.jwk, { kty: 'oct', k: 'c2VjcmV0' }] }), 'has a key (number 2) that is not public'],
  ] as const) {
    await writeFile(path, text);
    expect(open).toThrow(fault(what));
  }
  await writeFile(path, JSON.stringify({ keys: [issuer.key.jwk] }));
  await using verifier = new JwtVerifier({
    keys: open(),
    issuer: issuer.name,
    audience: issuer.audience,
    claim: 'm2m',
    accounts: [ACCOUNT],
    now: Date.now,
  });
  expect((await verifier.verify(await issuer.sign())).current()).toMatchObject({ id: 'sub:alice' });
  await expect(verifier.verify(await issuer.sign({}, { key: keys.attacker }))).rejects.toThrow(NOT_OURS);
});
