/** A key of a caller as it is kept: nothing in it opens the door. */
export interface StoredApiKey {
  readonly id: string;
  /** The caller: two keys of one name are one caller. */
  readonly name: string;
  /** SHA-256 of the secret. */
  readonly hash: Uint8Array;
  /** By billing account, or `*` for every one. */
  readonly scopes: Readonly<Record<string, readonly string[]>>;
  readonly grants: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

/** The keys of callers. A key is never deleted, so that its id is never another's. */
export interface ApiKeyStore {
  list(): Promise<readonly StoredApiKey[]>;
  /** Resolves when it is on disk, as `revise` does. */
  add(key: StoredApiKey): Promise<void>;
  revise(id: string, rights: Pick<StoredApiKey, 'scopes' | 'grants' | 'revokedAt'>): Promise<void>;
}
