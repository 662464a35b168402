import { createHash } from 'node:crypto';
import type { DeadLetter, DeadLetterFilter, DeadLetterLog, DeadLetterReason, Refusal, StoredDeadLetter } from '../dead-letter-log.ts';
import type { LogLimits } from '../log-limits.ts';
import type { AppendResult, IncomingCallback } from '../callback-intake.ts';
import { numberIn } from '../numbered-id.ts';
import type { NextTurn, Page } from '../stored-request.ts';
import type { GroupCommit } from './group-commit.ts';
import { hasRoomFor } from './held.ts';
import { readPage } from './read-page.ts';
import type { SqliteForward } from './sqlite-forward.ts';
import type { RowOf } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';
import type { KeyedRows, KeyWalker, OrderedIndex, Walk } from './walk-keys.ts';

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

/** `DeadLetterLog` of the SQLite store. */
export class SqliteDeadLetters implements DeadLetterLog {
  readonly #sql: Statements;
  readonly #commits: GroupCommit;
  readonly #walker: KeyWalker;

  constructor(sql: Statements, commits: GroupCommit, walker: KeyWalker) {
    this.#sql = sql;
    this.#commits = commits;
    this.#walker = walker;
  }

  async deadLetters(filter: DeadLetterFilter, after: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<StoredDeadLetter>> {
    const plan = () => planDeadLetters(filter, after === null ? 0 : numberIn('dead', after));
    const keys = await this.#walker.page<{ pk: number }>(DEAD_LETTERS, plan, limit + 1, nextTurn);
    const page = { keys, limit, read: this.#sql.deadLetterByPk, lengthOf: (row: StoredDeadLetter) => row.body.byteLength };
    return readPage(this.#walker, { ...page, toItem: (row) => row }, nextTurn);
  }

  deadLettersById(ids: readonly string[], accounts: readonly string[] | null): Promise<Map<string, StoredDeadLetter>> {
    return this.#commits.read(() => {
      const numbers = JSON.stringify(ids.map((id) => numberIn('dead', id)));
      const found = this.#sql.deadLettersByIds.all(numbers, accounts && JSON.stringify(accounts)) as RowOf<StoredDeadLetter>[];
      return new Map(found.map((row) => [row.id, row]));
    });
  }

  discardDeadLetter(id: string): Promise<void> {
    return this.#commits.run(() => void this.#sql.deleteDeadLetter.run(numberIn('dead', id)));
  }
}

export const DEAD_LETTERS: KeyedRows = { table: 'kept_message', select: 'pk', order: 'ASC' };
const BY_ACCOUNT: OrderedIndex = { from: 'kept_message INDEXED BY kept_message_by_account', column: 'account', key: 'pk' };
const BY_REASON: OrderedIndex = { from: 'kept_message INDEXED BY kept_message_by_reason', column: 'reason', key: 'pk' };

export function planDeadLetters({ accounts, reason }: DeadLetterFilter, after: number | null): Walk {
  const ofReason = reason === null ? null : { index: BY_REASON, values: [reason] };
  const conditions = accounts !== null && reason !== null ? ['reason = :reason'] : [];
  return {
    source: accounts ? { index: BY_ACCOUNT, values: [...new Set(accounts)] } : ofReason,
    conditions,
    parameters: conditions.length > 0 ? { reason } : {},
    ranges: after === null ? [] : [[after + 1, Number.MAX_SAFE_INTEGER]],
  };
}
