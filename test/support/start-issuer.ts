import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTHeaderParameters } from 'jose';
import { listenOnLoopback } from './listen-on-loopback.ts';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** The public key as it is published. */
  readonly jwk: JWK;
}

export interface Issuer extends AsyncDisposable {
  /** Where its keys are published. */
  readonly jwksUrl: string;
  readonly name: string;
  readonly audience: string;
  /** The key it signs with by default. It is published from the start. */
  readonly key: SigningKey;
  /** The keys it publishes. A test may add and remove some. */
  readonly published: JWK[];
  /** How often the keys were fetched. */
  readonly fetches: number;
  /** In place of the keys: an HTTP status and a body. */
  answer: { readonly status: number; readonly body: string } | null;
  /** Signs a good token with these changes. A claim given as undefined is left out. */
  sign(claims?: Readonly<Record<string, unknown>>, options?: SignOptions): Promise<string>;
}

export interface SignOptions {
  readonly key?: SigningKey;
  readonly header?: Partial<JWTHeaderParameters>;
}

const NAME = 'https://login.example.com/';
const AUDIENCE = 'https://m2m.example.com/graphql';

/** A login server: it signs tokens, and publishes its keys over HTTP. */
export async function startIssuer(): Promise<Issuer> {
  const key = await signingKey('RS256', 'first');
  const published = [key.jwk];
  let fetches = 0;
  const server = createServer((_request, response) => {
    fetches += 1;
    const { status, body } = issuer.answer ?? { status: 200, body: JSON.stringify({ keys: published }) };
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  const listening = await listenOnLoopback(server);
  const issuer: Issuer = {
    jwksUrl: `${listening.origin}/jwks.json`,
    name: NAME,
    audience: AUDIENCE,
    key,
    published,
    get fetches() {
      return fetches;
    },
    answer: null,
    sign: (claims = {}, { key: signer = key, header = {} } = {}) =>
      new SignJWT(claimsWith(claims)).setProtectedHeader({ alg: signer.alg, kid: signer.kid, ...header }).sign(signer.privateKey),
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
  return issuer;
}

/** The claims of a good token: valid for one hour, with the right to read and write one account. */
export function claimsWith(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const good = {
    iss: NAME,
    aud: AUDIENCE,
    sub: 'alice',
    exp: Math.floor(Date.now() / 1000) + 3_600,
    m2m: { accounts: { '0868924207-00001': ['read', 'write'] } },
  };
  return Object.fromEntries(Object.entries({ ...good, ...claims }).filter(([, value]) => value !== undefined));
}

export async function signingKey(alg: string, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
}
