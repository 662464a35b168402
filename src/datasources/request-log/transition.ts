import { matchDevice, matchIdentified, takeUnmatchedToTry } from './match-device.ts';
import { THIS_ROW, type EventCallback, type LogEvent, type OutcomeChange } from './log-event.ts';
import type { RequestState, UnmatchedCallback } from './request-state.ts';
import { countsOf, type OutcomeStatus, type RequestStatus } from './stored-request.ts';
import type { SendingStep } from './sending-steps.ts';

export type Change =
  | { readonly type: 'CREATED' }
  | { readonly type: 'STEP'; readonly position: number; readonly step: SendingStep }
  | { readonly type: 'CALLBACK'; readonly position: number; readonly callback: EventCallback }
  /** The devices of a group were read, and the state was built again with them. */
  | { readonly type: 'MEMBERS' }
  /** Up to `limit` devices that have not reported become overdue, or expire. When the last one expires, the carrier request is closed. */
  | { readonly type: 'LAPSE'; readonly position: number; readonly into: 'OVERDUE' | 'EXPIRED'; readonly limit: number }
  /** The carrier answered our question. `index` is set when the answer itself names no device. */
  | { readonly type: 'RECONCILED'; readonly position: number; readonly index: number | null; readonly answer: EventCallback };

/** A row with its place in the log, and the Request as it stands after the row. */
export interface PlacedEvent {
  readonly event: LogEvent;
  readonly seq: number;
  status: RequestStatus;
  readonly counts: readonly number[];
}

/**
 * Applies one change to a Request: decides what the change means, folds its rows into `state`, and gives them back to be written. It
 * has no input or output: the same state and change give the same rows on every backend.
 *
 * Only the last row of a change has the new status, because a follower may stop at a terminal status.
 */
export function transition(state: RequestState, change: Change): PlacedEvent[] {
  const before = state.status;
  const placed: PlacedEvent[] = [];
  decide(state, change, (event) => {
    const seq = state.apply(event);
    placed.push({ event, seq, status: before, counts: countsOf(state.counts) });
  });
  const last = placed.at(-1);
  if (last) last.status = state.status;
  return placed;
}

function decide(state: RequestState, change: Change, emit: (event: LogEvent) => void): void {
  switch (change.type) {
    case 'CREATED':
      return emit({ kind: 'CREATED', position: -1, outcome: null, callback: null, ties: 0 });
    case 'MEMBERS':
      return emit({ kind: 'MEMBERS', position: -1, outcome: null, callback: null, ties: 0 });
    case 'LAPSE':
      return decideLapse(state, change.position, change.into, change.limit, emit);
    case 'RECONCILED':
      return decideReconciled(state, change, emit);
    case 'STEP':
      return decideStep(state, change.position, change.step, emit);
    case 'CALLBACK':
      decideCallback(state, change.position, change.callback, emit);
      tryUnmatchedAgain(state, change.position, emit);
      return conclude(state, change.position, emit);
  }
}

function decideStep(state: RequestState, position: number, step: SendingStep, emit: (event: LogEvent) => void): void {
  emit({ kind: step.type, position, outcome: null, callback: null, ties: 0 });
  if (step.type === 'REFUSED') settleOpen(state, position, 'REJECTED', UNSETTLED, emit);
  if (step.type === 'UNANSWERED') settleOpen(state, position, 'UNKNOWN', OPEN, emit);
  if (step.type === 'CANCELLED') settleOpen(state, position, 'CANCELLED', UNSETTLED, emit);
  if (step.type === 'ACCEPTED' || step.type === 'PROVEN') settleOpen(state, position, 'PENDING', ['UNKNOWN', 'CANCELLED'], emit);
}

function decideLapse(
  state: RequestState,
  position: number,
  into: 'OVERDUE' | 'EXPIRED',
  limit: number,
  emit: (event: LogEvent) => void,
): void {
  settleOpen(state, position, into, into === 'OVERDUE' ? ['PENDING'] : UNSETTLED, emit, limit);
  if (into === 'OVERDUE' || state.outcomes.some((outcome) => outcome.position === position && UNSETTLED.includes(outcome.status))) return;
  for (const waiting of finalsOf(state, position)) tie(state, position, state.outcomes.length, waiting, emit);
  emit({ kind: 'CLOSED', position, outcome: null, callback: null, ties: 0 });
}

/** Changes nothing for a device that a callback has settled, nor when the answer cannot be tied to a device. */
function decideReconciled(
  state: RequestState,
  { position, index, answer }: Extract<Change, { type: 'RECONCILED' }>,
  emit: (event: LogEvent) => void,
): void {
  const found = index ?? matchIdentified(state, position, answer.message);
  const now = found === null ? undefined : state.outcomes[found];
  if (found === null || !now || now.position !== position || !(now.status === 'EXPIRED' || UNSETTLED.includes(now.status))) return;
  const status = answer.message.succeeded ? 'SUCCEEDED' : 'FAILED';
  const outcome: OutcomeChange = {
    index: found,
    status,
    source: 'RECONCILED',
    finalSeq: THIS_ROW,
    niddSeq: now.niddSeq,
    contradicted: now.contradicted,
  };
  emit({ kind: 'RECONCILED', position, outcome, callback: answer, ties: 0 });
}

function decideCallback(state: RequestState, position: number, callback: EventCallback, emit: (event: LogEvent) => void): void {
  const { message } = callback;
  if (message.bearing === 'OTHER') return emit({ kind: 'NOTICE', position, outcome: null, callback, ties: 0 });
  const matched = matchDevice(state, position, message);
  if (matched !== null) return emit({ position, callback, ties: 0, ...effectOn(state, matched, callback.message, THIS_ROW) });
  if (isOfNewDevice(state, position, message.bearing)) {
    return emit({ position, callback, ties: 0, ...effectOn(state, state.outcomes.length, message, THIS_ROW) });
  }
  emit({ kind: 'UNMATCHED', position, outcome: null, callback, ties: 0 });
}

/**
 * True when a message that could not be tied to a device makes a device of its own. When only the carrier knows the devices, we learn
 * of a device by its report. When the carrier request is closed, a final message has nothing to wait for. A progress message would
 * then open the Request again, and nothing would close it.
 */
function isOfNewDevice(state: RequestState, position: number, bearing: EventCallback['message']['bearing']): boolean {
  const closed = state.carrierState(position) === 'CLOSED';
  if (bearing === 'FINAL') return closed || state.carrier(position).deviceCount === null;
  return bearing === 'PROGRESS' && !closed && state.carrier(position).deviceCount === null;
}

/**
 * What a message does to its device. The first verdict wins, also over an answer of the carrier or an expiry. A later one that says
 * the opposite is kept and flagged. Where an eSIM device reports each of its profiles and then itself, the device's own verdict wins.
 * Until there is a verdict, the latest word of the carrier is shown.
 */
function effectOn(
  state: RequestState,
  index: number,
  message: EventCallback['message'],
  row: number,
): { readonly kind: LogEvent['kind']; readonly outcome: OutcomeChange } {
  const now = state.outcomes[index] ?? {
    status: 'PENDING',
    source: null,
    finalSeq: 0,
    niddSeq: 0,
    contradicted: false,
    isSettledByPart: false,
  };
  const same: OutcomeChange = {
    index,
    status: now.status,
    source: now.source,
    finalSeq: now.finalSeq,
    niddSeq: now.niddSeq,
    contradicted: now.contradicted,
  };
  if (message.bearing === 'NIDD_CONFIG') return { kind: 'NIDD', outcome: { ...same, niddSeq: row } };
  if (message.bearing === 'PROGRESS') return { kind: 'NOTICE', outcome: now.source === null ? { ...same, finalSeq: row } : same };
  const status = message.succeeded ? 'SUCCEEDED' : 'FAILED';
  if (now.source !== 'CALLBACK' || (now.isSettledByPart && !message.isPart))
    return { kind: 'CALLBACK', outcome: { ...same, status, source: 'CALLBACK', finalSeq: row } };
  if (now.status === status || message.isPart) return { kind: 'REPEAT', outcome: same };
  return { kind: 'CONTRADICTION', outcome: { ...same, contradicted: true } };
}

/** Each match may teach an identifier that ties an earlier message to its device. */
function tryUnmatchedAgain(state: RequestState, position: number, emit: (event: LogEvent) => void): void {
  const untried = new Set<UnmatchedCallback>();
  for (;;) {
    for (const waiting of takeUnmatchedToTry(state, position)) untried.add(waiting);
    const earliestFirst = [...untried].toSorted((a, b) => a.seq - b.seq);
    const tied = earliestFirst.find((waiting) => {
      untried.delete(waiting);
      const index = matchDevice(state, position, waiting.message);
      if (index !== null) tie(state, position, index, waiting, emit);
      return index !== null;
    });
    if (!tied) return;
  }
}

function tie(state: RequestState, position: number, index: number, waiting: UnmatchedCallback, emit: (event: LogEvent) => void): void {
  const { outcome } = effectOn(state, index, waiting.message, waiting.seq);
  emit({ kind: 'MATCHED', position, outcome, callback: null, ties: waiting.seq });
}

/**
 * After N final messages for N devices nothing more will come. Each message that could not be tied becomes an outcome of its own. The
 * devices that are still open become EXPIRED: their results came under identifiers that we do not know as theirs.
 */
function conclude(state: RequestState, position: number, emit: (event: LogEvent) => void): void {
  const carrier = state.carrier(position);
  const finals = carrier.unmatchedOf.FINAL;
  if (carrier.deviceCount === null || finals === 0) return;
  const reported = carrier.deviceCount + carrier.strays - carrier.withoutFinal + finals;
  if (reported < carrier.deviceCount) return;
  for (const waiting of finalsOf(state, position)) tie(state, position, state.outcomes.length, waiting, emit);
  settleOpen(state, position, 'EXPIRED', OPEN, emit);
}

function finalsOf(state: RequestState, position: number): readonly UnmatchedCallback[] {
  return [...state.carrier(position).unmatched.values()].filter((waiting) => waiting.message.bearing === 'FINAL');
}

const OPEN: readonly OutcomeStatus[] = ['PENDING', 'OVERDUE'];
export const UNSETTLED: readonly OutcomeStatus[] = ['PENDING', 'OVERDUE', 'UNKNOWN'];

/** Moves up to `limit` devices of a carrier request from one of the statuses `from` to `status`, with one row each. */
function settleOpen(
  state: RequestState,
  position: number,
  status: OutcomeStatus,
  from: readonly OutcomeStatus[],
  emit: (event: LogEvent) => void,
  limit = Number.POSITIVE_INFINITY,
): void {
  let moved = 0;
  for (const [index, outcome] of state.outcomes.entries()) {
    if (outcome.position !== position || !from.includes(outcome.status)) continue;
    if (++moved > limit) return;
    emit({
      kind: 'SETTLED',
      position,
      outcome: {
        index,
        status,
        source: outcome.source,
        finalSeq: outcome.finalSeq,
        niddSeq: outcome.niddSeq,
        contradicted: outcome.contradicted,
      },
      callback: null,
      ties: 0,
    });
  }
}
