import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import type { Identity } from '../../src/resolvers/access/caller.ts';
import type { KeyChange, NewKey } from '../../src/resolvers/access/key-ring.ts';
import { KEY_ACCOUNTS, openKeyRing } from '../support/open-key-ring.ts';

const [ACCOUNT, OTHER] = KEY_ACCOUNTS;
const DAY_MS = 86_400_000;

type OwnKey = Extract<NewKey, { name: string }>;

/** What a key needs, but for what is given. */
function wanted(given: Partial<OwnKey> = {}): OwnKey {
  return { name: 'ci', scopes: { [ACCOUNT]: ['read'] }, grants: [], expiresAt: Date.now() + 90 * DAY_MS, ...given };
}

function found(identity: ReturnType<Awaited<ReturnType<typeof openKeyRing>>['ring']['identify']>): Identity {
  if (typeof identity === 'string') throw new Error(`the key is ${identity}`);
  return identity;
}

test('a new key is its caller, with the scopes and grants it was made with, also after a restart', async () => {
  await using keys = await openKeyRing();
  const made = await keys.ring.create(
    wanted({ name: 'fleet-ui', scopes: { [ACCOUNT]: ['read', 'write'], '*': ['read'] }, grants: ['introspection'] }),
  );
  expect(made.key).toMatch(/^m2m_[0-9a-z]{12}_[A-Za-z0-9_-]{43}$/);
  expect(made.key).toContain(made.id);
  const caller = {
    id: 'key:fleet-ui',
    scopes: new Map([
      [ACCOUNT, new Set(['read', 'write'])],
      ['*', new Set(['read'])],
    ]),
    grants: new Set(['introspection']),
  };
  const identity = found(keys.ring.identify(made.key));
  expect(identity.current()).toEqual(caller);
  expect(keys.ring.identify(made.key)).toBe(identity);
  expect(found((await keys.reopen()).identify(made.key)).current()).toEqual(caller);
});

test('the secret of a key is neither in the store nor in what is shown, and its hash is not shown', async () => {
  await using keys = await openKeyRing();
  const made = await keys.ring.create(wanted());
  const secret = made.key.slice(-43);
  const bytes = () =>
    [keys.path, `${keys.path}-wal`]
      .map((path) => readFileSync(path))
      .map((file) => file.includes(secret) || file.includes(Buffer.from(secret, 'base64url')));
  expect(readFileSync(`${keys.path}-wal`).includes(made.id)).toBe(true);
  expect(bytes()).toEqual([false, false]);
  const [stored] = await keys.store.list();
  expect(JSON.stringify(stored)).not.toContain(secret);
  expect(keys.ring.list()).toEqual([
    {
      id: made.id,
      name: 'ci',
      scopes: { [ACCOUNT]: ['read'] },
      grants: [],
      createdAt: made.createdAt,
      expiresAt: made.expiresAt,
      revokedAt: null,
      state: 'valid',
    },
  ]);
});

test('whatever is not a key, whole and right, is unknown', async () => {
  await using keys = await openKeyRing();
  const { key, id } = await keys.ring.create(wanted());
  const other = await keys.ring.create(wanted({ name: 'other' }));
  const revoked = await keys.ring.create(wanted({ name: 'revoked' }));
  await keys.ring.revoke(revoked.id);
  const secret = key.slice(-43);
  const wrong = [
    '',
    'm2m_',
    id,
    secret,
    key.slice(0, -1),
    `${key}A`,
    `${key}\n`,
    key.toUpperCase(),
    `m2m_${id}_${'A'.repeat(43)}`,
    `m2m_${'0'.repeat(12)}_${secret}`,
    `m2m_${other.id}_${secret}`,
    // Who does not have its secret is not told that it was revoked.
    `m2m_${revoked.id}_${secret}`,
    `M2M_${id}_${secret}`,
    'x'.repeat(100_000),
  ];
  for (const text of wrong) expect(keys.ring.identify(text), text.slice(0, 80)).toBe('UNKNOWN');
  expect(keys.ring.identify(revoked.key)).toBe('REVOKED');
});

test('a revoked key ends at once, for good, and for those who are connected with it', async () => {
  await using keys = await openKeyRing();
  const made = await keys.ring.create(wanted());
  const identity = found(keys.ring.identify(made.key));
  const reasons: unknown[] = [];
  identity.ended.addEventListener('abort', () => reasons.push(identity.ended.reason));
  expect(await keys.ring.revoke(made.id)).toMatchObject({ state: 'revoked', revokedAt: expect.any(Number) as number });
  expect(identity.current()).toBeNull();
  expect(reasons).toEqual([
    expect.objectContaining({ code: 'UNAUTHENTICATED', message: 'The API key was revoked.', details: { reason: 'REVOKED' } }),
  ]);
  expect(keys.ring.identify(made.key)).toBe('REVOKED');
  const before = keys.ring.list();
  keys.advance(DAY_MS);
  expect(await keys.ring.revoke(made.id)).toEqual(before[0]);
  expect((await keys.reopen()).identify(made.key)).toBe('REVOKED');
});

test('an expired key ends by the clock, and whoever waits for the end is told', async () => {
  await using keys = await openKeyRing();
  const made = await keys.ring.create(wanted({ expiresAt: Date.now() + DAY_MS }));
  const late = await keys.ring.create(wanted({ expiresAt: Date.now() + 2 * DAY_MS }));
  const [identity, lasting] = [made, late].map(({ key }) => found(keys.ring.identify(key)));
  keys.advance(DAY_MS);
  expect(identity?.current()).toBeNull();
  expect(identity?.ended.reason).toMatchObject({ message: 'The API key has expired.', details: { reason: 'EXPIRED' } });
  expect(keys.ring.identify(made.key)).toBe('EXPIRED');
  expect(lasting?.current()).not.toBeNull();
  // A clock that is set back does not bring it back to those who have been told. Whoever comes then finds it valid again.
  keys.advance(-DAY_MS);
  expect(identity?.current()).toBeNull();
  expect(keys.ring.list().map(({ state }) => state)).toEqual(['valid', 'valid']);
  const again = found(keys.ring.identify(made.key));
  expect(again.current()).not.toBeNull();
  keys.advance(DAY_MS);
  expect(keys.ring.identify(made.key)).toBe('EXPIRED');
  expect(again.ended.reason).toMatchObject({ details: { reason: 'EXPIRED' } });
});

test('nobody has to ask for a key to end when its time is over, after a restart neither', async () => {
  await using keys = await openKeyRing();
  const first = await keys.ring.create(wanted({ expiresAt: Date.now() + 1_000 }));
  const second = await keys.ring.create(wanted({ expiresAt: Date.now() + 2_000 }));
  const ends = (text: string) => {
    const { ended } = found(keys.ring.identify(text));
    return new Promise((resolve) => ended.addEventListener('abort', () => resolve(ended.reason)));
  };
  const expired = expect.objectContaining({ details: { reason: 'EXPIRED' } }) as Error;
  expect(await ends(first.key)).toEqual(expired);
  await keys.reopen();
  expect(await ends(second.key)).toEqual(expired);
});

test('a key that a wrong clock has ended ends by itself once more, at its true time', async () => {
  await using keys = await openKeyRing();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  try {
    const { key } = await keys.ring.create(wanted({ expiresAt: Date.now() + DAY_MS }));
    const { ended } = found(keys.ring.identify(key));
    keys.advance(2 * DAY_MS);
    vi.advanceTimersByTime(60_000);
    expect(ended.aborted).toBe(true);
    keys.advance(-2 * DAY_MS);
    const again = found(keys.ring.identify(key));
    vi.advanceTimersByTime(DAY_MS / 2);
    expect(again.ended.aborted).toBe(false);
    vi.advanceTimersByTime(DAY_MS / 2);
    expect(again.ended.aborted).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('a change of rights counts at once for those who are connected, as a new Caller; what changes nothing makes none', async () => {
  await using keys = await openKeyRing();
  const made = await keys.ring.create(wanted({ grants: ['activationCode'] }));
  const identity = found(keys.ring.identify(made.key));
  const before = identity.current();
  await keys.ring.change(made.id, { scopes: { [ACCOUNT]: ['read'] } });
  expect(identity.current()).toBe(before);
  await keys.ring.change(made.id, { scopes: { [OTHER]: ['read', 'admin'] } });
  const after = { id: 'key:ci', scopes: new Map([[OTHER, new Set(['read', 'admin'])]]), grants: new Set(['activationCode']) };
  expect(identity.current()).toEqual(after);
  await keys.ring.change(made.id, { grants: [] });
  expect(identity.current()).toEqual({ ...after, grants: new Set() });
  expect(before).toMatchObject({ scopes: new Map([[ACCOUNT, new Set(['read'])]]) });
  expect(identity.ended.aborted).toBe(false);
  expect(found((await keys.reopen()).identify(made.key)).current()).toEqual({ ...after, grants: new Set() });
});

test('a key is exchanged for another of its name and rights: one caller all the time', async () => {
  await using keys = await openKeyRing();
  const old = await keys.ring.create(wanted({ scopes: { '*': ['read', 'write'] }, grants: ['deviceCredential'] }));
  const next = await keys.ring.create({ like: old.id, expiresAt: Date.now() + 30 * DAY_MS });
  expect(next).toMatchObject({ name: 'ci', scopes: { '*': ['read', 'write'] }, grants: ['deviceCredential'] });
  expect(next.key).not.toBe(old.key);
  const callers = [old, next].map(({ key }) => found(keys.ring.identify(key)).current());
  expect(callers[0]).toEqual(callers[1]);

  const third = keys.ring.create({ like: old.id, expiresAt: Date.now() + DAY_MS });
  await expect(third).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: `No key was made. ci has 2 valid keys already: ${old.id} and ${next.id}. Revoke the one that is no longer used; the older is ${old.id}: npm run keys -- revoke ${old.id}`,
  });
  await keys.ring.revoke(old.id);
  const last = await keys.ring.create({ like: old.id, expiresAt: Date.now() + 365 * DAY_MS });
  keys.advance(30 * DAY_MS);
  // What has expired takes no place.
  await keys.ring.create({ like: next.id, expiresAt: keys.now() + DAY_MS });
  expect(keys.ring.list().map(({ state }) => state)).toEqual(['revoked', 'expired', 'valid', 'valid']);
  expect(found(keys.ring.identify(last.key)).current()?.id).toBe('key:ci');
});

test('of several keys of one name that are asked for at once, two are made', async () => {
  await using keys = await openKeyRing();
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => keys.ring.create(wanted())));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected']);
  expect(await keys.store.list()).toHaveLength(2);
});

test.each<[string, () => NewKey, string]>([
  ['no name', () => wanted({ name: '' }), 'A name has 1 to 64'],
  ['a long name', () => wanted({ name: 'x'.repeat(65) }), 'A name has 1 to 64'],
  ['a name with a space', () => wanted({ name: 'my key' }), 'A name has 1 to 64'],
  ['a name with a line break', () => wanted({ name: 'key\n' }), 'A name has 1 to 64'],
  ['a name with a letter of another alphabet', () => wanted({ name: 'kеy' }), 'A name has 1 to 64'],
  ['no accounts', () => wanted({ scopes: {} }), 'at least one scope'],
  ['no scopes', () => wanted({ scopes: { [ACCOUNT]: [] } }), 'at least one scope'],
  [
    'a foreign account',
    () => wanted({ scopes: { '9999999999-00001': ['read'] } }),
    `does not serve account 9999999999-00001. It serves ${KEY_ACCOUNTS.join(', ')}`,
  ],
  ['the beginning of an account', () => wanted({ scopes: { '0868924207': ['read'] } }), 'does not serve account'],
  ['no time left', () => wanted({ expiresAt: Date.now() }), 'A key expires'],
  ['more than ten years', () => wanted({ expiresAt: Date.now() + 3_651 * DAY_MS }), 'A key expires'],
  ['no end', () => wanted({ expiresAt: Infinity }), 'A key expires'],
  ['a time that is none', () => wanted({ expiresAt: Number.NaN }), 'A key expires'],
])('no key is made with %s', async (_name, make, message) => {
  await using keys = await openKeyRing();
  await expect(keys.ring.create(make())).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringMatching(`^No key was made\\. .*${message}`) as string,
  });
  expect(await keys.store.list()).toEqual([]);
});

test('a command on a key that does not exist or is no longer valid is refused with a message', async () => {
  await using keys = await openKeyRing();
  const unknown = { code: 'NOT_FOUND', message: 'There is no API key with this id. `npm run keys -- list` shows them all.' };
  await expect(keys.ring.revoke('000000000000')).rejects.toMatchObject(unknown);
  await expect(keys.ring.change('000000000000', { grants: [] })).rejects.toMatchObject(unknown);
  await expect(keys.ring.create({ like: '000000000000', expiresAt: Date.now() + DAY_MS })).rejects.toMatchObject(unknown);
  const made = await keys.ring.create(wanted());
  for (const scopes of [{}, { [ACCOUNT]: [] }, { other: ['read'] as const }])
    await expect(keys.ring.change(made.id, { scopes })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/^Nothing was changed\./) as string,
    });
  await keys.ring.revoke(made.id);
  await expect(keys.ring.change(made.id, { grants: [] })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: `Nothing was changed: key ${made.id} is revoked.`,
  });
});

test('listeners are told of every change when it is done', async () => {
  await using keys = await openKeyRing();
  const told: (readonly [KeyChange['change'], string, string])[] = [];
  const stop = keys.ring.onChange(({ change, key }) => told.push([change, key.id, key.state]));
  const { id } = await keys.ring.create(wanted());
  await keys.ring.change(id, { grants: ['introspection'] });
  await keys.ring.create(wanted({ name: '?' })).catch(() => undefined);
  await keys.ring.revoke(id);
  stop();
  await keys.ring.create(wanted());
  expect(told).toEqual([
    ['created', id, 'valid'],
    ['changed', id, 'valid'],
    ['revoked', id, 'revoked'],
  ]);
});

test('rights that this version does not know, and accounts that are no longer served, are none', async () => {
  await using keys = await openKeyRing();
  const { id, key } = await keys.ring.create(wanted({ scopes: { [ACCOUNT]: ['read'], [OTHER]: ['read'] } }));
  await keys.store.revise(id, { scopes: { [ACCOUNT]: ['read', 'superuser'], [OTHER]: ['read'] }, grants: ['everything'], revokedAt: null });
  const ring = await keys.reopen([ACCOUNT]);
  expect(found(ring.identify(key)).current()).toEqual({ id: 'key:ci', scopes: new Map([[ACCOUNT, new Set(['read'])]]), grants: new Set() });
  // A new key like it would be for an account that nobody serves.
  await expect(ring.create({ like: id, expiresAt: Date.now() + DAY_MS })).rejects.toThrow(`does not serve account ${OTHER}`);
});
