import { generateSecret, exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimsWith, signingKey, startIssuer, type Issuer, type SigningKey } from '../support/start-issuer.ts';
import { openVerifier } from './support/open-verifier.ts';
import { refusalOf } from './support/refusal-of.ts';
import { refused } from './support/refused.ts';

const ACCOUNT = '0868924207-00001';
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

let keys: Record<'rsa' | 'ec' | 'ed' | 'attacker' | 'rs384' | 'pss', SigningKey>;
beforeAll(async () => {
  const [rsa, ec, ed, attacker, rs384, pss] = await Promise.all([
    signingKey('RS256', 'rsa'),
    signingKey('ES256', 'ec'),
    signingKey('EdDSA', 'ed'),
    signingKey('RS256', 'first'),
    signingKey('RS384', 'rs384'),
    signingKey('PS256', 'pss'),
  ]);
  keys = { rsa, ec, ed, attacker, rs384, pss };
});

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
  issuer.published.push(keys.rs384.jwk, keys.pss.jwk);
});
afterAll(() => issuer[Symbol.asyncDispose]());

test('a good token is its subject, with the rights of its claim', async () => {
  await using verifier = openVerifier(issuer);
  const token = await issuer.sign({ m2m: { accounts: { [ACCOUNT]: ['read', 'write'], '*': ['read'] }, grants: ['activationCode'] } });
  expect(await verifier.outcome(token)).toEqual({
    id: 'sub:alice',
    scopes: new Map([
      [ACCOUNT, new Set(['read', 'write'])],
      ['*', new Set(['read'])],
    ]),
    grants: new Set(['activationCode']),
  });
});

test.each(['rsa', 'ec', 'ed'] as const)('a token signed with a key of kind %s is taken, whatever else it is for', async (kind) => {
  await using own = await startIssuer();
  own.published.push(keys[kind].jwk);
  await using verifier = openVerifier(own);
  const token = await own.sign({ aud: ['another', own.audience] }, { key: keys[kind] });
  expect(await verifier.outcome(token)).toMatchObject({ id: 'sub:alice' });
});

test('without a kid, the keys that fit are tried', async () => {
  await using own = await startIssuer();
  own.published.unshift(keys.rsa.jwk);
  await using verifier = openVerifier(own);
  const withoutKid = (key: SigningKey) => new SignJWT(claimsWith({})).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey);
  expect(await verifier.outcome(await withoutKid(own.key))).toMatchObject({ id: 'sub:alice' });
  expect(await verifier.outcome(await withoutKid(keys.rsa))).toMatchObject({ id: 'sub:alice' });
  expect(await verifier.outcome(await withoutKid(keys.attacker))).toEqual(refused('INVALID', 'not signed with a key'));
  const expired = new SignJWT(claimsWith({ exp: 1 })).setProtectedHeader({ alg: 'RS256' }).sign(own.key.privateKey);
  expect(await verifier.outcome(await expired)).toEqual(refused('EXPIRED', 'has expired'));
});

const NOT_OURS = 'not signed with a key of the configured issuer';
const ALGORITHM = 'not signed with RS256, ES256, EdDSA';
const seconds = () => Math.floor(Date.now() / 1000);
/** Nothing of it may be in an answer. */
const MARK = 'Xmark7';

const FORGED: readonly (readonly [name: string, make: () => Promise<string> | string, reason: string, message: string])[] = [
  ['alg none', () => new UnsecuredJWT(claimsWith({})).encode(), 'INVALID', ALGORITHM],
  [
    'alg none with a signature that was good',
    async () => {
      const [, payload, signature] = (await issuer.sign()).split('.');
      return [base64({ alg: 'none', kid: issuer.key.kid }), payload, signature].join('.');
    },
    'INVALID',
    ALGORITHM,
  ],
  ['HS256 with the RSA public key as PEM', async () => hs256(await exportSPKI(issuer.key.publicKey)), 'INVALID', ALGORITHM],
  ['HS256 with the RSA public key as JWK', () => hs256(JSON.stringify(issuer.key.jwk)), 'INVALID', ALGORITHM],
  [
    'HS256 with a key of its own',
    async () => new SignJWT(claimsWith({})).setProtectedHeader({ alg: 'HS256' }).sign(await generateSecret('HS256')),
    'INVALID',
    ALGORITHM,
  ],
  ['RS384, with a published key', () => issuer.sign({}, { key: keys.rs384 }), 'INVALID', ALGORITHM],
  ['PS256, with a published key', () => issuer.sign({}, { key: keys.pss }), 'INVALID', ALGORITHM],
  ['wrong aud', () => issuer.sign({ aud: MARK }), 'INVALID', 'its `aud` is not'],
  ['a list of wrong aud', () => issuer.sign({ aud: [MARK, `${issuer.audience}/`] }), 'INVALID', 'its `aud` is not'],
  ['no aud', () => issuer.sign({ aud: undefined }), 'INVALID', 'it lacks `aud`'],
  ['wrong iss', () => issuer.sign({ iss: MARK }), 'INVALID', 'its `iss` is not'],
  ['no iss', () => issuer.sign({ iss: undefined }), 'INVALID', 'it lacks `iss`'],
  ['no exp', () => issuer.sign({ exp: undefined }), 'INVALID', 'it lacks `exp`'],
  ['exp as text', () => issuer.sign({ exp: `${seconds() + 60}` }), 'INVALID', 'its `exp` is not'],
  ['expired', () => issuer.sign({ exp: seconds() - 6 }), 'EXPIRED', 'has expired'],
  ['not yet valid', () => issuer.sign({ nbf: seconds() + 60 }), 'INVALID', 'not valid yet'],
  ['no sub', () => issuer.sign({ sub: undefined }), 'INVALID', 'it lacks `sub`'],
  ['empty sub', () => issuer.sign({ sub: '' }), 'INVALID', 'its `sub` must have'],
  ['sub of 129 characters', () => issuer.sign({ sub: MARK.padEnd(129, 'x') }), 'INVALID', 'its `sub` must have'],
  ['sub with a line break', () => issuer.sign({ sub: `${MARK}\n` }), 'INVALID', 'its `sub` must have'],
  ['sub that is a number', () => issuer.sign({ sub: 7 as never }), 'INVALID', 'its `sub` must have'],
  ['another key under the right kid', () => issuer.sign({}, { key: keys.attacker }), 'INVALID', NOT_OURS],
  [
    'another key, in the header as jwk',
    () => issuer.sign({}, { key: keys.rsa, header: { kid: issuer.key.kid, jwk: keys.rsa.jwk } }),
    'INVALID',
    NOT_OURS,
  ],
  [
    'another key, in the header as jwk, without a kid',
    () => issuer.sign({}, { key: keys.ec, header: { kid: undefined, jwk: keys.ec.jwk } as never }),
    'INVALID',
    NOT_OURS,
  ],
  ['unknown kid', () => issuer.sign({}, { header: { kid: MARK } }), 'INVALID', NOT_OURS],
  ['a kid that is a path', () => issuer.sign({}, { header: { kid: '../../etc/passwd' } }), 'INVALID', NOT_OURS],
  ['an extension it says is critical', () => sign(JSON.stringify(claimsWith({})), { crit: ['x'], x: 1 }), 'INVALID', 'not a signed JWT'],
  ['another payload under a good signature', async () => changed(await issuer.sign(), 1, claimsWith({ sub: 'root' })), 'INVALID', NOT_OURS],
  ['a signature cut short', async () => (await issuer.sign()).slice(0, -4), 'INVALID', NOT_OURS],
  ['without its signature', async () => `${(await issuer.sign()).split('.').slice(0, 2).join('.')}.`, 'INVALID', NOT_OURS],
  ['five parts', () => 'a.b.c.d.e', 'INVALID', 'not a signed JWT'],
  ['two parts', () => 'a.b', 'INVALID', 'not a signed JWT'],
  ['garbage', () => `${MARK}~${MARK}`, 'INVALID', 'not a signed JWT'],
  ['empty', () => '', 'INVALID', 'not a signed JWT'],
  ['a payload that is no object', () => sign('"text"'), 'INVALID', 'not a signed JWT'],
  ['100 kB', () => issuer.sign({ padding: MARK.repeat(15_000) }), 'INVALID', 'longer than 8192 bytes'],
  ['no rights', () => issuer.sign({ m2m: undefined }), 'INVALID', 'lacks the claim `m2m`'],
];

test.each(FORGED)('refused: %s', async (_name, make, reason, message) => {
  await using verifier = openVerifier(issuer);
  const token = await make();
  const outcome = await verifier.outcome(token);
  expect(outcome).toEqual(refused(reason, message));
  expect(JSON.stringify(outcome)).not.toContain(MARK);
});

test.each([
  ['text', MARK],
  ['null', null],
  ['a list', []],
  ['no accounts', { grants: [] }],
  ['an unknown scope', { accounts: { [ACCOUNT]: ['read', MARK] } }],
  ['scopes in other letters', { accounts: { [ACCOUNT]: ['READ'] } }],
  ['scopes as text', { accounts: { [ACCOUNT]: 'read' } }],
  ['an unknown grant', { accounts: { [ACCOUNT]: ['read'] }, grants: [MARK] }],
  ['a grant as text', { accounts: {}, grants: 'activationCode' }],
  ['something beside', { accounts: {}, [MARK]: true }],
])('a claim of rights with %s is refused by its name, without its value', async (_name, m2m) => {
  await using verifier = openVerifier(issuer);
  const outcome = await verifier.outcome(await issuer.sign({ m2m }));
  expect(outcome).toEqual(refused('INVALID', 'its claim `m2m` (M2M_JWT_CLAIM) is not'));
  expect(JSON.stringify(outcome)).not.toContain(MARK);
});

test('accounts that this gateway does not serve are left out of the rights', async () => {
  await using verifier = openVerifier(issuer);
  const token = await issuer.sign({ m2m: { accounts: { '9999999999-00001': ['admin'], ['__proto__']: ['admin'], [ACCOUNT]: ['read'] } } });
  expect(await verifier.outcome(token)).toMatchObject({ scopes: new Map([[ACCOUNT, new Set(['read'])]]) });
});

test('the rights are read from the claim that is configured, and not from one that every object has', async () => {
  await using verifier = openVerifier(issuer, { claim: 'https://m2m.example.com/rights' });
  expect(await verifier.outcome(await issuer.sign())).toEqual(refused('INVALID', '`https://m2m.example.com/rights`'));
  const token = await issuer.sign({ m2m: undefined, 'https://m2m.example.com/rights': { accounts: { '*': ['admin'] } } });
  expect(await verifier.outcome(token)).toMatchObject({ scopes: new Map([['*', new Set(['admin'])]]) });
  await using inherited = openVerifier(issuer, { claim: 'constructor' });
  expect(await inherited.outcome(await issuer.sign())).toEqual(refused('INVALID', 'lacks the claim `constructor`'));
});

test('clocks may differ by five seconds, and no more', async () => {
  await using verifier = openVerifier(issuer);
  expect(await verifier.outcome(await issuer.sign({ exp: seconds() - 2, nbf: seconds() + 4 }))).toMatchObject({ id: 'sub:alice' });
  const token = await issuer.sign({ exp: seconds() + 10 });
  const identity = await verifier.verify(token);
  verifier.advance(14 * SECOND_MS);
  expect(identity.current()).not.toBeNull();
  verifier.advance(SECOND_MS);
  expect(identity.current()).toBeNull();
  expect(await verifier.outcome(token)).toEqual(refused('EXPIRED', 'has expired'));
});

test('a token is one identity while it is remembered, and its signature is checked once', async () => {
  await using own = await startIssuer();
  await using verifier = openVerifier(own);
  const token = await own.sign();
  const first = await verifier.verify(token);
  own.published.length = 0;
  own.answer = { status: 503, body: '' };
  verifier.advance(9 * MINUTE_MS);
  expect(await verifier.verify(token)).toBe(first);
  expect(own.fetches).toBe(1);
  own.answer = null;
  own.published.push(own.key.jwk);
  verifier.advance(2 * MINUTE_MS);
  // Checked anew, and still the one: those who follow with it go on sharing.
  expect(await verifier.verify(token)).toBe(first);
  expect(own.fetches).toBe(2);
});

test('two who show a new token at once are one', async () => {
  await using verifier = openVerifier(issuer);
  const token = await issuer.sign();
  const [one, other] = await Promise.all([verifier.verify(token), verifier.verify(token)]);
  expect(one).toBe(other);
});

test('a refusal is not remembered', async () => {
  await using verifier = openVerifier(issuer);
  const token = await issuer.sign({ nbf: seconds() + 60 });
  expect(await verifier.outcome(token)).toEqual(refused('INVALID', 'not valid yet'));
  verifier.advance(MINUTE_MS);
  expect(await verifier.outcome(token)).toMatchObject({ id: 'sub:alice' });
});

test('the end of a token is told to those who wait for it', async () => {
  await using verifier = openVerifier(issuer);
  const identity = await verifier.verify(await issuer.sign({ exp: seconds() + 60 }));
  verifier.advance(64 * SECOND_MS);
  expect(identity.current()).not.toBeNull();
  const ended = new Promise((resolve) => identity.ended.addEventListener('abort', () => resolve(identity.ended.reason)));
  expect(refusalOf(await ended)).toEqual(refused('EXPIRED', 'has expired'));
  expect(identity.current()).toBeNull();
});

test('who asks for the end after it has come finds it there', async () => {
  await using verifier = openVerifier(issuer);
  const identity = await verifier.verify(await issuer.sign({ exp: seconds() + 60 }));
  verifier.advance(2 * MINUTE_MS);
  expect(identity.ended.aborted).toBe(true);
  expect(refusalOf(identity.ended.reason)).toEqual(refused('EXPIRED', 'has expired'));
});

function hs256(secret: string): Promise<string> {
  return new SignJWT(claimsWith({})).setProtectedHeader({ alg: 'HS256', kid: issuer.key.kid }).sign(new TextEncoder().encode(secret));
}

/** Signed with the right key, over what jose would not sign. */
async function sign(payload: string, header = {}): Promise<string> {
  const signed = `${base64({ alg: 'RS256', kid: issuer.key.kid, ...header })}.${Buffer.from(payload).toString('base64url')}`;
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', issuer.key.privateKey, new TextEncoder().encode(signed));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
}

function changed(token: string, part: number, value: unknown): string {
  return token.split('.').with(part, base64(value)).join('.');
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
