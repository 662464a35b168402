import type { Books, Performed } from './books.ts';
import type { Followed } from './subscriber-load.ts';
import type { Tally } from './tally.ts';

/** A row of a Request's log; `outcome` is the device it changed. */
export interface LogRow {
  readonly seq: number;
  readonly outcome: number | null;
  readonly status: string | null;
  readonly requestStatus: string;
}

const TERMINAL = new Set(['SUCCEEDED', 'PARTIALLY_FAILED', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED']);
const OPEN = new Set(['PENDING', 'OVERDUE', 'UNKNOWN']);

/** The events that a subscriber got, range by range, are the rows between its cursors: all of them, in order, once. */
export function auditSubscriber({ requestId, events, ended }: Followed, log: readonly LogRow[], tally: Tally): void {
  let from = 0;
  for (const { position, outcomes } of events) {
    if (position <= from) tally.add('disorder', `${requestId}: an event at ${position} came after ${from}`);
    const due = new Map<number, string | null>();
    for (const { seq, outcome, status } of log.slice(from, position)) {
      if (seq <= from || seq > position) tally.addOnce('missing', requestId, `the log of ${requestId} has a gap before ${seq}`);
      if (outcome !== null) due.set(outcome, status);
    }
    for (const [index, status] of outcomes) {
      if (due.get(index) === status) due.delete(index);
      else tally.add('repeated', `${requestId}: device ${index} as ${status} once more, up to ${position}`);
    }
    if (due.size > 0) tally.add('missing', `${requestId}: ${due.size} changes up to ${position}`, due.size);
    from = Math.max(from, position);
  }
  const end = log.find(({ requestStatus }) => TERMINAL.has(requestStatus))?.seq;
  if (end !== undefined && !ended) tally.add('missing', `${requestId}: its end, at ${end}; the last event was at ${from}`);
  // A subscriber may end after a later row: it came back when there was more, for example a second message.
  if (ended && (end === undefined || end > from)) {
    tally.add('missing', `${requestId}: it was let go at ${from}, its end is at ${end ?? 'no place yet'}`);
  }
}

/** Independently of the log: every subscriber got a result for each device whose callback was acknowledged. */
export function auditResults(books: Books, followed: readonly Followed[], tally: Tally): void {
  const told = new Map(followed.map((each) => [each, devicesTold(each)]));
  const byIntent = Map.groupBy(followed, ({ intent }) => intent);
  for (const { kind, marker, device, performed } of books.messages) {
    if ((kind !== 'success' && kind !== 'failure') || !books.isAcknowledged(marker)) continue;
    for (const each of followersOf(performed, byIntent)) {
      const index = device - performed.firstDevice;
      if (!told.get(each)?.has(index)) tally.add('missing', `${each.requestId}: what became of device ${index}, callback ${marker}`);
    }
  }
}

function followersOf({ intent }: Performed, byIntent: ReadonlyMap<Followed['intent'], readonly Followed[]>): readonly Followed[] {
  return (intent && byIntent.get(intent)) ?? [];
}

function devicesTold({ events }: Followed): Set<number> {
  return new Set(events.flatMap(({ outcomes }) => outcomes.filter(([, status]) => !OPEN.has(status)).map(([index]) => index)));
}
