import { API_KEYS_TOPIC, type ApiKeyStore, type StoredApiKey } from '../api-keys.ts';
import type { Database, Value } from './database.ts';

type KeyRow = Omit<StoredApiKey, 'scopes' | 'grants'> & { readonly scopes: string; readonly grants: string };

/** The keys of callers in the PostgreSQL store. */
export class PostgresApiKeys implements ApiKeyStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async list(): Promise<StoredApiKey[]> {
    const rows = await this.#db.rows<KeyRow>(ALL);
    return rows.map(({ scopes, grants, ...key }) => ({
      ...key,
      scopes: JSON.parse(scopes) as StoredApiKey['scopes'],
      grants: JSON.parse(grants) as StoredApiKey['grants'],
    }));
  }

  add({ id, name, hash, scopes, grants, createdAt, expiresAt, revokedAt }: StoredApiKey): Promise<void> {
    return this.#write(INSERT, [id, name, hash, JSON.stringify(scopes), JSON.stringify(grants), createdAt, expiresAt, revokedAt]);
  }

  revise(id: string, { scopes, grants, revokedAt }: Pick<StoredApiKey, 'scopes' | 'grants' | 'revokedAt'>): Promise<void> {
    return this.#write(UPDATE, [id, JSON.stringify(scopes), JSON.stringify(grants), revokedAt]);
  }

  async #write(sql: string, values: readonly Value[]): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await tx.run(sql, values);
      tx.wake(API_KEYS_TOPIC);
    });
  }
}

const ALL = `SELECT id, name, hash, scopes, grants, created_at AS "createdAt", expires_at AS "expiresAt", revoked_at AS "revokedAt"
  FROM api_key ORDER BY created_at, id`;
const INSERT = `INSERT INTO api_key (id, name, hash, scopes, grants, created_at, expires_at, revoked_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`;
const UPDATE = 'UPDATE api_key SET scopes = $2, grants = $3, revoked_at = $4 WHERE id = $1';
