import { awaits, type Owner } from '../carrier-owner.ts';
import type { LogLimits } from '../log-limits.ts';
import { readMessageIfReadable } from '../read-message.ts';
import type { Database, Transaction } from './database.ts';
import { findOwner, findOwners } from './find-owners.ts';
import { lockRequests } from './locked-request.ts';
import { insertDeadLetters, toDeadLetter, type NewDeadLetter } from './path-rows.ts';
import { runChanges, type RequestRun } from './request-run.ts';
import type { Seals } from './seals.ts';
import { placeOfUnclaimed, waitingIds, type UnclaimedRow } from './unclaimed-rows.ts';
import { writeRuns } from './write-runs.ts';

/** Rows and bytes that are claimed in one transaction. The callbacks of their Request wait for it. */
const CLAIMED_AT_ONCE = 200;
const BYTES_AT_ONCE = 1_048_576;

interface Parts {
  readonly db: Database;
  readonly seals: Seals;
  readonly limits: LogLimits;
}

type StoredUnclaimed = UnclaimedRow & { readonly keyId: string | null };

/**
 * Gives the unclaimed messages of an id to the carrier request that has it by now, in the order they came and in bounded steps. What comes
 * meanwhile waits behind them.
 *
 * Two gateways may work at the same moment: one stores a message whose owner it does not know, the other one stores the owner. Each looks
 * for the work of the other one when its own is committed. So at least one of them finds it.
 */
export class Claims {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Claims what waits for these ids, if they have owners. Resolves when nothing waits any more. */
  async claimAll(ids: readonly string[]): Promise<void> {
    const { db } = this.#parts;
    const owners = await findOwners(db, ids);
    const owned = [...owners].map(([carrierRequestId, { account }]) => ({ account, carrierRequestId }));
    const waiting = owned.length === 0 ? new Set() : await waitingIds(db, owned);
    for (const { account, carrierRequestId } of owned) {
      if (!waiting.has(`${account} ${carrierRequestId}`)) continue;
      while (await db.transaction((tx) => this.#claimPart(tx, carrierRequestId)));
    }
  }

  /** True when more may be left. */
  async #claimPart(tx: Transaction, carrierRequestId: string): Promise<boolean> {
    const { seals, limits } = this.#parts;
    const owner = await findOwner(tx, carrierRequestId);
    const request = owner && (await lockRequests(tx, [owner.pk])).get(owner.pk);
    if (!owner || request?.carriers[owner.position]?.carrierRequestId !== carrierRequestId) return false;
    const sizes = await tx.rows<{ pk: number; bytes: number }>(NEXT, [carrierRequestId, owner.account, CLAIMED_AT_ONCE]);
    const keys = keysWithin(sizes);
    if (keys.length === 0) return false;
    const found = await tx.rows<StoredUnclaimed>(ROWS, [keys]);
    const foreign = found.findIndex(({ keyId }) => !seals.hasKey(keyId));
    // What only another gateway can open waits for that one, and what came after it waits behind it.
    const rows = foreign < 0 ? found : found.slice(0, foreign);
    if (rows.length === 0) return false;
    const known = await tx.rows<{ digest: Uint8Array }>(KNOWN, [owner.pk, rows.map(({ digest }) => digest)]);
    const isKnown = new Set(known.map(({ digest }) => Buffer.from(digest).toString('base64')));
    const [ran] = await runChanges(tx, { seals, limits: limits.request }, [
      {
        request,
        work: (run: RequestRun) =>
          takeInOrder(
            run,
            owner,
            rows.map((row) => ({ ...row, json: openUnclaimed(seals, row) })),
            isKnown,
          ),
      },
    ]);
    if (!ran) return false;
    const { taken, left, aside, isStopped } = ran.result;
    await tx.run('DELETE FROM unclaimed WHERE pk = ANY($1::bigint[])', [taken]);
    if (left.length > 0) await tx.run('UPDATE unclaimed SET is_left = true WHERE pk = ANY($1::bigint[])', [left]);
    // Another tool's request that takes none of so many is full. One of ours may still find a result among the rest.
    const isFull = owner.origin === 'EXTERNAL' && taken.length === 0 && left.length > 0;
    if (isFull) await tx.run(LEAVE_ALL, [carrierRequestId, owner.account]);
    // In the order in which callbacks are stored: each of these locks its count in `held`.
    await insertDeadLetters(tx, seals, aside);
    await writeRuns(tx, seals, [ran.run]);
    return !isFull && foreign < 0 && (isStopped || keys.length < sizes.length || sizes.length === CLAIMED_AT_ONCE);
  }
}

interface Taken {
  readonly taken: number[];
  /** Their owner has no room for them. */
  readonly left: number[];
  readonly aside: NewDeadLetter[];
  /** The next ones are taken in another transaction, when what messages have told is in the index. */
  isStopped: boolean;
}

function takeInOrder(
  run: RequestRun,
  owner: Owner,
  rows: readonly (Omit<StoredUnclaimed, 'json'> & { readonly json: string | null })[],
  isKnown: ReadonlySet<string>,
): Taken {
  const result: Taken = { taken: [], left: [], aside: [], isStopped: false };
  const seen = new Set(isKnown);
  for (const { pk, service, digest, receivedAt, callbackCount, json, account } of rows) {
    const message = readMessageIfReadable(service, json);
    const name = Buffer.from(digest).toString('base64');
    const letter = { account, service, receivedAt, digest, json: json ?? '' };
    if (json !== null && message && !seen.has(name)) {
      const callback = { message, service, json, digest, callbackCount, receivedAt };
      if (!awaits(owner, callback)) result.aside.push(toDeadLetter(letter, 'WRONG_SERVICE'));
      else {
        const applied = run.apply({ type: 'CALLBACK', position: owner.position, callback }, receivedAt);
        if (applied.result === 'NOT_YET') {
          result.isStopped = true;
          return result;
        }
        if (applied.result === 'FULL') {
          result.left.push(pk);
          continue;
        }
        seen.add(name);
      }
    } else if (!message) result.aside.push(toDeadLetter(letter, 'UNREADABLE'));
    result.taken.push(pk);
  }
  return result;
}

/** Null for a message that does not open. */
function openUnclaimed(seals: Seals, row: StoredUnclaimed): string | null {
  try {
    return seals.openText(row.json, row.keyId, placeOfUnclaimed(row));
  } catch {
    return null;
  }
}

function keysWithin(sizes: readonly { readonly pk: number; readonly bytes: number }[]): number[] {
  const keys: number[] = [];
  let bytes = 0;
  for (const { pk, bytes: size } of sizes) {
    if (keys.length > 0 && bytes + size > BYTES_AT_ONCE) break;
    keys.push(pk);
    bytes += size;
  }
  return keys;
}

const NEXT = `SELECT pk, octet_length(message) AS bytes FROM unclaimed
  WHERE carrier_request_id = $1::word AND account = $2::word AND NOT is_left ORDER BY pk LIMIT $3`;
const ROWS = `SELECT pk, account, service, carrier_request_id AS "carrierRequestId", received_at AS "receivedAt",
  callback_count AS "callbackCount", digest, message AS json, key_id AS "keyId" FROM unclaimed WHERE pk = ANY($1::bigint[]) ORDER BY pk`;
const KNOWN = 'SELECT digest FROM event WHERE request_pk = $1 AND digest = ANY($2::bytea[]) AND NOT is_found_by_device';
const LEAVE_ALL = `UPDATE unclaimed SET is_left = true WHERE carrier_request_id = $1::word AND account = $2::word AND NOT is_left`;
