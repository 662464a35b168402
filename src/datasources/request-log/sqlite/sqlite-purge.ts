import type { StatementSync } from 'node:sqlite';
import type { PurgeStep } from '../store-upkeep.ts';
import type { Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

/** How many rows and bytes of messages one job deletes. Callbacks wait for it: measured at 2 to 4 ms. */
const STEP: StepSize = { rows: 500, bytes: 1_048_576 };
/** The pages of deleted rows are overwritten, so each of them takes room in the write-ahead log first. */
export const SMALL_STEP: StepSize = { rows: 50, bytes: 65_536 };

export interface StepSize {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * One step of purging, inside a transaction. First it deletes Requests that are hidden already, so that a crash leaves nothing behind:
 * their rows in parts, and the Request itself last. Then it hides the next Requests, each one as a whole: from then on no read, no
 * list and no callback finds it. Last come messages that belong to no Request.
 *
 * @returns also `hidden`: the ids of the Requests that were hidden. Their followers must look again.
 */
export function purgeStep(
  sql: Statements,
  writer: SqliteWriter,
  before: number,
  size: StepSize = STEP,
): PurgeStep & { readonly hidden: readonly string[] } {
  const shrunk = shrinkHidden(sql, size);
  if (shrunk.rows > 0) return { ...shrunk, messages: 0, hidden: [], done: false };
  const { rows, hidden } = hide(sql, writer, before, size);
  if (rows > 0) return { rows, requests: 0, messages: 0, hidden, done: false };
  writer.unclaimed.forgetCounts();
  const messages =
    purgeMessages(sql.oldUnclaimed, sql.purgeUnclaimed, before, size) ||
    purgeMessages(sql.oldDeadLetters, sql.purgeDeadLetters, before, size);
  return { rows: messages, requests: 0, messages, hidden: [], done: messages === 0 };
}

function shrinkHidden(sql: Statements, size: StepSize): { rows: number; requests: number } {
  let rows = 0;
  let requests = 0;
  let bytesLeft = size.bytes;
  // It needs room for two rows: a Request and its input are deleted together.
  while (rows <= size.rows - 2 && bytesLeft > 0) {
    const hidden = sql.hiddenRequest.get() as { pk: number } | undefined;
    if (!hidden) break;
    const part = shrink(sql, hidden.pk, size.rows - rows, bytesLeft);
    rows += part.rows;
    bytesLeft -= part.bytes;
    if (part.gone) requests++;
  }
  return { rows, requests };
}

function shrink(sql: Statements, pk: number, limit: number, maxBytes: number): { rows: number; bytes: number; gone: boolean } {
  const events = sql.eventSizes.all(pk, limit) as Sized[];
  if (events.length > 0) {
    const { keys, bytes } = takeWithin(events, maxBytes);
    const { changes } = sql.purgeEvents.run(pk, keys.at(-1) ?? 0);
    return { rows: Number(changes), bytes, gone: false };
  }
  const { purgeDeviceEvents, purgeDeviceKeys, purgeUnmatched, purgeUnmatchedKeys, purgeIdentifiers } = sql;
  for (const purge of [purgeDeviceEvents, purgeDeviceKeys, purgeUnmatched, purgeUnmatchedKeys, purgeIdentifiers]) {
    const rows = Number(purge.run({ pk, limit }).changes);
    if (rows > 0) return { rows, bytes: 0, gone: false };
  }
  const input = Number(sql.purgeInput.run(pk).changes);
  return { rows: input + Number(sql.purgeRequest.run(pk).changes), bytes: 0, gone: true };
}

function hide(sql: Statements, writer: SqliteWriter, before: number, size: StepSize): { rows: number; hidden: string[] } {
  let rows = 0;
  const hidden: string[] = [];
  for (const { pk, id } of sql.purgeableRequests.all(before, size.rows) as { pk: number; id: string }[]) {
    const carriers = sql.purgeCarriers.all(pk) as { id: string | null }[];
    sql.hideRequest.run(pk);
    writer.forgetPurged(
      pk,
      id,
      carriers.flatMap((carrier) => carrier.id ?? []),
    );
    hidden.push(id);
    rows += 1 + carriers.length;
    if (rows >= size.rows) break;
  }
  return { rows, hidden };
}

function purgeMessages(findOld: StatementSync, purge: StatementSync, before: number, size: StepSize): number {
  const { keys } = takeWithin(findOld.all(before, size.rows) as Sized[], size.bytes);
  return keys.length === 0 ? 0 : Number(purge.run(JSON.stringify(keys)).changes);
}

type Sized = { readonly key: number; readonly bytes: number };

/** The first rows whose messages have at most `maxBytes` together. It takes at least one row, whatever its size. */
function takeWithin(rows: readonly Sized[], maxBytes: number): { keys: number[]; bytes: number } {
  const keys: number[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (keys.length > 0 && bytes + row.bytes > maxBytes) break;
    keys.push(row.key);
    bytes += row.bytes;
  }
  return { keys, bytes };
}
