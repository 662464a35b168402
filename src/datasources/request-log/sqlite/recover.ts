import { randomUUID } from 'node:crypto';
import type { RequestError } from '../stored-request.ts';
import type { Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

/** Fact: which store this is. Cursors name it. */
export const EPOCH = 'epoch';
/** Fact: set in the copy that a backup is; removed once everything that was QUEUED in it is settled. */
export const RESTORED = 'restored';
const RESTORED_AT = 'restored-at';

/** The store's epoch, drawn when it is opened for the first time; a backup has none until it is opened as a store. */
export function takeEpoch(sql: Statements): string {
  const known = sql.fact.get(EPOCH) as { value: string } | undefined;
  if (known) return known.value;
  const epoch = randomUUID().slice(0, 8);
  sql.setFact.run(EPOCH, epoch);
  return epoch;
}

/** Queued carrier requests that are settled in one job, and their devices: 10,000 may be in one. */
const SETTLED_AT_ONCE = 100;
const DEVICES_AT_ONCE = 10_000;

/** The carrier's own limit: what may have left in the last minute before a backup was restored. */
const FULL_WINDOW = 100;

/** After a start, before anything is sent: what was on its way when the process ended has an unknown fate. */
export function settleInterrupted(sql: Statements, writer: SqliteWriter): void {
  for (const { id, position } of sql.sendingCarriers.all() as CarrierRow[]) {
    // A damaged one stays as it is: it is never sent again, and must not keep the gateway from its callbacks.
    if (!writer.stateIfWhole(writer.pkOf(id))) continue;
    writer.step(id, position, { type: 'UNANSWERED', error: INTERRUPTED });
  }
}

/**
 * In a restored store what was QUEUED may have been sent after the backup was made, and a second activation is a second
 * bill: its fate is unknown. One step of a bounded size; false once none is left, and with it the mark.
 */
export function settleRestored(sql: Statements, writer: SqliteWriter, at: number): boolean {
  if (!sql.fact.get(RESTORED)) return false;
  const queued = sql.queuedCarriers.all(SETTLED_AT_ONCE) as (CarrierRow & { device_count: number | null })[];
  let devices = 0;
  for (const { id, position, device_count } of queued) {
    writer.step(id, position, { type: 'UNANSWERED', error: RESTORED_SINCE });
    devices += device_count ?? DEVICES_AT_ONCE;
    if (devices >= DEVICES_AT_ONCE) break;
  }
  if (queued.length > 0) return true;
  sql.deleteFact.run(RESTORED);
  sql.setFact.run(RESTORED_AT, String(at));
  return false;
}

/** A full window of sendings at the time of a restore, where that is after `since`: what left before it is not in the store. */
export function sentBeforeRestore(sql: Statements, since: number): readonly number[] {
  const fact = sql.fact.get(RESTORED_AT) as { value: string } | undefined;
  const at = Number(fact?.value ?? 0);
  return at > since ? Array.from({ length: FULL_WINDOW }, () => at) : [];
}

type CarrierRow = { readonly id: string; readonly position: number };

const INTERRUPTED: RequestError = {
  code: 'UNANSWERED',
  message: 'The gateway stopped while this was on its way to the carrier: nobody knows whether it arrived. It is not sent again.',
};

const RESTORED_SINCE: RequestError = {
  code: 'RESTORED',
  message: 'A backup was restored: this may have been sent since the backup was made. It is not sent again.',
};
