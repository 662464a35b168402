import { identifierKey, keyOf, parseIdentifierKind } from '../../thingspace/wire/device-identifier.ts';
import { isOfStore, settleStatements } from './request-folds.ts';
import { toLogEvent, type EventRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

/** Devices or rows whose identifiers are indexed in one job: a few milliseconds, so that no callback waits for more. */
const INDEXED_AT_ONCE = 500;

/**
 * A step of bringing the identifier table up to date: first the devices a Request named, then what each row of its log
 * names. False when there is nothing left to do.
 */
export function indexIdentifiers(sql: Statements, writer: Pick<SqliteWriter, 'state'>): boolean {
  const [row] = sql.requestsToIndex.all(1) as ToIndex[];
  if (!row) return false;
  try {
    indexStep(sql, writer, row);
  } catch (error) {
    if (isOfStore(error)) throw error;
    settleStatements(sql);
    // A damaged one is found by what was indexed before: it must not keep the others from their turn for ever.
    sql.setIndexed.run(Number.MAX_SAFE_INTEGER, row.pk);
  }
  return true;
}

type ToIndex = { readonly pk: number; readonly indexed_seq: number };

function indexStep(sql: Statements, writer: Pick<SqliteWriter, 'state'>, { pk, indexed_seq }: ToIndex): void {
  const keys = new Set<string>();
  let upTo = indexed_seq + 1;
  if (indexed_seq < 0) {
    // −1 before any device is in, −1 − n once the first n are.
    const devices = writer.state(pk).devices ?? [];
    const from = -1 - indexed_seq;
    for (const { deviceIds } of devices.slice(from, from + INDEXED_AT_ONCE)) {
      for (const { kind, id } of deviceIds) keys.add(identifierKey(parseIdentifierKind(kind), id, kind));
    }
    upTo = from + INDEXED_AT_ONCE < devices.length ? indexed_seq - INDEXED_AT_ONCE : 0;
  } else {
    for (const event of sql.eventsAfter.all(pk, indexed_seq, INDEXED_AT_ONCE) as EventRow[]) {
      for (const identifier of toLogEvent(event).callback?.message.deviceIds ?? []) keys.add(keyOf(identifier));
      upTo = event.seq;
    }
  }
  sql.insertIdentifiers.run(JSON.stringify([...keys]), pk);
  sql.setIndexed.run(upTo, pk);
}
