import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimsWith, signingKey, startIssuer, type Issuer, type SigningKey } from '../support/start-issuer.ts';
import { openVerifier } from './support/open-verifier.ts';
import { refused } from './support/refused.ts';

let issuer: Issuer;
/** Of somebody else. */
let other: SigningKey;
beforeAll(async () => {
  issuer = await startIssuer();
  other = await signingKey('RS256', 'first');
});
afterAll(() => issuer[Symbol.asyncDispose]());

const HEADER = '{"alg":"RS256","kid":"first"}';

/** Signed with the issuer's key over the very text, which no library would write. */
async function signed(payload: string, header = HEADER): Promise<string> {
  const parts = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', issuer.key.privateKey, Buffer.from(parts));
  return `${parts}.${Buffer.from(signature).toString('base64url')}`;
}

/** The claims of a good token as JSON, of which `json` stands in place of the value of `claim`. */
function claims(claim: string, json: string): string {
  return JSON.stringify(claimsWith({ [claim]: 'HERE' })).replace('"HERE"', json);
}

const NOT_OURS = 'not signed with a key of the configured issuer';
const NO_JWT = 'not a signed JWT';
const EXPIRED = 'has expired';
const RIGHTS = 'its claim `m2m` (M2M_JWT_CLAIM) is not';

const REFUSED: readonly (readonly [what: string, token: () => Promise<string>, says: string])[] = [
  ['an end before all time', () => signed(claims('exp', '-1')), EXPIRED],
  ['an end of minus zero', () => signed(claims('exp', '-0')), EXPIRED],
  ['an end that is null', () => signed(claims('exp', 'null')), 'its `exp` is not'],
  ['an end that is true', () => signed(claims('exp', 'true')), 'its `exp` is not'],
  ['an end in a list', () => signed(claims('exp', '[99999999999]')), 'its `exp` is not'],
  ['a beginning that is a text', () => signed(claims('nbf', '"0"')), 'not valid yet'],
  ['a beginning that never comes', () => signed(claims('nbf', '1e999')), 'not valid yet'],
  ['its audience in a list within a list', () => signed(claims('aud', `[["${issuer.audience}"]]`)), 'its `aud` is not'],
  ['its audience in an object', () => signed(claims('aud', `{"0":"${issuer.audience}","length":1}`)), 'its `aud` is not'],
  ['its issuer in a list', () => signed(claims('iss', `["${issuer.name}"]`)), 'its `iss` is not'],
  ['its subject in a list', () => signed(claims('sub', '["alice"]')), 'its `sub` must have'],
  ['a subject of other letters', () => signed(claims('sub', '"al\u0456ce"')), 'its `sub` must have'],
  ['an algorithm in small letters', () => signed(claims('sub', '"a"'), '{"alg":"rs256","kid":"first"}'), 'not signed with RS256'],
  ['algorithms in a list', () => signed(claims('sub', '"a"'), '{"alg":["RS256"],"kid":"first"}'), NO_JWT],
  ['two algorithms, of which the last is none', () => signed(claims('sub', '"a"'), '{"alg":"RS256","alg":"none","kid":"first"}'), 'RS256'],
  ['a kid in a list', () => signed(claims('sub', '"a"'), '{"alg":"RS256","kid":["first"]}'), NOT_OURS],
  ['a kid that is an object', () => signed(claims('sub', '"a"'), '{"alg":"RS256","kid":{"toString":"first"}}'), NOT_OURS],
  ['a kid of JavaScript', () => signed(claims('sub', '"a"'), '{"alg":"RS256","kid":"__proto__"}'), NOT_OURS],
  ['a payload that is not encoded', () => signed(claims('sub', '"a"'), '{"alg":"RS256","kid":"first","b64":false,"crit":["b64"]}'), NO_JWT],
  ['an empty list of what is critical', () => signed(claims('sub', '"a"'), '{"alg":"RS256","kid":"first","crit":[]}'), NO_JWT],
  ['a header that is a list', () => signed(claims('sub', '"a"'), '["RS256"]'), NO_JWT],
  ['a payload that is a list', () => signed('[]'), NO_JWT],
  ['a payload that is null', () => signed('null'), NO_JWT],
  ...['jku', 'x5u', 'x5c'].map(
    (name) =>
      [
        `the key of somebody else, to be had by ${name}`,
        () => issuer.sign({}, { key: other, header: { [name]: name === 'x5c' ? ['AAAA'] : issuer.jwksUrl } }),
        NOT_OURS,
      ] as const,
  ),
  ['accounts in a list', () => signed(claims('m2m', '{"accounts":[["0868924207-00001",["admin"]]]}')), RIGHTS],
  ['no accounts', () => signed(claims('m2m', '{"accounts":null}')), RIGHTS],
  ['scopes in a list within a list', () => signed(claims('m2m', '{"accounts":{"*":[["admin"]]}}')), RIGHTS],
  ['scopes in an object', () => signed(claims('m2m', '{"accounts":{"*":{"0":"admin","length":1}}}')), RIGHTS],
  ['scopes of JavaScript', () => signed(claims('m2m', '{"accounts":{"*":["__proto__","constructor"]}}')), RIGHTS],
  ['grants of JavaScript', () => signed(claims('m2m', '{"accounts":{},"grants":["constructor"]}')), RIGHTS],
  ['rights that it inherits', () => signed(claims('m2m', '{"__proto__":{"accounts":{"*":["admin"]}}}')), RIGHTS],
  ['rights as the text of an object', () => signed(claims('m2m', JSON.stringify('{"accounts":{"*":["admin"]}}'))), RIGHTS],
];

test.each(REFUSED)('refused, though the signature is right or looks it: %s', async (_what, token, says) => {
  await using verifier = openVerifier(issuer);
  expect(await verifier.outcome(await token())).toEqual(refused(says === EXPIRED ? 'EXPIRED' : 'INVALID', says));
});

test.each([
  ['accounts that it inherits', '{"accounts":{"__proto__":{"*":["admin"]}}}', []],
  ['names that only look like all', '{"accounts":{" * ":["admin"],"*\\u0000":["admin"],"\uff0a":["admin"],"**":["admin"]}}', []],
  ['names that only look like an account', '{"accounts":{"0868924207-00001 ":["admin"],"0868924207\u201100001":["admin"]}}', []],
  // JSON has the last of two.
  ['an account twice', '{"accounts":{"*":["admin"],"*":["read"]}}', [['*', new Set(['read'])]]],
] as const)('%s give no more than what is written for them', async (_what, rights, scopes) => {
  await using verifier = openVerifier(issuer);
  expect(await verifier.outcome(await signed(claims('m2m', rights)))).toMatchObject({ id: 'sub:alice', scopes: new Map(scopes) });
});

test.each(['1e999', '1e308'])('an end that is too far away to be waited for (%s) is no end, and wakes nobody', async (exp) => {
  await using verifier = openVerifier(issuer);
  const identity = await verifier.verify(await signed(claims('exp', exp)));
  expect(identity.ended.aborted).toBe(false);
  verifier.advance(100 * 365 * 86_400_000);
  expect(identity.current()).not.toBeNull();
});
