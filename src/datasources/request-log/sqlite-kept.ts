import { createHash } from 'node:crypto';
import type { KeptFilter, KeptMessage, KeptReason, StoredKeptMessage } from './kept-messages.ts';
import type { Page } from './request-log.ts';
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

/** False past the cap: counted and dropped, because anybody who finds a path could fill the disk. */
export function keepMessage(sql: Statements, message: KeptMessage, capPerReason: number): boolean {
  const { account, service, receivedAt, reason, contentType, body } = message;
  const kept = sql.countKept.get(reason) as { rows: number };
  if (kept.rows >= capPerReason) return false;
  sql.insertKept.run(account, service, receivedAt, reason, contentType, createHash('sha256').update(body).digest(), body);
  return true;
}

export function keptPage(sql: Statements, filter: KeptFilter, after: string | null, limit: number): Page<StoredKeptMessage> {
  const rows = sql.keptPage.all({
    accounts: filter.accounts && JSON.stringify(filter.accounts),
    reason: filter.reason,
    after: Number(after ?? 0),
    limit: limit + 1,
  }) as KeptRow[];
  return { rows: rows.slice(0, limit).map(toKept), hasMore: rows.length > limit };
}

export function keptById(sql: Statements, ids: readonly string[]): Map<string, StoredKeptMessage> {
  const rows = sql.keptByIds.all(JSON.stringify(ids.map(Number))) as KeptRow[];
  return new Map(rows.map((row) => [String(row.pk), toKept(row)]));
}

function toKept({ pk, account, service, received_at, reason, content_type, body }: KeptRow): StoredKeptMessage {
  return { id: String(pk), account, service, receivedAt: received_at, reason, contentType: content_type, body };
}
