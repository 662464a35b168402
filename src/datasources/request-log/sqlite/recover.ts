import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { FULL_WINDOW, INTERRUPTED, RESTORED_SINCE } from '../sending-steps.ts';
import { readFact, type Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

/** Fact: the epoch of this store, which its cursors name. */
export const EPOCH = 'epoch';
/** Fact: marks a backup. It is removed once everything that was QUEUED in the backup is settled. */
export const RESTORED = 'restored';
const RESTORED_AT = 'restored-at';

/** The store's epoch. It is drawn when the store is opened for the first time. A backup has none until it is opened as a store. */
export function takeEpoch(sql: Statements): string {
  const known = readFact(sql, EPOCH);
  if (known !== null) return known;
  const epoch = randomUUID().slice(0, 8);
  sql.setFact.run(EPOCH, epoch);
  return epoch;
}

/** Marks a database that may lack what happened last. Whoever opens it begins a new epoch, and does not send again what was queued. */
export function markRestored(db: DatabaseSync): void {
  db.prepare('DELETE FROM fact WHERE key = ?').run(EPOCH);
  db.prepare("INSERT OR REPLACE INTO fact (key, value) VALUES (?, 'yes')").run(RESTORED);
}

/** Queued carrier requests that are settled in one job. Each one settles at most 500 devices in it. */
const SETTLED_AT_ONCE = 100;
const DEVICES_AT_ONCE = 500;

/**
 * Runs after a start, before anything is sent. Carrier requests that were on their way when the process ended have an unknown fate. One
 * step has a bounded size. False once none is left.
 */
export function settleInterrupted(sql: Statements, writer: SqliteWriter): boolean {
  let devices = 0;
  for (const { id, position, deviceCount } of sql.sendingCarriers.all() as unknown as QueuedRow[]) {
    const pk = writer.pkOf(id);
    if (devices >= DEVICES_AT_ONCE) return true;
    if (!writer.changes.isWhole(pk) && !writer.changes.prepare(pk)) return true;
    // A damaged Request stays as it is. It is never sent again, and it must not prevent the start.
    if (!writer.changes.stateIfReadable(pk)) continue;
    writer.step(id, position, { type: 'UNANSWERED', error: INTERRUPTED });
    devices += deviceCount ?? DEVICES_AT_ONCE;
  }
  return false;
}

/**
 * A carrier request that is QUEUED in a restored store may have been sent after the backup was made, and a second activation is
 * a second bill. So its fate is unknown. One step has a bounded size. False once none is left and the mark is removed.
 */
export function settleRestored(sql: Statements, writer: SqliteWriter, at: number): boolean {
  if (readFact(sql, RESTORED) === null) return false;
  const queued = sql.queuedCarriers.all(SETTLED_AT_ONCE) as unknown as QueuedRow[];
  let devices = 0;
  for (const { id, position, deviceCount } of queued) {
    const pk = writer.pkOf(id);
    if (!writer.changes.isWhole(pk) && !writer.changes.prepare(pk)) return true;
    writer.step(id, position, { type: 'UNANSWERED', error: RESTORED_SINCE });
    devices += deviceCount ?? DEVICES_AT_ONCE;
    if (devices >= DEVICES_AT_ONCE) break;
  }
  if (queued.length > 0) return true;
  sql.deleteFact.run(RESTORED);
  sql.setFact.run(RESTORED_AT, String(at));
  return false;
}

/** A full window of sendings at the time of a restore, if that was after `since`. The store does not have what left just before it. */
export function listSentBeforeRestore(sql: Statements, since: number): readonly number[] {
  const at = Number(readFact(sql, RESTORED_AT) ?? 0);
  return at > since ? Array.from({ length: FULL_WINDOW }, () => at) : [];
}

interface QueuedRow {
  readonly id: string;
  readonly position: number;
  readonly deviceCount: number | null;
}
