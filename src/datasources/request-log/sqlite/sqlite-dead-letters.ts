import { createHash } from 'node:crypto';
import type { DeadLetter, DeadLetterFilter, DeadLetterReason, Refusal, StoredDeadLetter } from '../dead-letter-log.ts';
import type { LogLimits } from '../log-limits.ts';
import type { AppendResult, IncomingCallback } from '../request-log.ts';
import { numberIn } from '../numbered-id.ts';
import type { Page } from '../stored-request.ts';
import { hasRoomFor } from './held.ts';
import { readPage } from './read-page.ts';
import type { SqliteForward } from './sqlite-forward.ts';
import type { RowOf } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

export interface DeadLetterParts {
  readonly sql: Statements;
  readonly forwards: SqliteForward;
  readonly limits: LogLimits;
}

export function keepDeadLetter(
  { sql, forwards, limits }: DeadLetterParts,
  message: DeadLetter,
  most: number,
  isLow: boolean,
): 'KEPT' | Refusal {
  const { account, service, receivedAt, reason, contentType, contentEncoding = null, body } = message;
  const digest = createHash('sha256').update(body).digest();
  if (sql.knownDeadLetter.get(account, service, reason, digest)) return 'KEPT';
  if (isLow) return 'DISK_LOW';
  const messages = Math.min(most, limits.messages);
  if (!hasRoomFor(sql, { ...limits, messages }, message, reason, body.byteLength)) return 'PATH_FULL';
  sql.insertDeadLetter.run(account, service, receivedAt, reason, contentType, digest, body, contentEncoding);
  forwards.add(message);
  return 'KEPT';
}

const OUTCOME_OF = { FOREIGN_REQUEST: 'FOREIGN', WRONG_SERVICE: 'WRONG_SERVICE', DAMAGED_REQUEST: 'DAMAGED' } as const;

/** Keeps a callback of a request that is damaged, waits for another service, or belongs to another account. */
export function keepAside(
  { sql, forwards, limits }: DeadLetterParts,
  callback: IncomingCallback,
  reason: keyof typeof OUTCOME_OF,
  isLow: boolean,
): AppendResult {
  const { account, service, digest, json } = callback;
  const outcome = OUTCOME_OF[reason];
  // A callback that came before the other account had the id was kept as unclaimed, and stays there.
  if (sql.knownUnclaimed.get(account, service, digest)) return outcome;
  if (sql.knownDeadLetter.get(account, service, reason, digest)) return outcome;
  if (isLow) return 'DISK_LOW';
  if (!hasRoomFor(sql, limits, callback, reason, json.length)) return 'PATH_FULL';
  moveAside(sql, callback, reason);
  forwards.add(callback);
  return outcome;
}

/** Keeps a callback that was acknowledged already. */
export function moveAside(
  sql: Statements,
  { account, service, receivedAt, digest, json }: Pick<IncomingCallback, 'account' | 'service' | 'receivedAt' | 'digest' | 'json'>,
  reason: DeadLetterReason,
): void {
  sql.insertDeadLetter.run(account, service, receivedAt, reason, null, digest, Buffer.from(json), null);
}

export function readDeadLetters(sql: Statements, filter: DeadLetterFilter, after: string | null, limit: number): Page<StoredDeadLetter> {
  const { accounts, reason } = filter;
  const asked = { reason, after: after === null ? 0 : numberIn('dead', after), limit: limit + 1 };
  const found = accounts ? sql.deadLetterPageOf.all({ ...asked, accounts: JSON.stringify(accounts) }) : sql.deadLetterPage.all(asked);
  return readPage<StoredDeadLetter>(found, limit, sql.deadLetterByPk, ({ body }) => body.byteLength);
}

export function readDeadLettersById(
  sql: Statements,
  ids: readonly string[],
  accounts: readonly string[] | null,
): Map<string, StoredDeadLetter> {
  const found = sql.deadLettersByIds.all(JSON.stringify(ids.map((id) => numberIn('dead', id))), accounts && JSON.stringify(accounts));
  return new Map((found as RowOf<StoredDeadLetter>[]).map((row) => [row.id, row]));
}
