import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { Authenticator } from '../../src/server/identity/authenticator.ts';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { IssuerKeysOfUrl } from '../../src/server/identity/issuer-keys.ts';
import { JwtVerifier } from '../../src/server/identity/jwt-verifier.ts';
import { KEY_ACCOUNTS, openKeyRing } from '../support/open-key-ring.ts';
import { startIssuer } from '../support/start-issuer.ts';
import { refusalOf } from './support/refusal-of.ts';
import { refused } from './support/refused.ts';

const DAY_MS = 86_400_000;

/** Keys and an issuer, and what has been counted of refusals. */
async function openAuthenticator({ on = true, jwts = true } = {}) {
  await using undo = new AsyncDisposableStack();
  const issuer = undo.use(await startIssuer());
  const keys = undo.use(await openKeyRing());
  const verifier = undo.use(
    new JwtVerifier({
      keys: new IssuerKeysOfUrl({ url: issuer.jwksUrl, now: keys.now, onFailure: () => undefined }),
      issuer: issuer.name,
      audience: issuer.audience,
      claim: 'm2m',
      accounts: KEY_ACCOUNTS,
      now: keys.now,
    }),
  );
  const counted: string[] = [];
  const authenticator = new Authenticator({
    on,
    keys: keys.ring,
    jwts: jwts ? verifier : null,
    onRefused: (reason) => counted.push(reason),
  });
  const { key, id } = await keys.ring.create({
    name: 'ci',
    scopes: { '*': ['read'] },
    grants: [],
    expiresAt: keys.now() + 90 * DAY_MS,
  });
  const built = undo.move();
  return {
    issuer,
    keys,
    key,
    id,
    counted,
    authenticator,
    outcome: (authorization: string | null) =>
      authenticator.identify(authorization).then((identity) => identity.current()?.id ?? null, refusalOf),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

test('a key and a token are taken from the Authorization, in whatever letters its scheme is written', async () => {
  await using door = await openAuthenticator();
  const token = await door.issuer.sign();
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer  ']) {
    expect(await door.outcome(`${scheme} ${door.key}`)).toBe('key:ci');
    expect(await door.outcome(`${scheme} ${token}`)).toBe('sub:alice');
  }
  expect(door.counted).toEqual([]);
});

test('with authentication off there is one local caller, whatever is shown', async () => {
  await using door = await openAuthenticator({ on: false });
  for (const authorization of [null, 'Bearer nonsense', `Bearer ${door.key}`])
    expect(await door.authenticator.identify(authorization)).toBe(LOCAL_IDENTITY);
});

test.each([
  ['nothing', () => null, 'MISSING', 'Send `Authorization: Bearer <API key or JWT>`'],
  ['an empty header', () => '', 'MISSING', 'Send `Authorization: Bearer <API key or JWT>`'],
  ['a space', () => ' ', 'MISSING', 'Send `Authorization: Bearer <API key or JWT>`'],
  ['no token', () => 'Bearer', 'INVALID', 'is not `Bearer <API key or JWT>`'],
  ['no scheme', (key: string) => key, 'INVALID', 'is not `Bearer <API key or JWT>`'],
  ['another scheme', (key: string) => `Basic ${btoa(`ci:${key}`)}`, 'INVALID', 'is not `Bearer <API key or JWT>`'],
  ['another scheme with the key as it is', (key: string) => `Basic ${key}`, 'INVALID', 'is not `Bearer <API key or JWT>`'],
  ['two values', (key: string) => `Bearer ${key}, Bearer ${key}`, 'INVALID', 'once and without quotes'],
  ['two tokens', (key: string) => `Bearer ${key} ${key}`, 'INVALID', 'once and without quotes'],
  ['quotes', (key: string) => `Bearer "${key}"`, 'INVALID', 'once and without quotes'],
  ['a key that nobody has', (key: string) => `Bearer ${key.slice(0, -4)}aaaa`, 'INVALID', 'There is no such API key'],
  ['a key in other letters', (key: string) => `Bearer ${key.replace('m2m_', 'M2M_')}`, 'INVALID', 'The JWT is refused'],
  ['a key of its own making', () => 'Bearer m2m_', 'INVALID', 'There is no such API key'],
  ['garbage', () => `Bearer ${'~'.repeat(5_000)}`, 'INVALID', 'The JWT is refused: it is not a signed JWT.'],
  ['100 kB', () => `Bearer ${'x'.repeat(100_000)}`, 'INVALID', 'longer than 8192 bytes'],
  ['a control character', () => 'Bearer a\u0000b', 'INVALID', 'is not `Bearer <API key or JWT>`'],
])('refused in words: %s', async (_name, written, reason, message) => {
  await using door = await openAuthenticator();
  const authorization = written(door.key);
  const outcome = await door.outcome(authorization);
  expect(outcome).toEqual(refused(reason, message));
  // Nothing of a key is repeated.
  expect(JSON.stringify(outcome)).not.toContain(door.key.slice(-20));
  expect(JSON.stringify(outcome)).not.toContain(door.id);
  expect(door.counted).toEqual([reason]);
  // What has not even the form of a token asks nothing of the issuer.
  expect(door.issuer.fetches).toBe(0);
});

test('an expired, revoked or uncheckable token is told apart from a wrong one', async () => {
  await using door = await openAuthenticator();
  const short = await door.keys.ring.create({ like: door.id, expiresAt: door.keys.now() + DAY_MS });
  const token = await door.issuer.sign({ exp: Math.floor(Date.now() / 1000) + 60 });
  door.keys.advance(DAY_MS);
  expect(await door.outcome(`Bearer ${short.key}`)).toEqual(refused('EXPIRED', 'The API key has expired.'));
  expect(await door.outcome(`Bearer ${token}`)).toEqual(refused('EXPIRED', 'The JWT has expired.'));
  await door.keys.ring.revoke(door.id);
  expect(await door.outcome(`Bearer ${door.key}`)).toEqual(refused('REVOKED', 'The API key was revoked.'));
  door.issuer.answer = { status: 500, body: '' };
  door.keys.advance(DAY_MS);
  expect(await door.outcome(`Bearer ${await door.issuer.sign()}`)).toEqual(refused('UNAVAILABLE', 'Try again later.'));
  expect(door.counted).toEqual(['EXPIRED', 'EXPIRED', 'REVOKED', 'UNAVAILABLE']);
});

test('without an issuer in the configuration only keys are taken', async () => {
  await using door = await openAuthenticator({ jwts: false });
  expect(await door.outcome(`Bearer ${door.key}`)).toBe('key:ci');
  expect(await door.outcome(`Bearer ${await door.issuer.sign()}`)).toEqual(
    refused('INVALID', 'takes API keys (m2m_…) and no other tokens'),
  );
});

test('nothing about refused callers is stored', async () => {
  await using door = await openAuthenticator();
  const before = await door.keys.store.list();
  for (const text of ['Bearer m2m_', `Bearer ${door.key}x`, 'Bearer a.b.c']) await door.outcome(text);
  expect(await door.keys.store.list()).toEqual(before);
});

test('the header comes to it as HTTP has it: a key in the query string is not looked at', async () => {
  await using door = await openAuthenticator();
  const server = createServer((incoming, outgoing) => {
    void door.outcome(incoming.headers.authorization ?? null).then((outcome) => outgoing.end(JSON.stringify(outcome)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async (path: string, headers: Record<string, string> = {}) =>
    (await request(`${url}${path}`, { headers, reset: true })).body.json();
  expect(await ask('/', { authorization: `bearer ${door.key}` })).toBe('key:ci');
  for (const name of ['authorization', 'access_token', 'token', 'key', 'api_key'])
    expect(await ask(`/?${name}=${door.key}`)).toMatchObject({ reason: 'MISSING' });
  server.close();
  await once(server, 'close');
});
