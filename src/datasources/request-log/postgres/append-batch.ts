import type { AppendResult, IncomingCallback } from '../callback-intake.ts';
import { awaits, type Owner } from '../carrier-owner.ts';
import type { DeadLetterReason } from '../dead-letter-log.ts';
import type { ForwardLane } from '../forward-queue.ts';
import type { LogLimits } from '../log-limits.ts';
import type { Transaction } from './database.ts';
import { findOwners, toCarrierId } from './find-owners.ts';
import { lockRequests, type LockedRequest } from './locked-request.ts';
import { insertDeadLetters, insertForwards, PathRoom, toDeadLetter, type NewDeadLetter } from './path-rows.ts';
import { runChanges, type RequestRun } from './request-run.ts';
import type { Seals } from './seals.ts';
import { insertUnclaimed, knownUnclaimed, waitingIds, type NewUnclaimed } from './unclaimed-rows.ts';
import { writeRuns } from './write-runs.ts';

export interface AppendParts {
  readonly seals: Seals;
  readonly limits: LogLimits;
}

export interface Appended {
  /** In the order of the callbacks. */
  readonly results: readonly AppendResult[];
  /** Ids whose messages were kept as unclaimed. */
  readonly kept: ReadonlySet<string>;
  /** Requests in which a message has begun what one transaction does not end. */
  readonly owing: readonly string[];
  readonly noRoomToForward: ReadonlyMap<ForwardLane, number>;
}

interface Arrived {
  readonly callback: IncomingCallback;
  readonly carrierRequestId: string | null;
}

interface Owned extends Arrived {
  readonly owner: Owner;
}

/** What becomes of a callback whose request is known. `BEHIND`: it waits behind others, and is claimed after them. */
type Applied = 'APPLIED' | 'DUPLICATE' | 'REQUEST_FULL' | 'PATH_FULL' | 'BEHIND';

const ASIDE = { FOREIGN_REQUEST: 'FOREIGN', WRONG_SERVICE: 'WRONG_SERVICE' } as const;

/**
 * Stores callbacks in one transaction, however many Requests they are about: their owners are read in one statement, their Requests are
 * locked, what each message needs to know is read in a few statements more, and everything is written at once.
 */
export async function appendBatch(tx: Transaction, parts: AppendParts, callbacks: readonly IncomingCallback[]): Promise<Appended> {
  const { seals, limits } = parts;
  const arrived = callbacks.map((callback): Arrived => ({ callback, carrierRequestId: toCarrierId(callback.message.requestId) }));
  const owners = await findOwners(
    tx,
    arrived.flatMap(({ carrierRequestId }) => carrierRequestId ?? []),
  );
  const locked = await lockRequests(tx, [...new Set([...owners.values()].map(({ pk }) => pk))]);
  const room = await PathRoom.read(
    tx,
    limits,
    callbacks.map(({ account }) => account),
  );
  const results = new Map<Arrived, AppendResult>();
  const toApply: Owned[] = [];
  const toKeep: Arrived[] = [];
  const aside: { readonly each: Arrived; readonly reason: keyof typeof ASIDE }[] = [];
  for (const each of arrived) {
    const owner = stillOwner(owners.get(each.carrierRequestId ?? ''), each.carrierRequestId, locked);
    if (!owner) toKeep.push(each);
    else if (owner.account !== each.callback.account) aside.push({ each, reason: 'FOREIGN_REQUEST' });
    else toApply.push({ ...each, owner });
  }
  const { known, waiting } = await readKnown(tx, toApply);
  const ready: Owned[] = [];
  for (const owned of toApply) {
    const { callback, owner, carrierRequestId } = owned;
    if (known.has(placeOf(owner.pk, callback.digest))) results.set(owned, 'DUPLICATE');
    // It waits behind those that came before it.
    else if (waiting.has(`${callback.account} ${carrierRequestId}`)) toKeep.push(owned);
    else if (!awaits(owner, callback)) aside.push({ each: owned, reason: 'WRONG_SERVICE' });
    else ready.push(owned);
  }
  const runs = await applyAll(tx, parts, { ready, locked, room });
  const forwarded: IncomingCallback[] = [];
  for (const [owned, result] of runs.results) {
    if (result === 'BEHIND') toKeep.push(owned);
    else results.set(owned, result);
    if (result === 'APPLIED') forwarded.push(owned.callback);
  }
  const letters = await decideAside(tx, { aside, room, results });
  const unclaimed = await insertUnclaimed(tx, { seals, limits, room }, toKeep.map(toUnclaimedRow));
  for (const [at, each] of toKeep.entries()) {
    const result = required(unclaimed[at]);
    results.set(each, result);
    if (result === 'UNCLAIMED') forwarded.push(each.callback);
  }
  await insertDeadLetters(tx, seals, letters.kept);
  await writeRuns(tx, seals, runs.runs);
  const noRoomToForward = await insertForwards(tx, { seals, room }, [...forwarded, ...letters.forwarded]);
  const kept = new Set(toKeep.flatMap((each) => (results.get(each) === 'UNCLAIMED' ? (each.carrierRequestId ?? []) : [])));
  const byCallback = new Map([...results].map(([{ callback }, result]) => [callback, result]));
  const owing = runs.runs.filter(({ request, set }) => set.state.owes && request.carriers.every(({ owed }) => owed === null));
  return {
    results: callbacks.map((callback) => required(byCallback.get(callback))),
    kept,
    owing: owing.map(({ request }) => request.id),
    noRoomToForward,
  };
}

/** What has no result was not stored, and must not be acknowledged. */
function required(result: AppendResult | undefined): AppendResult {
  if (result === undefined) throw new Error('a callback has no result');
  return result;
}

/** Between the look and the lock the id may have gone to another carrier request, or its Request may have been purged. */
function stillOwner(owner: Owner | undefined, id: string | null, locked: ReadonlyMap<number, LockedRequest>): Owner | null {
  return owner && locked.get(owner.pk)?.carriers[owner.position]?.carrierRequestId === id ? owner : null;
}

/** The messages that are in the logs already, and the ids of which others wait to be claimed. */
async function readKnown(tx: Transaction, owned: readonly Owned[]): Promise<{ known: Set<string>; waiting: Set<string> }> {
  if (owned.length === 0) return { known: new Set(), waiting: new Set() };
  const found = await tx.rows<{ pk: number; digest: Uint8Array }>(KNOWN, [
    owned.map(({ owner }) => owner.pk),
    owned.map(({ callback }) => callback.digest),
  ]);
  return {
    known: new Set(found.map(({ pk, digest }) => placeOf(pk, digest))),
    waiting: await waitingIds(
      tx,
      owned.map(({ callback: { account }, carrierRequestId }) => ({ account, carrierRequestId: carrierRequestId ?? '' })),
    ),
  };
}

async function applyAll(
  tx: Transaction,
  { seals, limits }: AppendParts,
  { ready, locked, room }: { ready: readonly Owned[]; locked: ReadonlyMap<number, LockedRequest>; room: PathRoom },
): Promise<{ results: Map<Owned, Applied>; runs: RequestRun[] }> {
  const byRequest = Map.groupBy(ready, ({ owner }) => owner.pk);
  const jobs = [...byRequest].flatMap(([pk, some]) => {
    const request = locked.get(pk);
    return request ? [{ request, work: (run: RequestRun) => applyInOrder(run, some, room) }] : [];
  });
  const ran = await runChanges(tx, { seals, limits: limits.request }, jobs);
  return { results: new Map(ran.flatMap(({ result }) => [...result])), runs: ran.map(({ run }) => run) };
}

function applyInOrder(run: RequestRun, callbacks: readonly Owned[], room: PathRoom): Map<Owned, Applied> {
  const results = new Map<Owned, Applied>();
  const taken = new Set<string>();
  let isBehind = false;
  for (const owned of callbacks) {
    const { callback, owner } = owned;
    const digest = Buffer.from(callback.digest).toString('base64');
    const result: Applied = taken.has(digest) ? 'DUPLICATE' : isBehind ? 'BEHIND' : applyOne(run, owner, callback, room);
    // What comes after one that must wait, waits too.
    isBehind ||= result === 'BEHIND';
    if (result === 'APPLIED') taken.add(digest);
    results.set(owned, result);
  }
  return results;
}

function applyOne(run: RequestRun, { origin, account, position }: Owner, callback: IncomingCallback, room: PathRoom): Applied {
  const { receivedAt } = callback;
  if (origin === 'EXTERNAL') {
    if (!room.hasExternal(account)) return 'PATH_FULL';
    // Nobody knows how many devices another tool's request has. It was closed because nothing had come for a while.
    if (run.set.state.carrierState(position) === 'CLOSED') run.apply({ type: 'REOPENED', position }, receivedAt);
  }
  const { result } = run.apply({ type: 'CALLBACK', position, callback }, receivedAt);
  if (result === 'NOT_YET') return 'BEHIND';
  return result === 'FULL' ? 'REQUEST_FULL' : result;
}

/** Callbacks of a request that waits for another service, or belongs to another account. */
async function decideAside(
  tx: Transaction,
  {
    aside,
    room,
    results,
  }: { aside: readonly { each: Arrived; reason: keyof typeof ASIDE }[]; room: PathRoom; results: Map<Arrived, AppendResult> },
): Promise<{ kept: NewDeadLetter[]; forwarded: IncomingCallback[] }> {
  const kept: NewDeadLetter[] = [];
  const forwarded: IncomingCallback[] = [];
  if (aside.length === 0) return { kept, forwarded };
  const letters = aside.map(({ each, reason }) => ({ each, reason, letter: toDeadLetter(each.callback, reason) }));
  // A callback that came before the other account had the id was kept as unclaimed, and stays there.
  const unclaimed = await knownUnclaimed(
    tx,
    letters.map(({ letter }) => letter),
  );
  const known = await knownDeadLetters(
    tx,
    letters.map(({ letter }) => letter),
  );
  for (const { each, reason, letter } of letters) {
    results.set(each, ASIDE[reason]);
    const key = keyOfLetter(letter);
    if (unclaimed.has(keyOfLetter({ ...letter, reason: '' })) || known.has(key)) continue;
    if (!room.has(letter, reason, letter.body.byteLength)) {
      results.set(each, 'PATH_FULL');
      continue;
    }
    known.add(key);
    room.take(letter, reason, letter.body.byteLength);
    kept.push(letter);
    forwarded.push(each.callback);
  }
  return { kept, forwarded };
}

/** Which of these dead letters are there already, by `keyOfLetter`. */
export async function knownDeadLetters(
  tx: Transaction,
  letters: readonly { account: string; service: string; reason: DeadLetterReason; digest: Uint8Array }[],
): Promise<Set<string>> {
  const found = await tx.rows<{ account: string; service: string; reason: string; digest: Uint8Array }>(KNOWN_LETTERS, [
    letters.map(({ account }) => account),
    letters.map(({ service }) => service),
    letters.map(({ reason }) => reason),
    letters.map(({ digest }) => digest),
  ]);
  return new Set(found.map(keyOfLetter));
}

export function keyOfLetter({
  account,
  service,
  reason,
  digest,
}: {
  account: string;
  service: string;
  reason: string;
  digest: Uint8Array;
}): string {
  return `${account} ${service} ${reason} ${Buffer.from(digest).toString('base64')}`;
}

function toUnclaimedRow({ callback, carrierRequestId }: Arrived): NewUnclaimed {
  const { account, service, receivedAt, callbackCount, digest, json } = callback;
  return { account, service, carrierRequestId, receivedAt, callbackCount, digest, json };
}

function placeOf(pk: number, digest: Uint8Array): string {
  return `${pk} ${Buffer.from(digest).toString('base64')}`;
}

const KNOWN = `SELECT e.request_pk AS pk, e.digest FROM unnest($1::bigint[], $2::bytea[]) AS w (pk, digest)
  JOIN event e ON e.request_pk = w.pk AND e.digest = w.digest AND NOT e.is_found_by_device`;
const KNOWN_LETTERS = `SELECT d.account, d.service, d.reason, d.digest
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) AS w (account, service, reason, digest)
  JOIN dead_letter d ON d.account = w.account::word AND d.service = w.service::word AND d.reason = w.reason::word AND d.digest = w.digest`;
