import { createHash } from 'node:crypto';
import type { KeptFilter, KeptMessage, KeptReason, StoredKeptMessage } from '../dead-letter-log.ts';
import type { AppendResult, IncomingCallback, Page } from '../request-log.ts';
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
  const kept = sql.countKept.get(account, service, reason) as { rows: number };
  if (kept.rows >= capPerReason) return false;
  const digest = createHash('sha256').update(body).digest();
  const { changes } = sql.insertKept.run(account, service, receivedAt, reason, contentType, digest, body);
  if (changes > 0) forwards.add(message);
  return true;
}

/** Keeps a callback aside whose request is another account's, or damaged: of our own none is ever dropped. */
export function keepAside(
  sql: Statements,
  forwards: SqliteForward,
  callback: IncomingCallback,
  reason: 'FOREIGN_REQUEST' | 'DAMAGED_REQUEST',
): AppendResult {
  const { account, service, receivedAt, digest, json } = callback;
  const outcome = reason === 'FOREIGN_REQUEST' ? 'FOREIGN' : 'DAMAGED';
  // It came before the other account had the id, and is kept where it was then.
  if (sql.knownUnclaimed.get(account, service, digest)) return outcome;
  if (sql.knownKept.get(account, service, reason, digest)) return outcome;
  const kept = sql.countKept.get(account, service, reason) as { rows: number };
  if (outcome === 'FOREIGN' && kept.rows >= KEPT_FOREIGN) return 'DROPPED';
  sql.insertKept.run(account, service, receivedAt, reason, null, digest, Buffer.from(json));
  forwards.add(callback);
  return outcome;
}

/** A page of long messages ends early: a thousand of a megabyte each would not fit into memory, nor into one answer. */
export function keptPage(sql: Statements, filter: KeptFilter, after: string | null, limit: number): Page<StoredKeptMessage> {
  const rows: StoredKeptMessage[] = [];
  let bytes = 0;
  const { accounts, reason } = filter;
  const asked = { reason, after: Number(after ?? 0), limit: limit + 1 };
  const page = accounts ? sql.keptPageOf.all({ ...asked, accounts: JSON.stringify(accounts) }) : sql.keptPage.all(asked);
  for (const { pk } of page as { pk: number }[]) {
    const row = sql.keptByPk.get(pk) as KeptRow;
    bytes += row.body.byteLength;
    if (rows.length === limit || (bytes > PAGE_BYTES && rows.length > 0)) return { rows, hasMore: true };
    rows.push(toKept(row));
  }
  return { rows, hasMore: false };
}

export function keptById(sql: Statements, ids: readonly string[], accounts: readonly string[] | null): Map<string, StoredKeptMessage> {
  const rows = sql.keptByIds.all(JSON.stringify(ids.map(Number)), accounts && JSON.stringify(accounts)) as KeptRow[];
  return new Map(rows.map((row) => [String(row.pk), toKept(row)]));
}

function toKept({ pk, account, service, received_at, reason, content_type, body }: KeptRow): StoredKeptMessage {
  return { id: String(pk), account, service, receivedAt: received_at, reason, contentType: content_type, body };
}
