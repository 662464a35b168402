import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ApiKeyStore, StoredApiKey } from '../api-keys.ts';
import type { GroupCommit } from './group-commit.ts';

type KeyRow = {
  readonly id: string;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly scopes: string;
  readonly grants: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly revoked_at: number | null;
};

/** The keys of callers in the SQLite store, written by its group commit. */
export class SqliteApiKeys implements ApiKeyStore {
  readonly #commits: GroupCommit;
  readonly #all: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;

  constructor(db: DatabaseSync, commits: GroupCommit) {
    this.#commits = commits;
    this.#all = db.prepare('SELECT * FROM api_key ORDER BY created_at, id');
    this.#insert = db.prepare(
      'INSERT INTO api_key (id, name, hash, scopes, grants, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = db.prepare('UPDATE api_key SET scopes = ?, grants = ?, revoked_at = ? WHERE id = ?');
  }

  list() {
    return this.#commits.read(() => (this.#all.all() as KeyRow[]).map(toStored));
  }

  add({ id, name, hash, scopes, grants, createdAt, expiresAt, revokedAt }: StoredApiKey) {
    return this.#commits.run(
      () => void this.#insert.run(id, name, hash, JSON.stringify(scopes), JSON.stringify(grants), createdAt, expiresAt, revokedAt),
    );
  }

  revise(id: string, { scopes, grants, revokedAt }: Pick<StoredApiKey, 'scopes' | 'grants' | 'revokedAt'>) {
    return this.#commits.run(() => void this.#update.run(JSON.stringify(scopes), JSON.stringify(grants), revokedAt, id));
  }
}

function toStored({ scopes, grants, created_at, expires_at, revoked_at, ...row }: KeyRow): StoredApiKey {
  return {
    ...row,
    scopes: JSON.parse(scopes) as StoredApiKey['scopes'],
    grants: JSON.parse(grants) as StoredApiKey['grants'],
    createdAt: created_at,
    expiresAt: expires_at,
    revokedAt: revoked_at,
  };
}
