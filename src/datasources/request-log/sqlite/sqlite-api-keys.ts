import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { API_KEYS_TOPIC, type ApiKeyStore, type StoredApiKey } from '../api-keys.ts';
import type { Hub } from '../hub.ts';
import type { GroupCommit } from './group-commit.ts';

type KeyRow = Omit<StoredApiKey, 'scopes' | 'grants'> & { readonly scopes: string; readonly grants: string };

interface Parts {
  readonly db: DatabaseSync;
  readonly commits: GroupCommit;
  readonly hub: Hub;
  /** Moves the write-ahead log into the main file: without keys nobody may ask, so they are there at once. */
  readonly moveLog: () => void;
}

/** The keys of callers in the SQLite store, written by its group commit. */
export class SqliteApiKeys implements ApiKeyStore {
  readonly #parts: Parts;
  readonly #all: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;

  constructor(parts: Parts) {
    const { db } = parts;
    this.#parts = parts;
    this.#all = db.prepare(`SELECT id, name, hash, scopes, grants, created_at AS createdAt, expires_at AS expiresAt,
      revoked_at AS revokedAt FROM api_key ORDER BY created_at, id`);
    this.#insert = db.prepare(
      'INSERT INTO api_key (id, name, hash, scopes, grants, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = db.prepare('UPDATE api_key SET scopes = ?, grants = ?, revoked_at = ? WHERE id = ?');
  }

  list() {
    return this.#parts.commits.read(() =>
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
    const { commits, hub, moveLog } = this.#parts;
    await commits.run(work);
    commits.maintain(moveLog);
    hub.wake(API_KEYS_TOPIC);
  }
}
