import { createHash } from 'node:crypto';
import type { DeadLetterFilter, DeadLetter, DeadLetterReason, StoredDeadLetter } from '../dead-letter-log.ts';
import type { AppendResult, IncomingCallback } from '../request-log.ts';
import type { Page } from '../stored-request.ts';
import { readPage } from './read-page.ts';
import type { SqliteForward } from './sqlite-forward.ts';
import type { Statements } from './sqlite-statements.ts';

type DeadLetterRow = {
  readonly pk: number;
  readonly account: string;
  readonly service: string;
  readonly received_at: number;
  readonly reason: DeadLetterReason;
  readonly content_type: string | null;
  readonly body: Uint8Array;
};

/** Of one account and service: callbacks of another account's requests that are kept at most. */
const MAX_FOREIGN = 10_000;

/** False past the cap: counted and dropped, because anybody who finds a path could fill the disk. */
export function keepDeadLetter(sql: Statements, forwards: SqliteForward, message: DeadLetter, capPerReason: number): boolean {
  const { account, service, receivedAt, reason, contentType, body } = message;
  const kept = sql.countDeadLetters.get(account, service, reason) as { rows: number };
  if (kept.rows >= capPerReason) return false;
  const digest = createHash('sha256').update(body).digest();
  const { changes } = sql.insertDeadLetter.run(account, service, receivedAt, reason, contentType, digest, body);
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
  if (sql.knownDeadLetter.get(account, service, reason, digest)) return outcome;
  const kept = sql.countDeadLetters.get(account, service, reason) as { rows: number };
  if (outcome === 'FOREIGN' && kept.rows >= MAX_FOREIGN) return 'DROPPED';
  sql.insertDeadLetter.run(account, service, receivedAt, reason, null, digest, Buffer.from(json));
  forwards.add(callback);
  return outcome;
}

export function readDeadLetters(sql: Statements, filter: DeadLetterFilter, after: string | null, limit: number): Page<StoredDeadLetter> {
  const { accounts, reason } = filter;
  const asked = { reason, after: Number(after ?? 0), limit: limit + 1 };
  const found = accounts ? sql.deadLetterPageOf.all({ ...asked, accounts: JSON.stringify(accounts) }) : sql.deadLetterPage.all(asked);
  return readPage(
    found as { pk: number }[],
    limit,
    (pk) => toDeadLetter(sql.deadLetterByPk.get(pk) as DeadLetterRow),
    ({ body }) => body.byteLength,
  );
}

export function readDeadLettersById(
  sql: Statements,
  ids: readonly string[],
  accounts: readonly string[] | null,
): Map<string, StoredDeadLetter> {
  const rows = sql.deadLettersByIds.all(JSON.stringify(ids.map(Number)), accounts && JSON.stringify(accounts)) as DeadLetterRow[];
  return new Map(rows.map((row) => [String(row.pk), toDeadLetter(row)]));
}

function toDeadLetter({ pk, account, service, received_at, reason, content_type, body }: DeadLetterRow): StoredDeadLetter {
  return { id: String(pk), account, service, receivedAt: received_at, reason, contentType: content_type, body };
}
