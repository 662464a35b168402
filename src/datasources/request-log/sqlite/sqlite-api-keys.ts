import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ApiKeyStore, StoredApiKey } from '../api-keys.ts';
import type { GroupCommit } from './group-commit.ts';

type KeyRow = Omit<StoredApiKey, 'scopes' | 'grants'> & { readonly scopes: string; readonly grants: string };

/** The keys of callers in the SQLite store, written by its group commit. */
export class SqliteApiKeys implements ApiKeyStore {
  readonly #commits: GroupCommit;
  readonly #moveLog: () => void;
  readonly #all: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;

  /** @param moveLog moves the write-ahead log into the main file: without keys nobody may ask, so they are there at once. */
  constructor(db: DatabaseSync, commits: GroupCommit, moveLog: () => void) {
    this.#commits = commits;
    this.#moveLog = moveLog;
    this.#all = db.prepare(`SELECT id, name, hash, scopes, grants, created_at AS createdAt, expires_at AS expiresAt,
      revoked_at AS revokedAt FROM api_key ORDER BY created_at, id`);
    this.#insert = db.prepare(
      'INSERT INTO api_key (id, name, hash, scopes, grants, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = db.prepare('UPDATE api_key SET scopes = ?, grants = ?, revoked_at = ? WHERE id = ?');
  }

  list() {
    return this.#commits.read(() =>
      (this.#all.all() as KeyRow[]).map(({ scopes, grants, ...key }): StoredApiKey => ({
        ...key,
        scopes: JSON.parse(scopes),
        grants: JSON.parse(grants),
      })),
    );
  }

  add({ id, name, hash, scopes, grants, createdAt, expiresAt, revokedAt }: StoredApiKey) {
    return this.#write(
      () => void this.#insert.run(id, name, hash, JSON.stringify(scopes), JSON.stringify(grants), createdAt, expiresAt, revokedAt),
    );
  }

  revise(id: string, { scopes, grants, revokedAt }: Pick<StoredApiKey, 'scopes' | 'grants' | 'revokedAt'>) {
    return this.#write(() => void this.#update.run(JSON.stringify(scopes), JSON.stringify(grants), revokedAt, id));
  }

  async #write(work: () => void): Promise<void> {
    await this.#commits.run(work);
    this.#commits.maintain(this.#moveLog);
  }
}
