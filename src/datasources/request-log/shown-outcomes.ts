import { resolveThisRow } from './batch-rows.ts';
import type { LogBatch } from './outcome-reads.ts';
import type { OutcomeSummary } from './outcome-summaries.ts';
import { outcomeId, progressOf, type StoredCallback, type StoredOutcome } from './stored-request.ts';
import type { PlacedEvent } from './working-set.ts';

/** The work to pass over a device whose summary is in memory, or must be read. To show a device is 1. */
export const WORK_IN_MEMORY = 1 / 500;
export const WORK_READ = 1 / 20;

/** How a device stands at some row. Its messages are read later. */
export interface OutcomeAt extends OutcomeSummary, Pick<StoredOutcome, 'requestId' | 'index' | 'requested'> {
  readonly pk: number;
}

/** The row of a message. */
export interface MessagePlace {
  readonly pk: number;
  readonly seq: number;
}

/** The messages that these outcomes show, each once. */
export function messagesOf(outcomes: readonly OutcomeAt[]): MessagePlace[] {
  const places = outcomes.flatMap(({ pk, finalSeq, niddSeq }) =>
    [finalSeq, niddSeq].filter((seq) => seq > 0).map((seq) => [`${pk}/${seq}`, { pk, seq }] as const),
  );
  return [...new Map(places).values()];
}

export function showOutcome(
  { pk, requestId, index, requested, status, source, contradicted, lastSeq, finalSeq, niddSeq }: OutcomeAt,
  message: (pk: number, seq: number) => StoredCallback | null,
): StoredOutcome {
  return {
    id: outcomeId(requestId, index),
    requestId,
    index,
    requested,
    status,
    source,
    contradicted,
    lastSeq,
    final: finalSeq === 0 ? null : message(pk, finalSeq),
    nidd: niddSeq === 0 ? null : message(pk, niddSeq),
  };
}

/** What some rows of a log have changed: each device once, as the last of the rows leaves it. */
export function newestOf(
  rows: readonly PlacedEvent[],
  {
    pk,
    id,
    requestedOf,
  }: { readonly pk: number; readonly id: string; readonly requestedOf: (index: number) => StoredOutcome['requested'] },
): OutcomeAt[] {
  const newest = new Map<number, OutcomeAt>();
  for (const { event, seq } of rows) {
    if (!event.outcome) continue;
    const { index, ...change } = resolveThisRow(event.outcome, seq);
    newest.set(index, { pk, requestId: id, index, requested: null, lastSeq: seq, ...change });
  }
  return [...newest.values()].map((outcome) => ({ ...outcome, requested: requestedOf(outcome.index) }));
}

export function toBatch(last: PlacedEvent, outcomes: readonly StoredOutcome[]): LogBatch {
  return { lastSeq: last.seq, status: last.status, progress: progressOf(last.counts), outcomes };
}
