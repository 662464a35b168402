import { THIS_ROW, type OutcomeChange } from './log-event.ts';
import { isTerminal } from './stored-request.ts';
import type { PlacedEvent } from './working-set.ts';

/** The row that ends the Request also ends the batch. Later rows (a NIDD message, a correction) come in a batch of their own. */
export function cutAfterTerminal(rows: PlacedEvent[], hadEnded: () => boolean): PlacedEvent[] {
  const ends = rows.map(({ status }) => isTerminal(status));
  const end = ends.findIndex((ended, at) => ended && at < rows.length - 1 && !(at === 0 ? hadEnded() : ends[at - 1]));
  return end < 0 ? rows : rows.slice(0, end + 1);
}

/** Replaces the word for "the row itself" by its place. */
export function resolveThisRow(outcome: OutcomeChange, seq: number): OutcomeChange {
  const { finalSeq, niddSeq } = outcome;
  return { ...outcome, finalSeq: finalSeq === THIS_ROW ? seq : finalSeq, niddSeq: niddSeq === THIS_ROW ? seq : niddSeq };
}
