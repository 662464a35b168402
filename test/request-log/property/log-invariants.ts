import { deepStrictEqual, ok } from 'node:assert/strict';
import { UNSETTLED } from '../../../src/datasources/request-log/request-state.ts';
import type { DrivenStore } from './driven-store.ts';
import { batchView, viewOfLog, type LogView } from './log-view.ts';
import { isEndStatus } from './plain-request.ts';
import { plainStatus } from './plain-status.ts';
import type { StoredEvent, StoredRows } from './stored-rows.ts';
import type { FlatStore } from '../../support/flat-store.ts';

type RequestView = LogView['requests'][number];
type Batch = NonNullable<ReturnType<typeof batchView>>;

/** The order of the counts in a row. */
const COUNTED = ['PENDING', 'OVERDUE', 'SUCCEEDED', 'FAILED', 'EXPIRED', 'CANCELLED', 'REJECTED', 'UNKNOWN'] as const;
const BATCH_SIZES = [1, 2, 5, 1_000];

/**
 * Checks what is true of any log: counts add up, rows have no gap, the memory agrees with the rows, a
 * message is in one place, and followers with any batch size get the whole log once. Gives back what the log shows, and its rows.
 */
export async function checkLog(
  store: DrivenStore,
  { found, idsChangeHands }: { readonly found: readonly string[]; readonly idsChangeHands: boolean },
): Promise<{ view: LogView; rows: StoredRows }> {
  const { log, now } = store;
  const view = await viewOfLog(log, now, found);
  const ids = (await log.list({ accounts: null }, null, 1_000)).rows.map(({ id }) => id);
  const batches = await batchesOf(log, ids);
  return store.copied(async (rebuilt, rows) => {
    deepStrictEqual(await viewOfLog(rebuilt, now, found), view, 'what memory says is what the rows say');
    deepStrictEqual(await batchesOf(rebuilt, ids), batches, 'followers read from memory what they read from the rows');
    deepStrictEqual(rows.faults, [], 'the store verifies');
    for (const [at, request] of view.requests.entries()) {
      const events = rows.events.filter((event) => event.request === ids[at]);
      checkRows(request, events);
      checkOutcomes(request);
      checkEnded(request, rows.owed);
      for (const read of batches[at] ?? []) checkBatches(request, events, read);
    }
    // A dead letter of another account's Request may come again once that Request is purged, or has another id.
    checkPlaces(idsChangeHands ? { ...rows, foreign: [] } : rows);
    return { view, rows };
  });
}

/** For each Request and each batch size: the batches of a follower that starts at the beginning. */
async function batchesOf(log: FlatStore, ids: readonly string[]): Promise<Batch[][][]> {
  const read = async (id: string, limit: number) => {
    const batches: Batch[] = [];
    for (;;) {
      const batch = batchView(await log.read(id, batches.at(-1)?.lastSeq ?? 0, limit));
      if (!batch) return batches;
      batches.push(batch);
    }
  };
  return Promise.all(ids.map((id) => Promise.all(BATCH_SIZES.map((limit) => read(id, limit)))));
}

function checkRows({ id, lastSeq, progress, status, parts }: RequestView, events: readonly StoredEvent[]): void {
  deepStrictEqual(
    events.map(({ seq }) => seq),
    Array.from({ length: lastSeq }, (_, at) => at + 1),
    `${id}: no gap in its rows`,
  );
  const last = events.at(-1);
  const counts = [...COUNTED.map((word) => progress[word]), progress.unmatched];
  deepStrictEqual(
    [last?.request_status, JSON.parse(last?.counts ?? '[]')],
    [status, counts],
    `${id}: the Request stands as in its last row`,
  );
  const kinds = events.map(({ kind }) => kind);
  deepStrictEqual(kinds.filter((kind) => kind === 'CREATED').length, 1, `${id} was made once`);
  const waiting = kinds.filter((kind) => kind === 'UNMATCHED').length - kinds.filter((kind) => kind === 'MATCHED').length;
  deepStrictEqual(progress.unmatched, waiting, `${id}: what is unmatched waits`);
  for (const { position, attempts } of parts) {
    const sent = events.filter((event) => event.kind === 'SENDING' && event.position === position);
    deepStrictEqual(attempts, sent.length, `${id}: attempts are SENDING rows`);
  }
}

function checkOutcomes({ id, status, completedAt, total, progress, parts, outcomes }: RequestView): void {
  const tally = new Map([...Map.groupBy(outcomes, (outcome) => outcome.status)].map(([word, same]) => [word, same.length]));
  const shown = COUNTED.map((word) => progress[word]);
  deepStrictEqual(
    shown,
    COUNTED.map((word) => tally.get(word) ?? 0),
    `${id}: counts are its outcomes`,
  );
  const states = parts.map(({ state }) => state);
  const words = outcomes.map((outcome) => outcome.status);
  deepStrictEqual(status, plainStatus(states, words, total !== null), `${id}: its status is a function of what is shown`);
  deepStrictEqual(completedAt !== null, isEndStatus(status), `${id} has a time of completion when it is at its end`);
  for (const outcome of outcomes) {
    const settled = outcome.status === 'SUCCEEDED' || outcome.status === 'FAILED';
    // Before the result, `final` is the latest word of the carrier.
    deepStrictEqual(
      [outcome.source !== null, settled && outcome.final === null],
      [settled, false],
      `${id}/${outcome.index} rests on a message`,
    );
    ok(!outcome.contradicted || outcome.source === 'CALLBACK', `${id}/${outcome.index}: only a callback is contradicted`);
  }
}

/** No device waits for a carrier request that never left, or was refused. */
function checkEnded({ id, parts, outcomes }: RequestView, owed: StoredRows['owed']): void {
  for (const { position, state, firstIndex, deviceCount } of parts) {
    if ((state !== 'REFUSED' && state !== 'CANCELLED') || owed.some((part) => part.request === id && part.position === position)) continue;
    const of = outcomes.slice(firstIndex, firstIndex + (deviceCount ?? 0));
    deepStrictEqual(
      of.filter(({ status }) => UNSETTLED.includes(status)).map(({ index }) => index),
      [],
      `${id}/${position} is ${state}: no device waits for it`,
    );
  }
}

/** The batches have all rows once and in order. Each shows its devices as they were then, and ends where the Request ends. */
function checkBatches({ id }: RequestView, events: readonly StoredEvent[], batches: readonly Batch[]): void {
  let from = 0;
  for (const { lastSeq, status, progress, outcomes } of batches) {
    const rows = events.slice(from, lastSeq);
    const last = rows.at(-1);
    const counts = [...COUNTED.map((word) => progress[word]), progress.unmatched];
    deepStrictEqual([status, JSON.stringify(counts)], [last?.request_status, last?.counts], `${id} to ${lastSeq}: as of its last row`);
    const changed = new Map(rows.flatMap((row) => (row.outcome === null ? [] : [[row.outcome, row.outcome_status] as const])));
    deepStrictEqual(
      outcomes.map((outcome) => [outcome.index, outcome.status]),
      [...changed].toSorted(([one], [other]) => one - other),
      `${id} to ${lastSeq}: the devices that changed`,
    );
    for (let at = from; at < lastSeq - 1; at++) {
      const [before, now] = [events[at - 1]?.request_status, events[at]?.request_status];
      ok(!now || !isEndStatus(now) || (before && isEndStatus(before)), `${id} comes to its end within a batch, at ${at + 1}`);
    }
    from = lastSeq;
  }
  deepStrictEqual(from, events.length, `${id}: a follower comes to the end of the log`);
}

function checkPlaces({ events, unclaimed, foreign }: StoredRows): void {
  // What came by a former id is of somebody else's request. It stays in the log, and its resend is kept where it belongs.
  const ofPresentId = [...events, ...foreign].filter(({ digest, formerId }) => digest && formerId === 0);
  const all = [...ofPresentId, ...unclaimed];
  const places = Map.groupBy(all, ({ account, service, digest }) => `${account} ${service} ${digest}`);
  const several = [...places].filter(([, same]) => same.length > 1).map(([message]) => message);
  deepStrictEqual(several, [], 'no message is in two places');
}
