import { createHash } from 'node:crypto';
import type { DeadLetterFilter, DeadLetter, StoredDeadLetter } from '../dead-letter-log.ts';
import type { AppendResult, IncomingCallback } from '../request-log.ts';
import type { Page } from '../stored-request.ts';
import { readPage } from './read-page.ts';
import type { SqliteForward } from './sqlite-forward.ts';
import type { RowOf } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

/** How many callbacks of other accounts' requests are kept for one account and service. */
const MAX_FOREIGN = 10_000;

/** False past the cap. The message is dropped then, because anybody who finds a path could fill the disk. */
export function keepDeadLetter(sql: Statements, forwards: SqliteForward, message: DeadLetter, capPerReason: number): boolean {
  const { account, service, receivedAt, reason, contentType, contentEncoding = null, body } = message;
  const kept = sql.countDeadLetters.get(account, service, reason) as { rows: number };
  if (kept.rows >= capPerReason) return false;
  const digest = createHash('sha256').update(body).digest();
  const { changes } = sql.insertDeadLetter.run(account, service, receivedAt, reason, contentType, digest, body, contentEncoding);
  if (changes > 0) forwards.add(message);
  return true;
}

const OUTCOME_OF = { FOREIGN_REQUEST: 'FOREIGN', WRONG_SERVICE: 'WRONG_SERVICE', DAMAGED_REQUEST: 'DAMAGED' } as const;

/**
 * Keeps a callback of a request that is damaged, waits for another service, or belongs to another account. One of our own requests'
 * is never dropped.
 */
export function keepAside(
  sql: Statements,
  forwards: SqliteForward,
  callback: IncomingCallback,
  reason: keyof typeof OUTCOME_OF,
): AppendResult {
  const { account, service, receivedAt, digest, json } = callback;
  const outcome = OUTCOME_OF[reason];
  // A callback that came before the other account had the id was kept as unclaimed, and stays there.
  if (sql.knownUnclaimed.get(account, service, digest)) return outcome;
  if (sql.knownDeadLetter.get(account, service, reason, digest)) return outcome;
  const kept = sql.countDeadLetters.get(account, service, reason) as { rows: number };
  if (outcome === 'FOREIGN' && kept.rows >= MAX_FOREIGN) return 'DROPPED';
  sql.insertDeadLetter.run(account, service, receivedAt, reason, null, digest, Buffer.from(json), null);
  forwards.add(callback);
  return outcome;
}

export function readDeadLetters(sql: Statements, filter: DeadLetterFilter, after: string | null, limit: number): Page<StoredDeadLetter> {
  const { accounts, reason } = filter;
  const asked = { reason, after: Number(after ?? 0), limit: limit + 1 };
  const found = accounts ? sql.deadLetterPageOf.all({ ...asked, accounts: JSON.stringify(accounts) }) : sql.deadLetterPage.all(asked);
  return readPage<StoredDeadLetter>(found, limit, sql.deadLetterByPk, ({ body }) => body.byteLength);
}

export function readDeadLettersById(
  sql: Statements,
  ids: readonly string[],
  accounts: readonly string[] | null,
): Map<string, StoredDeadLetter> {
  const found = sql.deadLettersByIds.all(JSON.stringify(ids.map(Number)), accounts && JSON.stringify(accounts));
  return new Map((found as RowOf<StoredDeadLetter>[]).map((row) => [row.id, row]));
}
