import { identifierKey, keyOf } from '../../thingspace/wire/same-identifier.ts';
import { readMessageIfReadable } from '../read-message.ts';
import type { Database, Transaction } from './database.ts';
import { isOfDatabase } from './postgres-error.ts';
import type { InputOf, RequestedDevices } from './requested-devices.ts';
import type { Seals } from './seals.ts';
import { LONGEST_KEY } from './write-runs.ts';

/** Devices or rows whose identifiers are indexed in one transaction, and bytes of messages. The callbacks of their Request wait for it. */
const INDEXED_AT_ONCE = 500;
const BYTES_AT_ONCE = 1_048_576;

interface ToIndex extends InputOf {
  readonly indexedSeq: number;
}

interface Parts {
  readonly devices: RequestedDevices;
  readonly seals: Seals;
}

/**
 * Brings the identifier table one step nearer to the log: first the devices that a Request named, then the identifiers in each row of its
 * log. Gateways that do so at once take different Requests. False when nothing is left to do.
 */
export async function indexIdentifiers(db: Database, devices: RequestedDevices, seals: Seals): Promise<boolean> {
  return (await indexNext(db, { devices, seals }, NEXT)) > 0;
}

/** The same for the devices of Requests that have left and have no id. Gives back how many it looked at, at least 1; 0 at the end. */
export function indexLost(db: Database, devices: RequestedDevices, seals: Seals): Promise<number> {
  return indexNext(db, { devices, seals }, NEXT_LOST);
}

/** What to do next: the first Request that nobody has locked; when all are locked, the first one of all. */
interface Next {
  readonly free: string;
  readonly first: string;
}

function indexNext(db: Database, parts: Parts, { free, first }: Next): Promise<number> {
  return db.transaction(async (tx) => {
    const [found] = await tx.rows<ToIndex>(free);
    if (found) return indexRequest(tx, parts, found);
    const [locked] = await tx.rows<{ pk: number }>(first);
    if (!locked) return 0;
    // Whoever has it may be done with it meanwhile.
    const [request] = await tx.rows<ToIndex>(LOCK, [locked.pk]);
    return request ? indexRequest(tx, parts, request) : 1;
  });
}

async function indexRequest(tx: Transaction, parts: Parts, request: ToIndex): Promise<number> {
  let step: Step;
  try {
    step = request.indexedSeq < 0 ? await readDevices(tx, parts, request) : await readMessages(tx, parts, request);
  } catch (error) {
    if (isOfDatabase(error)) throw error;
    // A damaged Request is found by the identifiers indexed so far. It must not hold the others up for ever.
    await tx.run(GIVE_UP, [request.pk]);
    return 1;
  }
  const keys = [...step.keys].filter((key) => key.length <= LONGEST_KEY);
  if (keys.length > 0) await tx.run(INSERT, [keys, request.pk]);
  await tx.run(SET_INDEXED, [request.pk, step.upTo]);
  return Math.max(1, step.looked);
}

interface Step {
  readonly keys: ReadonlySet<string>;
  /** See `request.indexed_seq`. Null for the end of the log. */
  readonly upTo: number | null;
  readonly looked: number;
}

async function readDevices(tx: Transaction, { devices }: Parts, request: ToIndex): Promise<Step> {
  const keys = new Set<string>();
  const named = (await devices.read(tx, [request])).get(request.pk);
  const count = named?.count ?? 0;
  // −1 before any device is indexed, −1 − n once the first n are.
  const from = -1 - request.indexedSeq;
  const end = Math.min(from + INDEXED_AT_ONCE, count);
  for (let index = from; index < end; index++) {
    for (const { kind, id, reportedKind } of named?.identifiers(index) ?? []) keys.add(identifierKey(kind, id, reportedKind));
  }
  return { keys, upTo: end < count ? -1 - end : 0, looked: Math.max(0, end - from) };
}

interface MessageRow {
  readonly seq: number;
  readonly service: string | null;
  readonly message: string | null;
  readonly keyId: string | null;
}

async function readMessages(tx: Transaction, { seals }: Parts, { pk, indexedSeq }: ToIndex): Promise<Step> {
  const keys = new Set<string>();
  const rows = await tx.rows<MessageRow>(MESSAGES, [pk, indexedSeq, INDEXED_AT_ONCE, BYTES_AT_ONCE]);
  // What is in a message that cannot be read is not found by it.
  for (const row of rows) for (const identifier of toMessage(seals, pk, row)?.deviceIds ?? []) keys.add(keyOf(identifier));
  return { keys, upTo: rows.at(-1)?.seq ?? null, looked: rows.length };
}

function toMessage(seals: Seals, pk: number, { seq, service, message, keyId }: MessageRow) {
  try {
    return readMessageIfReadable(service, seals.openText(message, keyId, `event/message/${pk}/${seq}`));
  } catch {
    return null;
  }
}

const TO_INDEX = 'r.pk, r.id, r.indexed_seq AS "indexedSeq"';
const LOST = `carrier_request c JOIN request r ON r.pk = c.request_pk
  WHERE c.carrier_request_id IS NULL AND c.state IN ('UNKNOWN', 'ACCEPTED', 'CLOSED') AND r.indexed_seq < 0 AND r.is_to_index`;
const NEXT: Next = {
  free: `SELECT ${TO_INDEX} FROM request r WHERE r.is_to_index ORDER BY r.pk LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`,
  first: 'SELECT pk FROM request WHERE is_to_index ORDER BY pk LIMIT 1',
};
const NEXT_LOST: Next = {
  free: `SELECT ${TO_INDEX} FROM ${LOST} LIMIT 1 FOR NO KEY UPDATE OF r SKIP LOCKED`,
  first: `SELECT r.pk FROM ${LOST} LIMIT 1`,
};
const LOCK = `SELECT ${TO_INDEX} FROM request r WHERE r.pk = $1 AND r.is_to_index FOR NO KEY UPDATE`;
const MESSAGES = `SELECT seq, service, message, "keyId" FROM (
    SELECT *, sum(bytes) OVER (ORDER BY seq) - bytes AS before FROM (
      SELECT seq, service, message, key_id AS "keyId", coalesce(octet_length(message), 0) AS bytes FROM event
      WHERE request_pk = $1 AND seq > $2 ORDER BY seq LIMIT $3) first) sized
  WHERE before < $4 ORDER BY seq`;
const INSERT = 'INSERT INTO identifier (key, request_pk) SELECT key, $2 FROM unnest($1::text[]) AS key ON CONFLICT DO NOTHING';
const SET_INDEXED = `UPDATE request SET indexed_seq = coalesce($2::integer, last_seq), is_to_index = coalesce($2::integer, last_seq) < last_seq
  WHERE pk = $1`;
const GIVE_UP = 'UPDATE request SET indexed_seq = last_seq, is_to_index = false WHERE pk = $1';
