import { numberIn } from '../numbered-id.ts';
import type { NextTurn, Page } from '../stored-request.ts';
import type { UnclaimedCallback, UnclaimedLog } from '../unclaimed-log.ts';
import type { DiskRoom } from './disk-room.ts';
import type { GroupCommit } from './group-commit.ts';
import { indexLost } from './index-identifiers.ts';
import { readPage } from './read-page.ts';
import type { RequestWork } from './request-work.ts';
import { settleUnclaimed } from './settle-unclaimed.ts';
import { toUnclaimed, type UnclaimedRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';
import type { KeyedRows, KeyWalker, OrderedIndex, Walk } from './walk-keys.ts';

/** Devices that are indexed in one job, before unclaimed callbacks are looked at. */
const LOST_AT_ONCE = 1_000;

interface Parts {
  readonly sql: Statements;
  readonly writer: SqliteWriter;
  readonly commits: GroupCommit;
  readonly work: RequestWork;
  readonly walker: KeyWalker;
  readonly disk: DiskRoom;
}

/** `UnclaimedLog` of the SQLite store. */
export class SqliteUnclaimed implements UnclaimedLog {
  readonly #parts: Parts;
  #isClaiming = false;
  /** Where the next look at the unclaimed callbacks begins. */
  #next = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async unclaimed(
    accounts: readonly string[] | null,
    after: string | null,
    limit: number,
    nextTurn?: NextTurn,
  ): Promise<Page<UnclaimedCallback>> {
    const { sql, walker } = this.#parts;
    const plan = () => planUnclaimed(accounts, after === null ? 0 : numberIn('unc', after));
    const keys = await walker.page<{ pk: number }>(UNCLAIMED, plan, limit + 1, nextTurn);
    const page = { keys, limit, read: sql.unclaimedByPk, lengthOf: ({ json }: UnclaimedRow) => json.length };
    return readPage(walker, { ...page, toItem: toUnclaimed }, nextTurn);
  }

  unclaimedById(ids: readonly string[], accounts: readonly string[] | null): Promise<Map<string, UnclaimedCallback>> {
    const { sql, commits } = this.#parts;
    return commits.read(() => {
      const numbers = JSON.stringify(ids.map((id) => numberIn('unc', id)));
      const rows = sql.unclaimedByIds.all(numbers, accounts && JSON.stringify(accounts)) as UnclaimedRow[];
      return new Map(rows.flatMap((row) => toUnclaimed(row) ?? []).map((callback) => [callback.id, callback]));
    });
  }

  settleUnclaimed(before: number) {
    const { sql, writer, commits, work, disk } = this.#parts;
    const settled = commits.run(() => {
      // A request that may own an id is found by its identifiers.
      for (let left = LOST_AT_ONCE; left > 0;) {
        const indexed = indexLost(sql, writer.changes.devices);
        if (indexed === 0) break;
        left -= indexed;
        if (left <= 0) return { resolved: [], adopted: [], done: false };
      }
      // A new request takes room.
      const { next, ...found } = settleUnclaimed(sql, writer, disk.isLow ? -Infinity : before, this.#next);
      this.#next = next;
      return { ...found, done: next === 0 };
    });
    return work.settling(settled);
  }

  /** Goes on claiming, one bounded job at a time, beside whatever else is written. A job that fails is tried again after the next one. */
  claimMore(): void {
    const { writer, commits } = this.#parts;
    if (this.#isClaiming || writer.unclaimed.next() === null) return;
    this.#isClaiming = true;
    const end = () => {
      this.#isClaiming = false;
    };
    commits
      .run(() => writer.claimMore())
      .then(() => {
        end();
        this.claimMore();
      }, end);
  }
}

export const UNCLAIMED: KeyedRows = { table: 'unclaimed', select: 'pk', order: 'ASC' };
const BY_ACCOUNT: OrderedIndex = { from: 'unclaimed INDEXED BY unclaimed_by_account', column: 'account', key: 'pk' };

export function planUnclaimed(accounts: readonly string[] | null, after: number | null): Walk {
  return {
    source: accounts && { index: BY_ACCOUNT, values: [...new Set(accounts)] },
    conditions: [],
    parameters: {},
    ranges: after === null ? [] : [[after + 1, Number.MAX_SAFE_INTEGER]],
  };
}
