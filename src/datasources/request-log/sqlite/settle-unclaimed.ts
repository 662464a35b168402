import { keyOf } from '../../thingspace/wire/same-identifier.ts';
import { toUnclaimed, type UnclaimedRow } from './sqlite-rows.ts';
import { findCarrier, type Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

/** Groups looked at in one job. */
const GROUPS_AT_ONCE = 100;

type Group = {
  readonly account: string;
  readonly carrierRequestId: string;
  readonly service: string;
  readonly firstAt: number;
  readonly firstPk: number;
};

/** A carrier request that has left and has no id. */
type Lost = {
  readonly id: string;
  readonly pk: number;
  readonly position: number;
  readonly state: string;
};

/**
 * Finds owners for callbacks that no Request has, one carrier request id at a time. An id waits while a request of its account
 * is on its way that left before the first callback came: the id may be the answer to that request.
 *
 * A Request that left and never learnt its id takes the id when it is the only candidate: same account and service, an identifier
 * in common, and sent before the callback came (by the order in the store, whatever the clock said). The store does not guess: an
 * id that several Requests may own stays unclaimed, and so does an id that a Request of unknown devices may own. An operator can
 * resolve these. An id without any candidate becomes a Request of origin EXTERNAL if it has been unclaimed since before `before`.
 *
 * @param after the `next` of the job before: groups that cannot be decided stay, and must not hold the others up.
 * @returns `resolved`: Requests of UNKNOWN fate that did arrive; `adopted`: Requests of other tools, which we show from now on.
 */
export function settleUnclaimed(
  sql: Statements,
  writer: SqliteWriter,
  before: number,
  after: number,
): { readonly resolved: readonly string[]; readonly adopted: readonly string[]; readonly next: number } {
  const resolved: string[] = [];
  const adopted: string[] = [];
  const groups = sql.unclaimedGroups.all(after, GROUPS_AT_ONCE) as Group[];
  for (const group of groups) {
    // When two accounts' listeners heard the same id, the first account has it. The other's messages stay unclaimed.
    if (findCarrier(sql, group.carrierRequestId)) continue;
    if (sql.sentBefore.get(group.account, group.firstPk)) continue;
    const { sure, possible } = findCandidates(sql, writer, group);
    const [only] = sure;
    if (only && sure.length + possible === 1) {
      writer.step(only.id, only.position, { type: 'ACCEPTED', carrierRequestId: group.carrierRequestId });
      resolved.push(only.id);
    } else if (sure.length + possible === 0 && group.firstAt < before) {
      adopted.push(writer.adoptExternal(group.account, group.carrierRequestId, group.service, group.firstAt));
    }
  }
  return { resolved, adopted, next: groups.length < GROUPS_AT_ONCE ? 0 : (groups.at(-1)?.firstPk ?? 0) };
}

function findCandidates(
  sql: Statements,
  writer: SqliteWriter,
  { account, carrierRequestId, service, firstPk }: Group,
): { sure: readonly Lost[]; possible: number } {
  const lost = sql.withoutIdOfAccount.all(account, service, firstPk) as Lost[];
  if (lost.length === 0) return { sure: [], possible: 0 };
  const messages = (sql.unclaimedOf.all(JSON.stringify([carrierRequestId]), account) as UnclaimedRow[]).flatMap(
    (row) => toUnclaimed(row)?.message ?? [],
  );
  const keys = messages.flatMap(({ deviceIds }) => deviceIds.map(keyOf));
  // Nobody knows the devices of a damaged Request.
  const isNamed = ({ pk, position }: Lost) => keys.some((key) => (writer.stateIfWhole(pk)?.namedBy(position, key).length ?? 0) > 0);
  const knowsNone = ({ pk, position }: Lost) => (writer.stateIfWhole(pk)?.carrier(position).byStem.size ?? 0) === 0;
  return {
    sure: lost.filter(isNamed),
    possible: lost.filter((request) => request.state !== 'CLOSED' && knowsNone(request)).length,
  };
}
