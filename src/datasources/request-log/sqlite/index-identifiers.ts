import { identifierKey, isSameKey, keyOf, stemOf } from '../../thingspace/wire/same-identifier.ts';
import type { RequestedDevices } from './requested-devices.ts';
import { isOfStore } from './sqlite-error.ts';
import { toMessage, type EventRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

/** Devices or rows whose identifiers are indexed in one job: a few milliseconds, so that no callback waits longer. */
const INDEXED_AT_ONCE = 500;

/**
 * Brings the identifier table one step nearer to the log: first the devices that a Request named, then the
 * identifiers in each row of its log. False when nothing is left to do.
 */
export function indexIdentifiers(sql: Statements, devices: RequestedDevices): boolean {
  return indexNext(sql, devices, sql.requestToIndex.get() as ToIndex | undefined) > 0;
}

/** The same for the devices of Requests that have left and have no id. Gives back how many it looked at, at least 1; 0 at the end. */
export function indexLost(sql: Statements, devices: RequestedDevices): number {
  return indexNext(sql, devices, sql.lostToIndex.get() as ToIndex | undefined);
}

function indexNext(sql: Statements, devices: RequestedDevices, row: ToIndex | undefined): number {
  if (!row) return 0;
  try {
    return Math.max(1, indexStep(sql, devices, row));
  } catch (error) {
    if (isOfStore(error)) throw error;
    // A damaged Request is found by the identifiers indexed so far. It must not hold the others up for ever.
    sql.setIndexed.run(Number.MAX_SAFE_INTEGER, row.pk);
    return 1;
  }
}

interface ToIndex {
  readonly pk: number;
  readonly indexedSeq: number;
}

/** Gives back how many devices or rows it looked at. */
function indexStep(sql: Statements, devices: RequestedDevices, { pk, indexedSeq }: ToIndex): number {
  const keys = new Set<string>();
  let upTo = indexedSeq + 1;
  let looked: number;
  if (indexedSeq < 0) {
    // −1 before any device is indexed, −1 − n once the first n are.
    const from = -1 - indexedSeq;
    const end = Math.min(from + INDEXED_AT_ONCE, devices.count(pk));
    for (let index = from; index < end; index++) {
      for (const { kind, id, reportedKind } of devices.identifiers(pk, index) ?? []) keys.add(identifierKey(kind, id, reportedKind));
    }
    upTo = end < devices.count(pk) ? -1 - end : 0;
    looked = end - from;
  } else {
    // What is in a message that cannot be read is not found by it.
    const rows = sql.messagesAfter.all(pk, indexedSeq, INDEXED_AT_ONCE) as Pick<EventRow, 'seq' | 'service' | 'message'>[];
    for (const row of rows) for (const identifier of toMessage(row)?.deviceIds ?? []) keys.add(keyOf(identifier));
    upTo = rows.at(-1)?.seq ?? upTo;
    looked = rows.length;
  }
  sql.insertIdentifiers.run(JSON.stringify([...keys]), pk);
  sql.setIndexed.run(upTo, pk);
  return looked;
}

/**
 * The keys of the index that are one with one of `keys`. Versions before this one wrote an IMEI with 14 digits only, and an ICCID with
 * its padding. Their rows stay as they are, and are found.
 */
export function findIndexed(sql: Pick<Statements, 'identifiersLike'>, keys: readonly string[]): string[] {
  const found = keys.flatMap((key) =>
    (sql.identifiersLike.all(stemOf(key)) as { key: string }[]).filter((row) => isIndexedAs(row.key, key)),
  );
  return [...new Set(found.map(({ key }) => key))];
}

/** Whether a key of the index is one with `key`. */
export function isIndexedAs(indexed: string, key: string): boolean {
  const clean = indexed.startsWith('ICCID:') ? identifierKey('ICCID', indexed.slice('ICCID:'.length), '') : indexed;
  return isSameKey(clean, key);
}
