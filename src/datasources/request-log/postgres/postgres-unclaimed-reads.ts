import { numberIn } from '../numbered-id.ts';
import { readMessageIfReadable } from '../read-message.ts';
import type { NextTurn, Page } from '../stored-request.ts';
import type { UnclaimedCallback } from '../unclaimed-log.ts';
import type { Queries } from './database.ts';
import { findKeys, type KeyWalk } from './find-keys.ts';
import { readPage, type SizedKey } from './read-page.ts';
import type { Seals } from './seals.ts';
import { placeOfUnclaimed } from './unclaimed-rows.ts';

interface Parts {
  readonly db: Queries;
  readonly seals: Seals;
}

type UnclaimedRow = Omit<UnclaimedCallback, 'message'> & { readonly digest: Uint8Array; readonly keyId: string | null };

/** `UnclaimedLog.unclaimed` of the PostgreSQL store. */
export async function listUnclaimed(
  { db, seals }: Parts,
  accounts: readonly string[] | null,
  after: string | null,
  limit: number,
  nextTurn?: NextTurn,
): Promise<Page<UnclaimedCallback>> {
  const from = after === null ? 0 : numberIn('unc', after);
  if (from === null) return { rows: [], hasMore: false };
  const keys = await findKeys<SizedKey>(db, planUnclaimed(accounts, from, limit + 1), nextTurn);
  return readPage(db, { keys, limit, sql: BY_KEYS, toItem: (row: UnclaimedRow) => toUnclaimed(seals, row) }, nextTurn);
}

/** `UnclaimedLog.unclaimedById` of the PostgreSQL store. */
export async function readUnclaimedById(
  { db, seals }: Parts,
  ids: readonly string[],
  accounts: readonly string[] | null,
): Promise<Map<string, UnclaimedCallback>> {
  const rows = await db.rows<UnclaimedRow>(BY_IDS, [ids.flatMap((id) => numberIn('unc', id) ?? []), accounts]);
  return new Map(rows.flatMap((row) => toUnclaimed(seals, row) ?? []).map((callback) => [callback.id, callback]));
}

function planUnclaimed(accounts: readonly string[] | null, from: number, limit: number): KeyWalk {
  const rest = { from, limit, isFiltered: false };
  if (accounts === null) return { ...rest, sql: NEXT, values: [], accounts: 1 };
  const some = [...new Set(accounts)];
  return { ...rest, sql: NEXT_OF_ACCOUNTS, values: [some], accounts: some.length };
}

/** Null for a message that does not open or cannot be read. */
function toUnclaimed(seals: Seals, { digest, keyId, ...row }: UnclaimedRow): UnclaimedCallback | null {
  const json = openIfPossible(seals, row.json, keyId, placeOfUnclaimed({ ...row, digest }));
  const message = readMessageIfReadable(row.service, json);
  return message && json !== null ? { ...row, digest, json, message } : null;
}

function openIfPossible(seals: Seals, stored: string, keyId: string | null, place: string): string | null {
  try {
    return seals.openText(stored, keyId, place);
  } catch {
    return null;
  }
}

const UNCLAIMED = `'unc_' || pk AS id, account, service, carrier_request_id AS "carrierRequestId", received_at AS "receivedAt",
  callback_count AS "callbackCount", digest, message AS json, key_id AS "keyId"`;
const SIZED = 'octet_length(message) AS bytes, true AS "isMeant"';
const NEXT = `SELECT pk, ${SIZED} FROM unclaimed WHERE pk > $1 ORDER BY pk LIMIT $2`;
// `pk + 0`: see the index unclaimed_by_account.
const NEXT_OF_ACCOUNTS = `SELECT u.pk, u.bytes, u."isMeant" FROM unnest($3::text[]) AS w (account)
  CROSS JOIN LATERAL (SELECT pk, ${SIZED} FROM unclaimed WHERE account = w.account::word AND pk + 0 > $1 ORDER BY pk + 0 LIMIT $2) u
  ORDER BY u.pk LIMIT $2`;
const BY_KEYS = `SELECT ${UNCLAIMED} FROM unclaimed WHERE pk = ANY($1::bigint[]) ORDER BY pk`;
const BY_IDS = `SELECT ${UNCLAIMED} FROM unclaimed WHERE pk = ANY($1::bigint[]) AND ($2::text[] IS NULL OR account = ANY($2::text[]))`;
