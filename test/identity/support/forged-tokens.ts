import { exportSPKI, generateSecret, SignJWT, UnsecuredJWT } from 'jose';
import { claimsWith, signingKey, type Issuer, type SigningKey } from '../../support/start-issuer.ts';

/** Keys beside the issuer's own. */
export type ForgersKeys = Readonly<Record<'rsa' | 'ec' | 'ed' | 'attacker' | 'rs384' | 'pss', SigningKey>>;

export interface ForgersWorld {
  readonly issuer: Issuer;
  readonly keys: ForgersKeys;
}

/** Makes the keys, and has the issuer publish two of algorithms that are not taken. */
export async function makeForgersKeys(issuer: Issuer): Promise<ForgersKeys> {
  const [rsa, ec, ed, attacker, rs384, pss] = await Promise.all([
    signingKey('RS256', 'rsa'),
    signingKey('ES256', 'ec'),
    signingKey('EdDSA', 'ed'),
    signingKey('RS256', 'first'),
    signingKey('RS384', 'rs384'),
    signingKey('PS256', 'pss'),
  ]);
  issuer.published.push(rs384.jwk, pss.jwk);
  return { rsa, ec, ed, attacker, rs384, pss };
}

const NOT_OURS = 'not signed with a key of the configured issuer';
const ALGORITHM = 'not signed with RS256, ES256, EdDSA';
const seconds = () => Math.floor(Date.now() / 1000);
/** Nothing of it may be in an answer. */
export const MARK = 'Xmark7';

/** [how it is forged, the token, the reason it is refused for, a part of the sentence] */
export const FORGED_TOKENS: readonly (readonly [
  name: string,
  make: (world: ForgersWorld) => Promise<string> | string,
  reason: 'INVALID' | 'EXPIRED',
  message: string,
])[] = [
  ['alg none', () => new UnsecuredJWT(claimsWith({})).encode(), 'INVALID', ALGORITHM],
  [
    'alg none with a signature that was good',
    async ({ issuer }) => {
      const [, payload, signature] = (await issuer.sign()).split('.');
      return [base64({ alg: 'none', kid: issuer.key.kid }), payload, signature].join('.');
    },
    'INVALID',
    ALGORITHM,
  ],
  [
    'HS256 with the RSA public key as PEM',
    async ({ issuer }) => hs256(issuer, await exportSPKI(issuer.key.publicKey)),
    'INVALID',
    ALGORITHM,
  ],
  ['HS256 with the RSA public key as JWK', ({ issuer }) => hs256(issuer, JSON.stringify(issuer.key.jwk)), 'INVALID', ALGORITHM],
  [
    'HS256 with a key of its own',
    async () => new SignJWT(claimsWith({})).setProtectedHeader({ alg: 'HS256' }).sign(await generateSecret('HS256')),
    'INVALID',
    ALGORITHM,
  ],
  ['RS384, with a published key', ({ issuer, keys }) => issuer.sign({}, { key: keys.rs384 }), 'INVALID', ALGORITHM],
  ['PS256, with a published key', ({ issuer, keys }) => issuer.sign({}, { key: keys.pss }), 'INVALID', ALGORITHM],
  ['wrong aud', ({ issuer }) => issuer.sign({ aud: MARK }), 'INVALID', 'its `aud` is not'],
  ['a list of wrong aud', ({ issuer }) => issuer.sign({ aud: [MARK, `${issuer.audience}/`] }), 'INVALID', 'its `aud` is not'],
  ['no aud', ({ issuer }) => issuer.sign({ aud: undefined }), 'INVALID', 'it lacks `aud`'],
  ['wrong iss', ({ issuer }) => issuer.sign({ iss: MARK }), 'INVALID', 'its `iss` is not'],
  ['no iss', ({ issuer }) => issuer.sign({ iss: undefined }), 'INVALID', 'it lacks `iss`'],
  ['no exp', ({ issuer }) => issuer.sign({ exp: undefined }), 'INVALID', 'it lacks `exp`'],
  ['exp as text', ({ issuer }) => issuer.sign({ exp: `${seconds() + 60}` }), 'INVALID', 'its `exp` is not'],
  ['expired', ({ issuer }) => issuer.sign({ exp: seconds() - 6 }), 'EXPIRED', 'has expired'],
  ['not yet valid', ({ issuer }) => issuer.sign({ nbf: seconds() + 60 }), 'INVALID', 'not valid yet'],
  ['no sub', ({ issuer }) => issuer.sign({ sub: undefined }), 'INVALID', 'it lacks `sub`'],
  ['empty sub', ({ issuer }) => issuer.sign({ sub: '' }), 'INVALID', 'its `sub` must have'],
  ['sub of 129 characters', ({ issuer }) => issuer.sign({ sub: MARK.padEnd(129, 'x') }), 'INVALID', 'its `sub` must have'],
  ['sub with a line break', ({ issuer }) => issuer.sign({ sub: `${MARK}\n` }), 'INVALID', 'its `sub` must have'],
  ['sub that is a number', ({ issuer }) => issuer.sign({ sub: 7 as never }), 'INVALID', 'its `sub` must have'],
  ['another key under the right kid', ({ issuer, keys }) => issuer.sign({}, { key: keys.attacker }), 'INVALID', NOT_OURS],
  [
    'another key, in the header as jwk',
    ({ issuer, keys }) => issuer.sign({}, { key: keys.rsa, header: { kid: issuer.key.kid, jwk: keys.rsa.jwk } }),
    'INVALID',
    NOT_OURS,
  ],
  [
    'another key, in the header as jwk, without a kid',
    ({ issuer, keys }) => issuer.sign({}, { key: keys.ec, header: { kid: undefined, jwk: keys.ec.jwk } as never }),
    'INVALID',
    NOT_OURS,
  ],
  ['unknown kid', ({ issuer }) => issuer.sign({}, { header: { kid: MARK } }), 'INVALID', NOT_OURS],
  ['a kid that is a path', ({ issuer }) => issuer.sign({}, { header: { kid: '../../etc/passwd' } }), 'INVALID', NOT_OURS],
  [
    'an extension it says is critical',
    ({ issuer }) => signAsIs(issuer, JSON.stringify(claimsWith({})), { crit: ['x'], x: 1 }),
    'INVALID',
    'not a signed JWT',
  ],
  [
    'another payload under a good signature',
    async ({ issuer }) => changed(await issuer.sign(), 1, claimsWith({ sub: 'root' })),
    'INVALID',
    NOT_OURS,
  ],
  ['a signature cut short', async ({ issuer }) => (await issuer.sign()).slice(0, -4), 'INVALID', NOT_OURS],
  ['without its signature', async ({ issuer }) => `${(await issuer.sign()).split('.').slice(0, 2).join('.')}.`, 'INVALID', NOT_OURS],
  ['five parts', () => 'a.b.c.d.e', 'INVALID', 'not a signed JWT'],
  ['two parts', () => 'a.b', 'INVALID', 'not a signed JWT'],
  ['garbage', () => `${MARK}~${MARK}`, 'INVALID', 'not a signed JWT'],
  ['empty', () => '', 'INVALID', 'not a signed JWT'],
  ['a payload that is no object', ({ issuer }) => signAsIs(issuer, '"text"'), 'INVALID', 'not a signed JWT'],
  ['100 kB', ({ issuer }) => issuer.sign({ padding: MARK.repeat(15_000) }), 'INVALID', 'longer than 8192 bytes'],
  ['no rights', ({ issuer }) => issuer.sign({ m2m: undefined }), 'INVALID', 'lacks the claim `m2m`'],
];

/** Those that name a key the issuer might have had since it was last asked. Until it is asked again they are neither good nor bad. */
export const OF_UNKNOWN_KEYS: readonly string[] = [
  'another key, in the header as jwk, without a kid',
  'unknown kid',
  'a kid that is a path',
];

function hs256(issuer: Issuer, secret: string): Promise<string> {
  return new SignJWT(claimsWith({})).setProtectedHeader({ alg: 'HS256', kid: issuer.key.kid }).sign(new TextEncoder().encode(secret));
}

/** Signed with the right key, over what jose would not sign. */
async function signAsIs(issuer: Issuer, payload: string, header = {}): Promise<string> {
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
