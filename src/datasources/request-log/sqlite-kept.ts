import { createHash } from 'node:crypto';
import type { KeptFilter, KeptMessage, KeptReason, StoredKeptMessage } from './kept-messages.ts';
import type { AppendResult, IncomingCallback, Page } from './request-log.ts';
import type { SqliteForward } from './sqlite-forward.ts';
import type { Statements } from './sqlite-statements.ts';

type KeptRow = {
  readonly pk: number;
  readonly account: string;
  readonly service: string;
  readonly received_at: number;
  readonly reason: KeptReason;
  readonly content_type: string | null;
  readonly body: Uint8Array;
};

const KEPT_FOREIGN = 10_000;
/** Of the messages in one page. */
const PAGE_BYTES = 8 * 1_048_576;

/** False past the cap: counted and dropped, because anybody who finds a path could fill the disk. */
export function keepMessage(sql: Statements, forwards: SqliteForward, message: KeptMessage, capPerReason: number): boolean {
  const { account, service, receivedAt, reason, contentType, body } = message;
  const kept = sql.countKept.get(reason) as { rows: number };
  if (kept.rows >= capPerReason) return false;
  const digest = createHash('sha256').update(body).digest();
  const { changes } = sql.insertKept.run(account, service, receivedAt, reason, contentType, digest, body);
  if (changes > 0) forwards.add(message);
  return true;
}

/** Keeps a callback aside whose request id is known to be another account's. */
export function keepForeign(sql: Statements, forwards: SqliteForward, callback: IncomingCallback): AppendResult {
  const { account, service, receivedAt, digest, json } = callback;
  // It came before the other account had the id, and is kept where it was then.
  if (sql.knownUnclaimed.get(account, service, digest)) return 'FOREIGN';
  const kept = sql.countKept.get('FOREIGN_REQUEST') as { rows: number };
  if (kept.rows >= KEPT_FOREIGN) return 'FOREIGN';
  const { changes } = sql.insertKept.run(account, service, receivedAt, 'FOREIGN_REQUEST', null, digest, Buffer.from(json));
  if (changes > 0) forwards.add(callback);
  return 'FOREIGN';
}

/** A page of long messages ends early: a thousand of a megabyte each would not fit into memory, nor into one answer. */
export function keptPage(sql: Statements, filter: KeptFilter, after: string | null, limit: number): Page<StoredKeptMessage> {
  const rows: StoredKeptMessage[] = [];
  let bytes = 0;
  for (const row of sql.keptPage.iterate({
    accounts: filter.accounts && JSON.stringify(filter.accounts),
    reason: filter.reason,
    after: Number(after ?? 0),
    limit: limit + 1,
  }) as Iterable<KeptRow>) {
    bytes += row.body.byteLength;
    if (rows.length === limit || (bytes > PAGE_BYTES && rows.length > 0)) return { rows, hasMore: true };
    rows.push(toKept(row));
  }
  return { rows, hasMore: false };
}

export function keptById(sql: Statements, ids: readonly string[]): Map<string, StoredKeptMessage> {
  const rows = sql.keptByIds.all(JSON.stringify(ids.map(Number))) as KeptRow[];
  return new Map(rows.map((row) => [String(row.pk), toKept(row)]));
}

function toKept({ pk, account, service, received_at, reason, content_type, body }: KeptRow): StoredKeptMessage {
  return { id: String(pk), account, service, receivedAt: received_at, reason, contentType: content_type, body };
}
