import type { PurgeStep } from '../store-upkeep.ts';
import type { Database, Transaction } from './database.ts';
import { takeWithin } from './read-page.ts';

/** How many rows and bytes of messages one step deletes. */
const ROWS = 1_000;
const BYTES = 4 * 1_048_576;
/** Hidden Requests that one step looks at. Most have few rows. */
const REQUESTS = 100;

/**
 * One step of purging. First it deletes Requests that are hidden already, so that a crash leaves nothing behind: their rows in parts, and
 * the Request itself last. Then it hides the next Requests, each one as a whole: from then on no read, no list and no callback finds it.
 * Last come messages that belong to no Request. Several gateways may do so at once: each takes what the others have not locked.
 */
export function purgeStep(db: Database, before: number): Promise<PurgeStep> {
  return db.transaction(async (tx) => {
    const shrunk = await shrinkHidden(tx);
    if (shrunk.rows > 0) return { ...shrunk, messages: 0, done: false };
    const hidden = await hide(tx, before);
    if (hidden > 0) return { rows: hidden, requests: 0, messages: 0, done: false };
    const messages =
      (await purgeMessages(tx, OLD_UNCLAIMED, PURGE_UNCLAIMED, before)) || (await purgeMessages(tx, OLD_LETTERS, PURGE_LETTERS, before));
    return { rows: messages, requests: 0, messages, done: messages === 0 };
  });
}

async function shrinkHidden(tx: Transaction): Promise<{ rows: number; requests: number }> {
  const pks = (await tx.rows<{ pk: number }>(HIDDEN, [REQUESTS])).map(({ pk }) => pk);
  if (pks.length === 0) return { rows: 0, requests: 0 };
  const found = await tx.rows<{ pk: number; seq: number; bytes: number }>(EVENTS, [pks, ROWS]);
  const events = takeWithin(found, BYTES);
  let rows = events.length === 0 ? 0 : await tx.run(PURGE_EVENTS, [events.map(({ pk }) => pk), events.map(({ seq }) => seq)]);
  if (events.length < found.length) return { rows, requests: 0 };
  for (const purge of PURGE_PARTS) {
    if (rows >= ROWS) return { rows, requests: 0 };
    rows += await tx.run(purge, [pks, ROWS - rows]);
  }
  if (rows >= ROWS) return { rows, requests: 0 };
  // Their inputs go with them.
  const requests = await tx.run(PURGE_REQUESTS, [pks]);
  return { rows: rows + 2 * requests, requests };
}

interface Purgeable {
  readonly pk: number;
  readonly id: string;
  readonly account: string;
  readonly isExternal: boolean;
  readonly lastSeq: number;
  readonly messageBytes: number;
}

/** Gives back how many rows it has changed. */
async function hide(tx: Transaction, before: number): Promise<number> {
  const found = await tx.rows<{ pk: number; rows: number }>(PURGEABLE, [before, ROWS]);
  const candidates = takeWithin(
    found.map(({ pk, rows }) => ({ pk, bytes: rows })),
    ROWS,
  );
  if (candidates.length === 0) return 0;
  const requests = await tx.rows<Purgeable>(LOCK, [candidates.map(({ pk }) => pk), before]);
  const pks = requests.map(({ pk }) => pk);
  const carriers = await tx.run('DELETE FROM carrier_request WHERE request_pk = ANY($1::bigint[])', [pks]);
  await tx.run(HIDE, [pks]);
  await giveRoomBack(tx, requests);
  for (const { id } of requests) tx.wake(id);
  // Another gateway may have hidden them meanwhile. Then there may be more.
  return Math.max(1, pks.length + carriers);
}

/** The requests of other tools hold less. */
async function giveRoomBack(tx: Transaction, requests: readonly Purgeable[]): Promise<void> {
  const byAccount = Map.groupBy(
    requests.filter(({ isExternal }) => isExternal),
    ({ account }) => account,
  );
  if (byAccount.size === 0) return;
  const all = [...byAccount];
  await tx.run(GIVE_BACK, [
    all.map(([account]) => account),
    all.map(([, some]) => some.reduce((sum, { lastSeq }) => sum + lastSeq, 0)),
    all.map(([, some]) => some.reduce((sum, { messageBytes }) => sum + messageBytes, 0)),
  ]);
}

async function purgeMessages(tx: Transaction, old: string, purge: string, before: number): Promise<number> {
  const rows = takeWithin(await tx.rows<{ pk: number; bytes: number }>(old, [before, ROWS]), BYTES);
  return rows.length === 0 ? 0 : tx.run(purge, [rows.map(({ pk }) => pk)]);
}

const HIDDEN = "SELECT pk FROM request WHERE account = '' ORDER BY pk LIMIT $1 FOR UPDATE SKIP LOCKED";
const EVENTS = `SELECT p.pk, e.seq, e.bytes FROM unnest($1::bigint[]) AS p (pk)
  CROSS JOIN LATERAL (SELECT seq, coalesce(octet_length(message), 0) AS bytes FROM event WHERE request_pk = p.pk ORDER BY seq LIMIT $2) e
  LIMIT $2`;
const PURGE_EVENTS =
  'DELETE FROM event e USING unnest($1::bigint[], $2::integer[]) AS d (pk, seq) WHERE e.request_pk = d.pk AND e.seq = d.seq';
/** Nothing else changes these rows, so their places in the file stay the same. */
const PURGE_PARTS = ['device_key', 'unmatched', 'unmatched_key', 'identifier'].map(
  (table) => `DELETE FROM ${table} WHERE ctid = ANY (ARRAY (SELECT d.ctid FROM unnest($1::bigint[]) AS p (pk)
    CROSS JOIN LATERAL (SELECT ctid FROM ${table} WHERE request_pk = p.pk LIMIT $2) d LIMIT $2))`,
);
const PURGE_REQUESTS = 'DELETE FROM request WHERE pk = ANY($1::bigint[])';
const PURGEABLE = `SELECT r.pk, 1 + (SELECT count(*) FROM carrier_request c WHERE c.request_pk = r.pk)::integer AS rows FROM request r
  WHERE r.completed_at < $1 AND r.account <> '' ORDER BY r.completed_at LIMIT $2`;
const LOCK = `SELECT pk, id, account, origin = 'EXTERNAL' AS "isExternal", last_seq AS "lastSeq", message_bytes AS "messageBytes" FROM request
  WHERE pk = ANY($1::bigint[]) AND completed_at < $2 AND account <> '' ORDER BY pk FOR UPDATE`;
const HIDE = `UPDATE request SET id = 'purged_' || pk, account = '', client_reference = NULL, idempotency_key = NULL, retry_of = NULL,
  indexed_seq = last_seq, is_to_index = false WHERE pk = ANY($1::bigint[])`;
const GIVE_BACK = `UPDATE held h SET rows = h.rows - n.rows, bytes = h.bytes - n.bytes
  FROM (SELECT h.account, n.rows, n.bytes FROM held h JOIN unnest($1::text[], $2::bigint[], $3::bigint[]) AS n (account, rows, bytes)
      ON h.account = n.account::word WHERE h.service = '' AND h.kind = 'EXTERNAL' ORDER BY h.account FOR UPDATE OF h) n
  WHERE h.account = n.account AND h.service = '' AND h.kind = 'EXTERNAL'`;
// What a gateway claims at this moment is locked.
const OLD_UNCLAIMED = `SELECT pk, octet_length(message) AS bytes FROM unclaimed WHERE received_at < $1 ORDER BY received_at LIMIT $2
  FOR UPDATE SKIP LOCKED`;
const PURGE_UNCLAIMED = 'DELETE FROM unclaimed WHERE pk = ANY($1::bigint[])';
const OLD_LETTERS = `SELECT pk, octet_length(body) AS bytes FROM dead_letter WHERE received_at < $1 ORDER BY received_at LIMIT $2
  FOR UPDATE SKIP LOCKED`;
const PURGE_LETTERS = 'DELETE FROM dead_letter WHERE pk = ANY($1::bigint[])';
