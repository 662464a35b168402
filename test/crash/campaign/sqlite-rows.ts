import { DatabaseSync } from 'node:sqlite';
import { unsealInSql, registerVault } from '../../../src/datasources/request-log/sqlite/sealing/sqlite-sealing.ts';
import { Vault } from '../../../src/datasources/request-log/vault.ts';
import type { LogRow } from './audit-subscriber.ts';
import type { StoredMessage, StoredRequest, StoredRows } from './stored-rows.ts';

/** The embedded store's file, read by SQLite alone. */
export class SqliteRows implements StoredRows, Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string, keys: readonly Uint8Array[]) {
    this.#db = new DatabaseSync(path, { readOnly: true });
    registerVault(this.#db, new Vault(keys));
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  async faults(): Promise<string[]> {
    const { integrity_check: found } = this.#db.prepare('PRAGMA integrity_check').get() as { integrity_check: string };
    return found === 'ok' ? [] : [`the store's file is damaged: ${found}`];
  }

  async *messages(): AsyncIterable<StoredMessage> {
    yield* this.#db
      .prepare(
        `SELECT ${unsealInSql('event', 'message')} AS message, r.client_reference AS reference
           FROM event e JOIN request r ON r.pk = e.request_pk WHERE e.message IS NOT NULL
           AND e.kind <> 'RECONCILED'
         UNION ALL SELECT ${unsealInSql('unclaimed', 'message')}, NULL FROM unclaimed
         UNION ALL SELECT CAST(${unsealInSql('kept_message', 'body')} AS TEXT), 'kept aside' FROM kept_message`,
      )
      .iterate() as Iterable<unknown> as Iterable<StoredMessage>;
  }

  async requests(): Promise<StoredRequest[]> {
    const rows = this.#db.prepare(`SELECT id, client_reference AS reference, status FROM request WHERE origin = 'GATEWAY'`).all();
    return rows as unknown as StoredRequest[];
  }

  async log(requestId: string): Promise<LogRow[]> {
    const sql = `SELECT seq, outcome, outcome_status AS status, request_status AS requestStatus FROM event
      WHERE request_pk = (SELECT pk FROM request WHERE id = ?) ORDER BY seq`;
    return this.#db.prepare(sql).all(requestId) as unknown as LogRow[];
  }
}
