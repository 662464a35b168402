/** The stored form of a caller's key. It does not hold the secret, so nobody can sign in with it. */
export interface StoredApiKey {
  readonly id: string;
  /** The name of the caller. Two keys with one name belong to one caller. */
  readonly name: string;
  /** SHA-256 of the secret. */
  readonly hash: Uint8Array;
  /** By billing account, or `*` for all accounts. */
  readonly scopes: Readonly<Record<string, readonly string[]>>;
  readonly grants: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

/** The topic that is woken when a key was added or revised, by whichever gateway on the store. */
export const API_KEYS_TOPIC = 'api-keys';

/** The keys of callers. A key is never deleted, so its id never names another key. */
export interface ApiKeyStore {
  list(): Promise<readonly StoredApiKey[]>;
  /** Resolves when the key is on disk, as `revise` does. */
  add(key: StoredApiKey): Promise<void>;
  revise(id: string, rights: Pick<StoredApiKey, 'scopes' | 'grants' | 'revokedAt'>): Promise<void>;
}
