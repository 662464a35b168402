import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { requestIdSpellings } from '../../thingspace/wire/carrier-request-id.ts';
import type { LogLimits } from '../log-limits.ts';
import type { AppendResult, IncomingCallback } from '../callback-intake.ts';
import type { Owner } from '../carrier-owner.ts';
import { hasRoomFor } from './held.ts';
import type { SqliteForward } from './sqlite-forward.ts';
import type { UnclaimedRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

/** Rows and bytes that are claimed in one job. Callbacks wait for it: measured at 60 µs a row. */
export const CLAIMED_AT_ONCE = 200;
const BYTES_AT_ONCE = 1_048_576;

/** How many ids are remembered, by the size of their texts: a sender invents them. */
const REMEMBERED_IDS = 20_000;

/** `LEFT`: it stays where it is. `NOT_YET`: it is tried again in the next job. */
export type Taken = 'TAKEN' | 'LEFT' | 'NOT_YET';

/** The messages of one id on their way to the carrier request that has it by now. `after`: the last of those that stay. */
interface Pile {
  readonly owner: Owner;
  after: number;
}

/**
 * The messages that no Request has yet. One id holds a bounded number of them. When its owner is known, they are claimed in steps:
 * in the order they came, and what comes meanwhile waits behind them.
 */
export class UnclaimedMessages {
  readonly #sql: Statements;
  readonly #forwards: SqliteForward;
  readonly #limits: LogLimits;
  readonly #counts = new BoundedCache<string, number>(REMEMBERED_IDS);
  readonly #piles = new Map<string, Pile>();
  /** Ids with messages that their owner could not take. They are not tried again in this life of the gateway. */
  readonly #left = new BoundedCache<string, true>(REMEMBERED_IDS);

  constructor(sql: Statements, forwards: SqliteForward, limits: LogLimits) {
    this.#sql = sql;
    this.#forwards = forwards;
    this.#limits = limits;
  }

  keep(callback: IncomingCallback, carrierRequestId: string | null, isLow: boolean): AppendResult {
    const { account, service, receivedAt, callbackCount, digest, json } = callback;
    if (this.#sql.knownUnclaimed.get(account, service, digest)) return 'DUPLICATE';
    if (isLow) return 'DISK_LOW';
    if (!hasRoomFor(this.#sql, this.#limits, callback, 'UNCLAIMED', json.length)) return 'PATH_FULL';
    if (carrierRequestId !== null && !this.#countIn(account, carrierRequestId)) return 'REQUEST_FULL';
    this.#sql.insertUnclaimed.run(account, service, carrierRequestId, receivedAt, callbackCount, digest, json);
    this.#forwards.add(callback);
    return 'UNCLAIMED';
  }

  /** Whether messages that came before still wait for the owner of this id. */
  isWaiting(carrierRequestId: string): boolean {
    return this.#piles.has(carrierRequestId);
  }

  /** False when this id has no messages of the owner's account, or only those that it could not take. */
  begin(carrierRequestId: string, owner: Owner): boolean {
    if (this.#piles.has(carrierRequestId)) return true;
    if (this.#left.get(carrierRequestId) || this.#nextKeys(carrierRequestId, { owner, after: 0 }).length === 0) return false;
    this.#piles.set(carrierRequestId, { owner, after: 0 });
    return true;
  }

  /** A message of this id was just kept. It is tried, whatever became of those before it. */
  beginAgain(carrierRequestId: string, owner: Owner): void {
    this.#left.delete(carrierRequestId);
    this.begin(carrierRequestId, owner);
  }

  /** An id whose messages wait to be claimed; null when no more is to be done. */
  next(): string | null {
    return this.#piles.keys().next().value ?? null;
  }

  /**
   * Claims the next messages of an id, in the order they came.
   *
   * @returns how many messages were looked at.
   */
  claim(carrierRequestId: string, take: (owner: Owner, row: UnclaimedRow) => Taken): number {
    const pile = this.#piles.get(carrierRequestId);
    if (!pile) return 0;
    const keys = this.#nextKeys(carrierRequestId, pile);
    const taken: number[] = [];
    let seen = 0;
    let bytes = 0;
    for (const key of keys) {
      const row = this.#sql.unclaimedByPk.get(key) as UnclaimedRow;
      const result = take(pile.owner, row);
      if (result === 'NOT_YET') break;
      if (result === 'TAKEN') taken.push(key);
      else this.#left.set(carrierRequestId, true, weightOf(carrierRequestId));
      pile.after = key;
      seen++;
      bytes += row.json.length;
      if (bytes >= BYTES_AT_ONCE) break;
    }
    this.#sql.purgeUnclaimed.run(JSON.stringify(taken));
    this.#counts.delete(countKey(pile.owner.account, carrierRequestId));
    // Another tool's request that takes none of so many is full. One of ours may still find a result among the rest.
    const isFull = pile.owner.origin === 'EXTERNAL' && taken.length === 0 && seen > 0;
    if (isFull || (seen === keys.length && keys.length < CLAIMED_AT_ONCE)) this.#piles.delete(carrierRequestId);
    return seen;
  }

  /** After a failed transaction: everything is read from the rows again. */
  forget(): void {
    this.#counts.clear();
    this.#piles.clear();
  }

  /** Carrier requests have lost these ids. */
  forgetIds(carrierRequestIds: readonly string[]): void {
    for (const id of carrierRequestIds) this.#piles.delete(id);
  }

  forgetCounts(): void {
    this.#counts.clear();
  }

  #countIn(account: string, carrierRequestId: string): boolean {
    const key = countKey(account, carrierRequestId);
    const most = this.#limits.messagesOfId;
    const count = this.#counts.get(key) ?? (this.#sql.countOfId.get(carrierRequestId, account, most) as { rows: number }).rows;
    if (count >= most) return false;
    this.#counts.set(key, count + 1, weightOf(carrierRequestId));
    return true;
  }

  /** Each spelling has its own place in the index, which is in the order of the keys. */
  #nextKeys(carrierRequestId: string, { owner, after }: Pile): number[] {
    const found = requestIdSpellings(carrierRequestId).flatMap(
      (id) => this.#sql.unclaimedKeys.all(id, owner.account, after, CLAIMED_AT_ONCE) as { pk: number }[],
    );
    return found
      .map(({ pk }) => pk)
      .toSorted((a, b) => a - b)
      .slice(0, CLAIMED_AT_ONCE);
  }
}

function countKey(account: string, carrierRequestId: string): string {
  return `${account} ${carrierRequestId}`;
}

function weightOf(carrierRequestId: string): number {
  return 1 + carrierRequestId.length / 64;
}
