import { keyOf } from '../../thingspace/wire/same-identifier.ts';
import { findIndexed, indexLost } from './index-identifiers.ts';
import { toUnclaimed, type UnclaimedRow } from './sqlite-rows.ts';
import { findCarrier, type Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';
import { CLAIMED_AT_ONCE } from './unclaimed-messages.ts';

/** Messages and ids looked at in one job. */
const MESSAGES_AT_ONCE = 1_000;
const GROUPS_AT_ONCE = 100;
/** The first messages of an id tell what it is. */
const READ_OF_ID = 100;
const KEYS_OF_ID = 500;

/** Devices of lost requests that are indexed in one job, before callbacks are looked at. */
const LOST_AT_ONCE = 1_000;

/** The messages of one id on the paths of one account. */
interface Group {
  readonly account: string;
  readonly carrierRequestId: string;
  readonly service: string;
  readonly firstAt: number;
  readonly firstPk: number;
}

/** A carrier request that has left and has no id. */
type Lost = {
  readonly id: string;
  readonly pk: number;
  readonly position: number;
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
 * One job looks at a bounded number of messages and ids, and ends when it has claimed enough. The rest of a pile follows by itself.
 *
 * @param after the `next` of the job before: what cannot be decided stays, and must not hold the others up.
 * @returns `resolved`: Requests of UNKNOWN fate that did arrive; `adopted`: Requests of other tools, which we show from now on;
 * `done`: everything was looked at.
 */
export function settleUnclaimed(
  sql: Statements,
  writer: SqliteWriter,
  before: number,
  after: number,
): { readonly resolved: readonly string[]; readonly adopted: readonly string[]; readonly next: number; readonly done: boolean } {
  // A request that may own an id is found by its identifiers.
  for (let left = LOST_AT_ONCE, indexed = 1; indexed > 0; left -= indexed) {
    if (left <= 0) return { resolved: [], adopted: [], next: after, done: false };
    indexed = indexLost(sql, writer.changes.devices);
  }
  const resolved: string[] = [];
  const adopted: string[] = [];
  const decide = (group: Group): void => {
    const owner = findCarrier(sql, group.carrierRequestId);
    if (owner) {
      // When two accounts' listeners heard the same id, the first account has it. The other's messages stay unclaimed.
      if (owner.account === group.account) writer.claim(group.carrierRequestId, owner);
      return;
    }
    if (sql.sentBefore.get(group.account, group.firstPk)) return;
    const { sure, possible } = findCandidates(sql, writer, group);
    const [only] = sure;
    if (only && sure.length + possible === 1) {
      writer.step(only.id, only.position, { type: 'ACCEPTED', carrierRequestId: group.carrierRequestId });
      resolved.push(only.id);
    } else if (sure.length + possible === 0 && group.firstAt < before && writer.mayAdopt(group.account)) {
      adopted.push(writer.adoptExternal(group.account, group.carrierRequestId, group.service, group.firstAt));
    }
  };
  const known = new Map<string, Group | null>();
  let groups = 0;
  const rows = sql.unclaimedAfter.all(after, MESSAGES_AT_ONCE) as { pk: number; account: string; carrierRequestId: string | null }[];
  for (const { pk, account, carrierRequestId } of rows) {
    if (carrierRequestId === null) continue;
    const key = `${account} ${carrierRequestId}`;
    const group = known.get(key) ?? readGroup(sql, account, carrierRequestId);
    known.set(key, group);
    // An id is decided once in a pass: at its first message.
    if (group?.firstPk !== pk) continue;
    decide(group);
    if (++groups >= GROUPS_AT_ONCE || writer.claimed >= CLAIMED_AT_ONCE) return { resolved, adopted, next: pk, done: false };
  }
  const last = rows.length < MESSAGES_AT_ONCE ? undefined : rows.at(-1);
  return { resolved, adopted, next: last?.pk ?? 0, done: last === undefined };
}

/** Null for an id whose messages settle no device. */
function readGroup({ unclaimedGroup }: Statements, account: string, carrierRequestId: string): Group | null {
  const found = unclaimedGroup.get(carrierRequestId, account, READ_OF_ID) as Pick<Group, 'service' | 'firstAt' | 'firstPk'>;
  return found.firstPk === null ? null : { account, carrierRequestId, ...found };
}

function findCandidates(
  sql: Statements,
  writer: SqliteWriter,
  { account, carrierRequestId, service, firstPk }: Group,
): { sure: readonly Lost[]; possible: number } {
  const first = sql.unclaimedKeys.all(carrierRequestId, account, 0, READ_OF_ID) as { pk: number }[];
  const messages = first.flatMap(({ pk }) => toUnclaimed(sql.unclaimedByPk.get(pk) as UnclaimedRow)?.message ?? []);
  const keys = [...new Set(messages.flatMap(({ deviceIds }) => deviceIds.map(keyOf)))].slice(0, KEYS_OF_ID);
  const named = sql.lostNaming.all(JSON.stringify(findIndexed(sql, keys)), account, service, firstPk) as Lost[];
  const sure = named.filter(({ pk, position }) => {
    const state = writer.changes.stateIfReadable(pk);
    // Nobody knows the devices of a damaged Request.
    return state !== null && keys.some((key) => writer.changes.rowsOf(pk).namedBy(position, key).length > 0);
  });
  const nameless = sql.lostNameless.all(account, service, firstPk) as Lost[];
  return { sure, possible: nameless.filter(({ pk }) => !sure.some((each) => each.pk === pk)).length };
}
