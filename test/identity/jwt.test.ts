import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimsWith, startIssuer, type Issuer, type SigningKey } from '../support/start-issuer.ts';
import { FORGED_TOKENS, makeForgersKeys, MARK, type ForgersKeys } from './support/forged-tokens.ts';
import { openVerifier } from './support/open-verifier.ts';
import { refusalOf } from './support/refusal-of.ts';
import { refused } from './support/refused.ts';

const ACCOUNT = '0868924207-00001';
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

let keys: ForgersKeys;
let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
  keys = await makeForgersKeys(issuer);
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
  const foreign = await withoutKid(keys.attacker);
  // It may be signed with a key that is newer than what the issuer said last.
  expect(await verifier.outcome(foreign)).toEqual(refused('UNAVAILABLE', 'Try again later'));
  verifier.advance(30_000);
  expect(await verifier.outcome(foreign)).toEqual(refused('INVALID', 'not signed with a key'));
  const expired = new SignJWT(claimsWith({ exp: 1 })).setProtectedHeader({ alg: 'RS256' }).sign(own.key.privateKey);
  expect(await verifier.outcome(await expired)).toEqual(refused('EXPIRED', 'has expired'));
});

const seconds = () => Math.floor(Date.now() / 1000);

test.each(FORGED_TOKENS)('refused: %s', async (_name, make, reason, message) => {
  await using verifier = openVerifier(issuer);
  const token = await make({ issuer, keys });
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

test('two calls with the same new token at once get one identity', async () => {
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

test('while the time is in doubt, nothing is final that rests on it; a token that a wrong clock has ended is good again', async () => {
  await using verifier = openVerifier(issuer);
  const later = refused('UNAVAILABLE', 'Try again later');
  const token = await issuer.sign({ exp: seconds() + 60 });
  const early = await issuer.sign({ nbf: seconds() + 3_600 });
  const first = await verifier.verify(token);
  expect(first.ended.aborted).toBe(false);
  verifier.doubtTheTime(true);
  expect(await verifier.outcome(early)).toEqual(later);
  verifier.advance(2 * MINUTE_MS);
  expect(await verifier.outcome(token)).toEqual(later);
  expect(await verifier.outcome(await issuer.sign({ exp: seconds() - 60 }))).toEqual(later);
  expect(await verifier.outcome(await issuer.sign({ aud: 'another' }))).toEqual(refused('INVALID', 'aud'));
  verifier.doubtTheTime(false);
  expect(await verifier.outcome(token)).toEqual(refused('EXPIRED', 'has expired'));
  expect(first.current()).toBeNull();
  verifier.advance(-2 * MINUTE_MS);
  expect(await verifier.outcome(token)).toMatchObject({ id: 'sub:alice' });
  expect(await verifier.verify(token)).not.toBe(first);
  expect(first.current()).toBeNull();
});

test('those who wait for the end of a token are told of it', async () => {
  await using verifier = openVerifier(issuer);
  const identity = await verifier.verify(await issuer.sign({ exp: seconds() + 60 }));
  // Its end is 65 s away, with the allowance for clocks.
  verifier.advance(62 * SECOND_MS);
  expect(identity.current()).not.toBeNull();
  const ended = new Promise((resolve) => identity.ended.addEventListener('abort', () => resolve(identity.ended.reason)));
  expect(refusalOf(await ended)).toEqual(refused('EXPIRED', 'has expired'));
  expect(identity.current()).toBeNull();
});

test('the end of a token is found even when it has already come', async () => {
  await using verifier = openVerifier(issuer);
  const identity = await verifier.verify(await issuer.sign({ exp: seconds() + 60 }));
  verifier.advance(2 * MINUTE_MS);
  expect(identity.ended.aborted).toBe(true);
  expect(refusalOf(identity.ended.reason)).toEqual(refused('EXPIRED', 'has expired'));
});
