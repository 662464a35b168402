import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { API_KEYS_TOPIC, type StoredApiKey } from '../../datasources/request-log/api-keys.ts';
import { onWake } from '../../datasources/request-log/hub.ts';
import type { Store } from '../../datasources/request-log/store.ts';
import { GatewayError } from '../../errors.ts';
import { OneAtATime } from '../../lib/one-at-a-time.ts';
import { setAlarm } from '../../lib/timers.ts';
import { EVERY_ACCOUNT, type Identity, type Rights } from './caller.ts';
import { KeyIdentity, type KeyState } from './key-identity.ts';

interface KeyRingOptions {
  readonly store: Pick<Store, 'keys' | 'leases' | 'hub'>;
  readonly accounts: readonly string[];
  readonly now: () => number;
  /** The keys that another gateway has changed could not be read. */
  readonly onFailure: (error: unknown) => void;
}

/** A new key: with rights of its own, or with the name and rights of the key that it replaces. Times in milliseconds. */
export type NewKey =
  | (Rights & { readonly name: string; readonly expiresAt: number })
  | { readonly like: string; readonly expiresAt: number };

/** What may be shown of a key. */
export interface KeyView extends Rights {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  readonly state: KeyState;
}

/** `key` is the text that a caller sends. It is stored nowhere and cannot be read again. */
export type CreatedKey = KeyView & { readonly key: string };

export interface KeyChange {
  readonly change: 'created' | 'revoked' | 'changed';
  readonly key: KeyView;
}

export const KEY_PREFIX = 'm2m_';
const KEY_PATTERN = /^m2m_([0-9a-hjkmnp-tv-z]{12})_([A-Za-z0-9_-]{43})$/;
/** Crockford's base32 in lower case: it has no letter that looks like a digit. */
const ID_ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_LENGTH = 12;
const SECRET_BYTES = 32;
/** Stands for the hash of an unknown key: comparing takes the same time, and no secret has this hash. */
const NO_HASH = new Uint8Array(32);
const NAME_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;
/** Two, so that a key can be replaced without a moment in which none is valid. */
const MAX_VALID = 2;
const LONGEST_LIFE_MS = 3_650 * 86_400_000;

/**
 * The API keys of callers. All are in memory, so finding one needs no read. Every change is on disk before it counts, and is taken
 * over by every gateway on the store. The store has only the SHA-256 of a secret: nobody can guess 256 random bits, so no slow hash is needed.
 */
export class KeyRing implements Disposable {
  readonly #options: KeyRingOptions;
  readonly #keys = new Map<string, KeyIdentity>();
  readonly #listeners = new Set<(change: KeyChange) => void>();
  #undoAlarm: () => void = () => undefined;
  readonly #watch: Disposable;
  readonly #reads = new OneAtATime();

  static async open(options: KeyRingOptions): Promise<KeyRing> {
    return new KeyRing(options, await options.store.keys.list());
  }

  private constructor(options: KeyRingOptions, stored: readonly StoredApiKey[]) {
    this.#options = options;
    for (const key of stored) this.#hold(key);
    this.#awaitExpiry();
    this.#watch = onWake(options.store.hub, API_KEYS_TOPIC, () => this.#readAgain(), options.onFailure);
  }

  /** Returns the same Identity each time for as long as the key is valid. */
  identify(text: string): Identity | 'UNKNOWN' | 'EXPIRED' | 'REVOKED' {
    const [, id = '', secret = ''] = KEY_PATTERN.exec(text) ?? [];
    const found = this.#held(id);
    const isRight = timingSafeEqual(hashOf(secret), found?.stored.hash ?? NO_HASH);
    if (!found || !isRight) return 'UNKNOWN';
    const state = found.state();
    if (state === 'revoked') return 'REVOKED';
    return state === 'expired' ? 'EXPIRED' : found;
  }

  /** All keys, also revoked and expired ones, oldest first. */
  list(): KeyView[] {
    for (const id of this.#keys.keys()) this.#held(id);
    return [...this.#keys.values()].map(toView);
  }

  /** @throws GatewayError BAD_USER_INPUT or NOT_FOUND with a sentence that says what to do. Then no key was made. */
  create(wanted: NewKey): Promise<CreatedKey> {
    return this.#change(async () => {
      const createdAt = this.#options.now();
      const { name, scopes, grants } = 'like' in wanted ? toView(this.#find(wanted.like)) : wanted;
      if (!NAME_PATTERN.test(name)) throw notMadeError('A name has 1 to 64 letters, digits, dots, dashes and underscores.');
      this.#checkScopes(scopes, 'No key was made.');
      const { expiresAt } = wanted;
      const lifeMs = expiresAt - createdAt;
      if (!Number.isSafeInteger(expiresAt) || lifeMs <= 0 || lifeMs > LONGEST_LIFE_MS)
        throw notMadeError('A key expires after 3650 days at the latest, and not in the past.');
      this.#checkValidAtOnce(name);
      const id = this.#makeId();
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const stored = { id, name, hash: hashOf(secret), scopes, grants, createdAt, expiresAt, revokedAt: null };
      await this.#options.store.keys.add(stored);
      await this.#readAgain();
      return { ...toView(this.#find(id)), key: `${KEY_PREFIX}${id}_${secret}` };
    });
  }

  /** Revokes a key at once and for ever. A revoked key stays as it is. */
  revoke(id: string): Promise<KeyView> {
    return this.#change(async () => {
      const key = this.#find(id);
      if (key.stored.revokedAt !== null) return toView(key);
      return this.#revise(key, { revokedAt: this.#options.now() });
    });
  }

  /** Gives a key other rights, at once and also on open connections. What is given replaces the rights of before. */
  change(id: string, { scopes, grants }: Partial<Rights>): Promise<KeyView> {
    return this.#change(async () => {
      const key = this.#find(id);
      if (key.state() !== 'valid') throw new GatewayError('BAD_USER_INPUT', `Nothing was changed: key ${id} is ${key.state()}.`);
      if (scopes) this.#checkScopes(scopes, 'Nothing was changed.');
      return this.#revise(key, { ...(scopes && { scopes }), ...(grants && { grants }) });
    });
  }

  onChange(listener: (change: KeyChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#undoAlarm();
    this.#listeners.clear();
  }

  /** One change at a time: two at once would both find room for a second valid key. */
  #change<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#options.store.leases.during('api-keys', async () => {
      await this.#readAgain();
      return work();
    });
  }

  /** Takes over what was changed, here or by another gateway. */
  #readAgain(): Promise<void> {
    // One after the other: what was read earlier must not undo what was read later.
    return this.#reads.run(async () => {
      for (const stored of await this.#options.store.keys.list()) {
        const known = this.#keys.get(stored.id);
        if (!known) this.#announce('created', this.#hold(stored));
        else if (rightsOf(known.stored) !== rightsOf(stored)) {
          known.revise(stored);
          this.#announce(stored.revokedAt === null ? 'changed' : 'revoked', known);
        }
      }
    });
  }

  #find(id: string): KeyIdentity {
    const key = this.#held(id);
    if (!key) throw new GatewayError('NOT_FOUND', 'There is no API key with this id. `npm run keys -- list` shows them all.');
    return key;
  }

  #checkScopes(scopes: Rights['scopes'], nothing: string): void {
    const { accounts } = this.#options;
    if (!Object.values(scopes).some((list) => list.length > 0))
      throw new GatewayError('BAD_USER_INPUT', `${nothing} A key needs at least one scope: ACCOUNT:read, for example.`);
    const foreign = Object.keys(scopes).find((account) => account !== EVERY_ACCOUNT && !accounts.includes(account));
    if (foreign !== undefined)
      throw new GatewayError(
        'BAD_USER_INPUT',
        `${nothing} This gateway does not serve account ${foreign.slice(0, 64)}. It serves ${accounts.join(', ')} (M2M_THINGSPACE_ACCOUNTS); * stands for all of them.`,
      );
  }

  #checkValidAtOnce(name: string): void {
    const valid = this.list().filter((key) => key.name === name && key.state === 'valid');
    if (valid.length < MAX_VALID) return;
    const oldest = valid[0]?.id;
    throw notMadeError(
      `${name} has ${valid.length} valid keys already: ${valid.map(({ id }) => id).join(' and ')}. Revoke the one that is no longer used; the older is ${oldest}: npm run keys -- revoke ${oldest}`,
    );
  }

  #makeId(): string {
    for (;;) {
      const id = Array.from(randomBytes(ID_LENGTH), (byte) => ID_ALPHABET[byte & 31]).join('');
      if (!this.#keys.has(id)) return id;
    }
  }

  async #revise({ stored }: KeyIdentity, revision: Partial<StoredApiKey>): Promise<KeyView> {
    await this.#options.store.keys.revise(stored.id, { ...stored, ...revision });
    await this.#readAgain();
    return toView(this.#find(stored.id));
  }

  /** A key that a wrong clock has ended gets a new holder. Who waited for the end of the former one was told of it. */
  #held(id: string): KeyIdentity | undefined {
    if (this.#keys.get(id)?.hasEndedTooEarly) {
      for (const key of this.#keys.values()) if (key.hasEndedTooEarly) this.#hold(key.stored);
      this.#awaitExpiry();
    }
    return this.#keys.get(id);
  }

  #hold(stored: StoredApiKey): KeyIdentity {
    const key = new KeyIdentity(stored, this.#options.accounts, this.#options.now);
    this.#keys.set(stored.id, key);
    return key;
  }

  #announce(change: KeyChange['change'], key: KeyIdentity): void {
    this.#awaitExpiry();
    for (const listener of this.#listeners) listener({ change, key: toView(key) });
  }

  #awaitExpiry(): void {
    this.#undoAlarm();
    let next = Infinity;
    // Does not read the rights: there may be very many keys.
    for (const key of this.#keys.values()) if (key.state() === 'valid') next = Math.min(next, key.stored.expiresAt);
    if (next === Infinity) return;
    this.#undoAlarm = setAlarm(next, this.#options.now, () => this.#awaitExpiry());
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function rightsOf({ scopes, grants, revokedAt }: StoredApiKey): string {
  return JSON.stringify([scopes, grants, revokedAt]);
}

function toView(key: KeyIdentity): KeyView {
  const { id, name, createdAt, expiresAt, revokedAt } = key.stored;
  return { id, name, ...key.rights, createdAt, expiresAt, revokedAt, state: key.state() };
}

function notMadeError(why: string): GatewayError {
  return new GatewayError('BAD_USER_INPUT', `No key was made. ${why}`);
}
