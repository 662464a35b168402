import { ulid } from 'ulid';
import { OUTCOME_SERVICES } from '../../thingspace/wire/callback-meaning.ts';
import { keyOf } from '../../thingspace/wire/same-identifier.ts';
import { readMessageIfReadable } from '../read-message.ts';
import { changeRequest, runOne, settle, settleOwing, stepRequest, type ChangeParts } from './change-request.ts';
import { findOwner } from './find-owners.ts';
import { findIndexed } from './find-indexed.ts';
import { indexLost } from './index-identifiers.ts';
import { insertRequest } from './insert-request.ts';
import { lockRequests, readState } from './locked-request.ts';
import { PathRoom } from './path-rows.ts';
import { runChanges } from './request-run.ts';
import type { RequestedDevices } from './requested-devices.ts';
import { placeOfUnclaimed, type UnclaimedRow } from './unclaimed-rows.ts';

/** Messages and ids looked at in one step. */
const MESSAGES_AT_ONCE = 1_000;
const GROUPS_AT_ONCE = 100;
/** The first messages of an id tell what it is. */
const READ_OF_ID = 100;
const KEYS_OF_ID = 500;
/** Devices of lost requests that are indexed in one step, before callbacks are looked at. */
const LOST_AT_ONCE = 1_000;
/** A step ends when it has taken so long: a gateway that stops waits for it, and nobody else sends meanwhile. */
const STEP_MS = 500;

export type SettleParts = ChangeParts & { readonly devices: RequestedDevices };

/** The messages of one id on the paths of one account. */
interface Group {
  readonly account: string;
  readonly carrierRequestId: string;
  readonly service: string;
  readonly firstAt: number;
  readonly firstPk: number;
}

/** A carrier request that has left and has no id. */
interface Lost {
  readonly id: string;
  readonly pk: number;
  readonly position: number;
}

export interface SettledUnclaimed {
  /** Requests of UNKNOWN fate that did arrive. */
  readonly resolved: string[];
  /** Requests of other tools, which we show from now on. */
  readonly adopted: string[];
  /** Where the next step begins. */
  readonly next: number;
  /** Everything was looked at. */
  readonly done: boolean;
}

/**
 * Does what changes have left to do. Then it finds owners for callbacks that no Request has, one carrier request id at a time. An id waits while a request of its account is on
 * its way that left before the first callback came: the id may be the answer to that request.
 *
 * A Request that left and never learnt its id takes the id when it is the only candidate: same account and service, an identifier in
 * common, and sent before the callback came (by the numbers of the store, whatever a clock said). The store does not guess: an id
 * that several Requests may own stays unclaimed, and so does an id that a Request of unknown devices may own. An operator can resolve
 * these. An id without any candidate becomes a Request of origin EXTERNAL if it has been unclaimed since before `before`.
 *
 * @param after the `next` of the step before: what cannot be decided stays, and must not hold the others up.
 */
export async function settleUnclaimed(parts: SettleParts, before: number, after: number): Promise<SettledUnclaimed> {
  const { db, devices, seals } = parts;
  const pause = { resolved: [], adopted: [], next: after, done: false };
  if (!(await settleOwing(parts, STEP_MS))) return pause;
  // A request that may own an id is found by its identifiers.
  const end = performance.now() + STEP_MS;
  for (let left = LOST_AT_ONCE, indexed = 1; indexed > 0; left -= indexed) {
    if (left <= 0 || performance.now() > end) return pause;
    indexed = await indexLost(db, devices, seals);
  }
  const resolved: string[] = [];
  const adopted: string[] = [];
  const known = new Map<string, Group | null>();
  let groups = 0;
  const rows = await db.rows<{ pk: number; account: string; carrierRequestId: string | null }>(AFTER, [after, MESSAGES_AT_ONCE]);
  for (const { pk, account, carrierRequestId } of rows) {
    if (carrierRequestId === null) continue;
    const key = `${account} ${carrierRequestId}`;
    if (!known.has(key)) known.set(key, await readGroup(parts, account, carrierRequestId));
    const group = known.get(key);
    // An id is decided once in a pass: at its first message.
    if (group?.firstPk !== pk) continue;
    const decided = await decide(parts, group, before);
    if (decided) (decided.how === 'RESOLVED' ? resolved : adopted).push(decided.requestId);
    if (++groups >= GROUPS_AT_ONCE || performance.now() > end) return { resolved, adopted, next: pk, done: false };
  }
  const last = rows.length < MESSAGES_AT_ONCE ? undefined : rows.at(-1);
  return { resolved, adopted, next: last?.pk ?? 0, done: last === undefined };
}

async function decide(
  parts: SettleParts,
  group: Group,
  before: number,
): Promise<{ readonly how: 'RESOLVED' | 'ADOPTED'; readonly requestId: string } | null> {
  const { db, claims } = parts;
  const { account, carrierRequestId, firstPk, firstAt } = group;
  const owner = await findOwner(db, carrierRequestId);
  if (owner) {
    // When two accounts' listeners heard the same id, the first account has it. The other's messages stay unclaimed.
    if (owner.account === account) await claims.claimAll([carrierRequestId]);
    return null;
  }
  const [sent] = await db.rows(SENT_BEFORE, [account, firstPk]);
  if (sent) return null;
  const { sure, possible } = await findCandidates(parts, group);
  const [only] = sure;
  if (only && sure.length + possible === 1) {
    const step = { position: only.position, step: { type: 'ACCEPTED', carrierRequestId } } as const;
    const done = await changeRequest(parts, only.id, (tx, request) => stepRequest(tx, parts, request, [step]));
    await settle(parts, only.id, [carrierRequestId]);
    return done > 0 ? { how: 'RESOLVED', requestId: only.id } : null;
  }
  if (sure.length + possible > 0 || firstAt >= before) return null;
  const requestId = await adopt(parts, group);
  return requestId === null ? null : { how: 'ADOPTED', requestId };
}

/** Null for an id whose messages settle no device. */
async function readGroup({ db }: SettleParts, account: string, carrierRequestId: string): Promise<Group | null> {
  const [found] = await db.rows<{ service: string | null; firstAt: number; firstPk: number }>(GROUP, [
    carrierRequestId,
    account,
    READ_OF_ID,
    [...OUTCOME_SERVICES],
  ]);
  return found && found.service !== null ? { account, carrierRequestId, ...found, service: found.service } : null;
}

async function findCandidates(parts: SettleParts, group: Group): Promise<{ sure: readonly Lost[]; possible: number }> {
  const { db, seals, limits } = parts;
  const { account, carrierRequestId, service, firstPk } = group;
  const first = await db.rows<UnclaimedRow & { keyId: string | null }>(FIRST, [carrierRequestId, account, READ_OF_ID]);
  // Another gateway has a key that is not configured here, and can tell.
  if (first.some(({ keyId }) => !seals.hasKey(keyId))) return { sure: [], possible: 1 };
  const messages = first.flatMap((row) => {
    try {
      return readMessageIfReadable(row.service, seals.openText(row.json, row.keyId, placeOfUnclaimed(row))) ?? [];
    } catch {
      return [];
    }
  });
  const keys = [...new Set(messages.flatMap(({ deviceIds }) => deviceIds.map(keyOf)))].slice(0, KEYS_OF_ID);
  const named = await db.rows<Lost>(LOST_NAMING, [await findIndexed(db, keys), account, service, firstPk]);
  const sure: Lost[] = [];
  for (const lost of named) {
    const request = await readState(db, lost.id);
    if (!request) continue;
    const [ran] = await runChanges(db, { seals, limits: limits.request }, [
      { request, work: ({ set }) => keys.some((key) => set.namedBy(lost.position, key).length > 0) },
    ]);
    if (ran?.result) sure.push(lost);
  }
  const nameless = await db.rows<Lost>(LOST_NAMELESS, [account, service, firstPk]);
  return { sure, possible: nameless.filter(({ pk }) => !sure.some((each) => each.pk === pk)).length };
}

/**
 * Makes a Request for another tool's carrier request, of which we know only the callbacks. Its id has the present time, whatever the
 * time of the callbacks is: a list goes on by ids when the Request at the end of a page is gone. Null when there is no room for it, or
 * another gateway was faster.
 */
async function adopt(parts: SettleParts, { account, carrierRequestId, service, firstAt }: Group): Promise<string | null> {
  const { db, seals, limits, now } = parts;
  const id = `req_${ulid(now())}`;
  const isMade = await db.transaction(async (tx) => {
    if (await findOwner(tx, carrierRequestId)) return false;
    if (!(await PathRoom.read(tx, limits, [account])).hasExternal(account)) return false;
    const request = await insertRequest(tx, seals, {
      id,
      account,
      origin: 'EXTERNAL',
      operation: null,
      createdBy: 'external',
      clientReference: null,
      idempotencyKey: null,
      retryOf: null,
      inputHash: null,
      devicesJson: null,
      settings: '{}',
      carrierRequests: [{ service, firstIndex: 0, deviceCount: null }],
      createdAt: firstAt,
    });
    await runOne(tx, parts, request, (run) => run.apply({ type: 'CREATED' }, firstAt));
    const created = (await lockRequests(tx, [request.pk])).get(request.pk);
    if (created) await stepRequest(tx, parts, created, [{ position: 0, step: { type: 'ACCEPTED', carrierRequestId } }]);
    return true;
  });
  if (!isMade) return null;
  await settle(parts, id, [carrierRequestId]);
  return id;
}

const AFTER = `SELECT pk, account, carrier_request_id AS "carrierRequestId" FROM unclaimed WHERE pk > $1 ORDER BY pk LIMIT $2`;
// The first messages of an id tell its service and its time. A sender may give one id very many.
const GROUP = `SELECT min(service) AS service, min(received_at) AS "firstAt", min(pk) AS "firstPk" FROM (SELECT pk, service, received_at
  FROM unclaimed WHERE carrier_request_id = $1::word AND account = $2::word AND service = ANY($4::text[]) ORDER BY pk LIMIT $3) AS first`;
const FIRST = `SELECT pk, account, service, carrier_request_id AS "carrierRequestId", received_at AS "receivedAt",
  callback_count AS "callbackCount", digest, message AS json, key_id AS "keyId" FROM unclaimed
  WHERE carrier_request_id = $1::word AND account = $2::word ORDER BY pk LIMIT $3`;
const SENT_BEFORE = `SELECT 1 FROM carrier_request c JOIN request r ON r.pk = c.request_pk
  WHERE c.state = 'SENDING' AND r.account = $1::word AND c.sent_after < $2 LIMIT 1`;
// Through the requests that have an identifier, so that the number of the lost ones does not matter.
const LOST_NAMING = `SELECT DISTINCT r.id, r.pk, c.position FROM identifier i JOIN request r ON r.pk = i.request_pk
  JOIN carrier_request c ON c.request_pk = r.pk
  WHERE i.key = ANY($1::text[]) AND r.account = $2::word AND c.service = $3::word AND c.sent_after < $4
    AND c.carrier_request_id IS NULL AND c.state IN ('UNKNOWN', 'ACCEPTED', 'CLOSED')`;
// Two are enough to know that it is not one.
const LOST_NAMELESS = `SELECT r.id, r.pk, c.position FROM carrier_request c JOIN request r ON r.pk = c.request_pk
  WHERE c.carrier_request_id IS NULL AND c.state IN ('UNKNOWN', 'ACCEPTED') AND r.account = $1::word AND c.service = $2::word
    AND c.sent_after < $3
    AND NOT EXISTS (SELECT 1 FROM device_key k WHERE k.request_pk = c.request_pk AND k.position = c.position) LIMIT 2`;
