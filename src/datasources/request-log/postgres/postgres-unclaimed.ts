import { numberIn } from '../numbered-id.ts';
import type { NextTurn, Page } from '../stored-request.ts';
import type { UnclaimedCallback, UnclaimedLog } from '../unclaimed-log.ts';
import { listUnclaimed, readUnclaimedById } from './postgres-unclaimed-reads.ts';
import { settleUnclaimed, type SettleParts } from './settle-unclaimed.ts';

/** `UnclaimedLog` of the PostgreSQL store. */
export class PostgresUnclaimed implements UnclaimedLog {
  readonly #parts: SettleParts;
  /** Where the next look at the unclaimed callbacks begins. */
  #next = 0;

  constructor(parts: SettleParts) {
    this.#parts = parts;
  }

  unclaimed(
    accounts: readonly string[] | null,
    after: string | null,
    limit: number,
    nextTurn?: NextTurn,
  ): Promise<Page<UnclaimedCallback>> {
    return listUnclaimed(this.#parts, accounts, after, limit, nextTurn);
  }

  unclaimedById(ids: readonly string[], accounts: readonly string[] | null): Promise<ReadonlyMap<string, UnclaimedCallback>> {
    return readUnclaimedById(this.#parts, ids, accounts);
  }

  async discardUnclaimed(ids: readonly string[]): Promise<void> {
    await this.#parts.db.run('DELETE FROM unclaimed WHERE pk = ANY($1::bigint[])', [ids.map((id) => numberIn('unc', id))]);
  }

  async settleUnclaimed(before: number) {
    const { next, ...settled } = await settleUnclaimed(this.#parts, before, this.#next);
    this.#next = next;
    return settled;
  }
}
