import { DatabaseSync } from 'node:sqlite';
import { unsealInSql, registerVault } from '../../../src/datasources/request-log/sqlite/sealing/sqlite-sealing.ts';
import { Vault } from '../../../src/datasources/request-log/vault.ts';
import type { Books, Intent } from './books.ts';
import { markerIn, messageBody } from './carrier-messages.ts';
import { auditSubscriber, type LogRow } from './audit-subscriber.ts';
import type { Followed } from './subscriber-load.ts';
import type { Tally } from './tally.ts';

export interface AuditedStore {
  readonly path: string;
  readonly keys: readonly Uint8Array[];
}

/** Compares the store's file, read by SQLite alone after the gateway has stopped, with the books and with what subscribers saw. */
export function auditStore(stored: AuditedStore, books: Books, followed: readonly Followed[], tally: Tally): void {
  try {
    using store = new StoreAudit(stored, books, tally);
    store.file();
    store.callbacks();
    store.requests();
    for (const each of followed) auditSubscriber(each, store.log(each.requestId), tally);
  } catch (error) {
    tally.add('other', `the store's file cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

class StoreAudit implements Disposable {
  readonly #db: DatabaseSync;
  readonly #books: Books;
  readonly #tally: Tally;

  constructor({ path, keys }: AuditedStore, books: Books, tally: Tally) {
    this.#db = new DatabaseSync(path, { readOnly: true });
    registerVault(this.#db, new Vault(keys));
    this.#books = books;
    this.#tally = tally;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  file(): void {
    const { integrity_check: found } = this.#db.prepare('PRAGMA integrity_check').get() as { integrity_check: string };
    if (found !== 'ok') this.#tally.add('other', `the store's file is damaged: ${found}`);
  }

  /**
   * Every acknowledged callback is stored once, letter for letter, at its Request, and no other is stored. The carrier's answers to
   * our questions do not count.
   */
  callbacks(): void {
    const copies = new Uint8Array(this.#books.messages.length);
    const rows = this.#db
      .prepare(
        `SELECT ${unsealInSql('event', 'message')} AS message, r.client_reference AS reference
           FROM event e JOIN request r ON r.pk = e.request_pk WHERE e.message IS NOT NULL
           AND e.kind <> 'RECONCILED'
         UNION ALL SELECT ${unsealInSql('unclaimed', 'message')}, NULL FROM unclaimed
         UNION ALL SELECT CAST(${unsealInSql('kept_message', 'body')} AS TEXT), 'kept aside' FROM kept_message`,
      )
      .iterate() as Iterable<{ message: string; reference: string | null }>;
    for (const { message, reference } of rows) this.#callback(message, reference, copies);
    for (const { marker } of this.#books.messages) {
      const stored = copies[marker] ?? 0;
      if (stored > 1) this.#tally.add('double', `callback ${marker} is stored ${stored} times`, stored - 1);
      if (stored === 0 && this.#books.isAcknowledged(marker))
        this.#tally.addOnce('lost', `callback ${marker}`, `callback ${marker} was acknowledged and is not stored`);
    }
  }

  #callback(text: string, reference: string | null, copies: Uint8Array): void {
    const marker = markerIn(text);
    const message = marker === null ? undefined : this.#books.messages[marker];
    if (marker === null || !message || !this.#books.isSent(marker)) return this.#tally.add('phantom', `nobody sent ${text}`);
    if (text !== JSON.stringify(messageBody(message))) return this.#tally.add('phantom', `callback ${marker} is stored as ${text}`);
    copies[marker] = (copies[marker] ?? 0) + 1;
    const { intent } = message.performed;
    if (reference !== (intent && `intent-${intent.number}`)) {
      this.#tally.add('other', `callback ${marker} is stored with ${reference ?? 'no request of ours'}`);
    }
  }

  /** Every Request whose id a caller got is there, each intent has at most one, and no Request of another tool counts as ours. */
  requests(): void {
    const rows = this.#db.prepare(`SELECT id, client_reference AS reference, status FROM request WHERE origin = 'GATEWAY'`).all() as {
      id: string;
      reference: string | null;
      status: string;
    }[];
    const ids = new Set(rows.map(({ id }) => id));
    const perIntent = new Map<Intent, number>();
    for (const { id, reference } of rows) {
      const intent = this.#books.intents[Number(reference?.slice('intent-'.length))];
      if (intent) perIntent.set(intent, (perIntent.get(intent) ?? 0) + 1);
      else this.#tally.add('phantom', `nobody asked for request ${id}`);
    }
    for (const [{ number }, count] of perIntent) {
      if (count > 1) this.#tally.add('double', `intent ${number} became ${count} requests`, count - 1);
    }
    for (const { number, requestIds } of this.#books.intents) {
      if (requestIds.size > 1)
        this.#tally.add('double', `intent ${number} was answered with ${requestIds.size} requests`, requestIds.size - 1);
      for (const id of requestIds) if (!ids.has(id)) this.#tally.add('lost', `request ${id} was answered and is not stored`);
    }
    this.#fates(rows);
  }

  /** A performed POST has its callbacks. A POST that was not performed is shown as such, or as unknown. No Request is open. */
  #fates(rows: readonly { readonly id: string; readonly reference: string | null; readonly status: string }[]): void {
    const performed = new Set(this.#books.performed.map(({ intent }) => intent?.number));
    for (const { id, reference, status } of rows) {
      const done = performed.has(Number(reference?.slice('intent-'.length)));
      const right = done ? ['SUCCEEDED', 'PARTIALLY_FAILED', 'FAILED'] : ['UNKNOWN', 'REJECTED', 'EXPIRED', 'CANCELLED'];
      if (!right.includes(status))
        this.#tally.add('other', `request ${id} is ${status}; the carrier has ${done ? '' : 'not '}performed it`);
    }
  }

  /** A Request's log as it was written. Its followers must have got exactly this. */
  log(requestId: string): readonly LogRow[] {
    const sql = `SELECT seq, outcome, outcome_status AS status, request_status AS requestStatus FROM event
      WHERE request_pk = (SELECT pk FROM request WHERE id = ?) ORDER BY seq`;
    return this.#db.prepare(sql).all(requestId) as unknown as LogRow[];
  }
}
