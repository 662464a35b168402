import { parseIdentifierKind } from '../../thingspace/wire/device-identifier.ts';
import { identifierKey, isSameKey, keyOf, stemOf } from '../../thingspace/wire/same-identifier.ts';
import { isOfStore, settleStatements } from './request-folds.ts';
import { toLogEvent, type EventRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

/** Devices or rows whose identifiers are indexed in one job: a few milliseconds, so that no callback waits longer. */
const INDEXED_AT_ONCE = 500;

/**
 * Brings the identifier table one step nearer to the log: first the devices that a Request named, then the
 * identifiers in each row of its log. False when nothing is left to do.
 */
export function indexIdentifiers(sql: Statements, writer: Pick<SqliteWriter, 'state'>): boolean {
  const row = sql.requestToIndex.get() as { pk: number; indexedSeq: number } | undefined;
  if (!row) return false;
  try {
    indexStep(sql, writer, row.pk, row.indexedSeq);
  } catch (error) {
    if (isOfStore(error)) throw error;
    settleStatements(sql);
    // A damaged Request is found by the identifiers indexed so far. It must not hold the others up for ever.
    sql.setIndexed.run(Number.MAX_SAFE_INTEGER, row.pk);
  }
  return true;
}

function indexStep(sql: Statements, writer: Pick<SqliteWriter, 'state'>, pk: number, indexedSeq: number): void {
  const keys = new Set<string>();
  let upTo = indexedSeq + 1;
  if (indexedSeq < 0) {
    // −1 before any device is indexed, −1 − n once the first n are.
    const devices = writer.state(pk).devices ?? [];
    const from = -1 - indexedSeq;
    for (const { deviceIds } of devices.slice(from, from + INDEXED_AT_ONCE)) {
      for (const { kind, id } of deviceIds) keys.add(identifierKey(parseIdentifierKind(kind), id, kind));
    }
    upTo = from + INDEXED_AT_ONCE < devices.length ? indexedSeq - INDEXED_AT_ONCE : 0;
  } else {
    for (const event of sql.eventsAfter.all(pk, indexedSeq, INDEXED_AT_ONCE) as EventRow[]) {
      for (const identifier of toLogEvent(event).callback?.message.deviceIds ?? []) keys.add(keyOf(identifier));
      upTo = event.seq;
    }
  }
  sql.insertIdentifiers.run(JSON.stringify([...keys]), pk);
  sql.setIndexed.run(upTo, pk);
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
