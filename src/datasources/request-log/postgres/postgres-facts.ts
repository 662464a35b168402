import { factTopic, type Facts } from '../store.ts';
import type { Database, Queries, Transaction } from './database.ts';

/** `Facts` of the PostgreSQL store. */
export class PostgresFacts implements Facts {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async remember(key: string, value: string | null): Promise<void> {
    await this.#db.transaction((tx) => writeFact(tx, key, value));
  }

  recall(key: string): Promise<string | null> {
    return readFact(this.#db, key);
  }
}

export async function readFact(db: Queries, key: string): Promise<string | null> {
  const [row] = await db.rows<{ value: string }>('SELECT value FROM fact WHERE key = $1', [key]);
  return row?.value ?? null;
}

/** Wakes the followers of the fact in every gateway, once it is committed. */
export async function writeFact(tx: Transaction, key: string, value: string | null): Promise<void> {
  if (value === null) await tx.run('DELETE FROM fact WHERE key = $1', [key]);
  else await tx.run(SET, [key, value]);
  tx.wake(factTopic(key));
}

const SET = 'INSERT INTO fact (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value';
