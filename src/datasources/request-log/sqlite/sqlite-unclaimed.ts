import { numberIn } from '../numbered-id.ts';
import type { NextTurn, Page } from '../stored-request.ts';
import type { UnclaimedCallback, UnclaimedLog } from '../unclaimed-log.ts';
import type { DiskRoom } from './disk-room.ts';
import type { GroupCommit } from './group-commit.ts';
import { readPage } from './read-page.ts';
import type { RequestWork } from './request-work.ts';
import { settleUnclaimed } from './settle-unclaimed.ts';
import { toUnclaimed, type UnclaimedRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';
import type { KeyedRows, KeyWalker, OrderedIndex, Walk } from './walk-keys.ts';

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

  discardUnclaimed(ids: readonly string[]): Promise<void> {
    const { sql, writer, commits } = this.#parts;
    // A power cut may bring them back, and then they are taken once more.
    return commits.runUnsynced(() => {
      sql.purgeUnclaimed.run(JSON.stringify(ids.map((id) => numberIn('unc', id))));
      writer.unclaimed.forgetCounts();
    });
  }

  settleUnclaimed(before: number) {
    const { sql, writer, commits, work, disk } = this.#parts;
    const settled = commits.run(() => {
      // A new request takes room.
      const { next, ...found } = settleUnclaimed(sql, writer, disk.isLow ? -Infinity : before, this.#next);
      this.#next = next;
      return found;
    });
    return work.settling(settled);
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
