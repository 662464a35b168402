import { keyOf } from '../../thingspace/wire/device-identifier.ts';
import { toUnclaimed, type UnclaimedRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

export interface Settled {
  /** Requests of UNKNOWN fate that turned out to have arrived. */
  readonly resolved: readonly string[];
  /** Requests of other tools, now ours to show. */
  readonly adopted: readonly string[];
}

/** Groups looked at in one job. */
const GROUPS_AT_ONCE = 100;

type Group = {
  readonly account: string;
  readonly carrier_request_id: string;
  readonly service: string;
  readonly first_at: number;
  readonly first_pk: number;
};

/**
 * Finds owners for callbacks that no Request has, one carrier request id at a time. Nothing is decided while a request of
 * that account is on its way that left before the first of them came: the id may be the answer to it.
 *
 * A Request that left and never learnt its id takes it when it is the only one that could: same account and service, sent
 * before the callback came (by the order in the store, whatever the clock said), an identifier in common. An id that could be of several stays unclaimed, and so does one that a
 * Request of unknown devices may have: there is no guessing, an operator can tell. What could be nobody's becomes a Request
 * of origin EXTERNAL once it has waited since before `before`.
 *
 * @param after where the job before came to (`next`): what cannot be decided stays, and must not keep the rest from its turn.
 */
export function settleUnclaimed(sql: Statements, writer: SqliteWriter, before: number, after: number): Settled & { next: number } {
  const settled = { resolved: [] as string[], adopted: [] as string[] };
  const groups = sql.unclaimedGroups.all(after, GROUPS_AT_ONCE) as Group[];
  for (const group of groups) {
    // An id that two accounts' listeners heard belongs to whichever had it first; the other's messages stay unclaimed.
    if (sql.carrierById.get(group.carrier_request_id)) continue;
    if (sql.sentBefore.get(group.account, group.first_pk)) continue;
    const { sure, possible } = candidatesFor(sql, writer, group);
    const [only] = sure;
    if (only && sure.length + possible === 1) {
      writer.step(only.id, only.position, { type: 'ACCEPTED', carrierRequestId: group.carrier_request_id });
      settled.resolved.push(only.id);
    } else if (sure.length + possible === 0 && group.first_at < before) {
      settled.adopted.push(writer.adoptExternal(group.account, group.carrier_request_id, group.service, group.first_at));
    }
  }
  return { ...settled, next: groups.length < GROUPS_AT_ONCE ? 0 : (groups.at(-1)?.first_pk ?? 0) };
}

function candidatesFor(
  sql: Statements,
  writer: SqliteWriter,
  { account, carrier_request_id, service, first_pk }: Group,
): { sure: readonly Lost[]; possible: number } {
  const lost = sql.withoutIdOfAccount.all(account, service, first_pk) as Lost[];
  if (lost.length === 0) return { sure: [], possible: 0 };
  const messages = (sql.unclaimedOf.all(carrier_request_id, account) as UnclaimedRow[]).flatMap((row) => toUnclaimed(row)?.message ?? []);
  const keys = messages.flatMap(({ deviceIds }) => deviceIds.map(keyOf));
  // Of a damaged one nobody knows the devices.
  const known = ({ pk, position }: Lost) => writer.stateIfWhole(pk)?.carrier(position).byKey ?? new Map();
  return {
    sure: lost.filter((request) => keys.some((key) => known(request).has(key))),
    possible: lost.filter((request) => request.state !== 'CLOSED' && known(request).size === 0).length,
  };
}

type Lost = {
  readonly id: string;
  readonly pk: number;
  readonly position: number;
  readonly state: string;
};
