import { matchDevice, matchIdentified, takeUnmatchedToTry } from './match-device.ts';
import { THIS_ROW, type EventCallback, type LogEvent, type OutcomeChange } from './log-event.ts';
import { hasRoomFor, LOG_LIMITS, type RequestLimits } from './log-limits.ts';
import type { RequestState, UnmatchedCallback } from './request-state.ts';
import { fits, keyOf } from '../thingspace/wire/same-identifier.ts';
import { countsOf, type OutcomeStatus, type RequestStatus } from './stored-request.ts';
import type { SendingStep } from './sending-steps.ts';

export type Change =
  | { readonly type: 'CREATED' }
  | { readonly type: 'STEP'; readonly position: number; readonly step: SendingStep }
  | { readonly type: 'CALLBACK'; readonly position: number; readonly callback: EventCallback }
  /** The devices of a group were read, and the state was built again with them. */
  | { readonly type: 'MEMBERS' }
  /**
   * Up to `limit` devices that have not reported become overdue, or expire. When the last one expires, the carrier request is closed.
   * Devices on hold are spared, unless `onHoldToo`.
   */
  | {
      readonly type: 'LAPSE';
      readonly position: number;
      readonly into: 'OVERDUE' | 'EXPIRED';
      readonly limit: number;
      readonly onHoldToo?: boolean;
    }
  /** The carrier answered our question. `index` is set when the answer itself names no device. */
  | { readonly type: 'RECONCILED'; readonly position: number; readonly index: number | null; readonly answer: EventCallback }
  /** The carrier told further identifiers of a device. */
  | { readonly type: 'LEARNT'; readonly position: number; readonly index: number; readonly answer: EventCallback }
  /** A callback came for another tool's carrier request, which was closed. */
  | { readonly type: 'REOPENED'; readonly position: number };

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
 *
 * @returns no rows for a callback that is more than a Request may hold: it must not be acknowledged.
 */
export function transition(state: RequestState, change: Change, limits: RequestLimits = LOG_LIMITS.request): PlacedEvent[] {
  const before = state.status;
  const placed: PlacedEvent[] = [];
  decide(state, change, limits, (event) => {
    const seq = state.apply(event);
    placed.push({ event, seq, status: before, counts: countsOf(state.counts) });
  });
  const last = placed.at(-1);
  if (last) last.status = state.status;
  return placed;
}

function decide(state: RequestState, change: Change, limits: RequestLimits, emit: (event: LogEvent) => void): void {
  switch (change.type) {
    case 'CREATED':
      return emit({ kind: 'CREATED', position: -1, outcome: null, callback: null, ties: 0 });
    case 'MEMBERS':
      return emit({ kind: 'MEMBERS', position: -1, outcome: null, callback: null, ties: 0 });
    case 'LAPSE':
      return decideLapse(state, change, emit);
    case 'RECONCILED':
      decideReconciled(state, change, emit);
      tryUnmatchedAgain(state, change.position, matchIdentified, emit);
      return tieSurplus(state, change.position, emit);
    case 'LEARNT':
      decideLearnt(state, change, emit);
      tryUnmatchedAgain(state, change.position, matchIdentified, emit);
      return tieSurplus(state, change.position, emit);
    case 'REOPENED':
      return emit({ kind: 'REOPENED', position: change.position, outcome: null, callback: null, ties: 0 });
    case 'STEP':
      return decideStep(state, change.position, change.step, emit);
    case 'CALLBACK': {
      const event = decideCallback(state, change.position, change.callback);
      if (!hasRoomFor(state, event, limits)) return;
      emit(event);
      tryUnmatchedAgain(state, change.position, matchDevice, emit);
      return tieSurplus(state, change.position, emit);
    }
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
  { position, into, limit, onHoldToo = false }: Extract<Change, { type: 'LAPSE' }>,
  emit: (event: LogEvent) => void,
): void {
  // Before devices are given up, what was learnt of them since the last callback counts, by elimination too.
  if (into === 'EXPIRED') tryUnmatchedAgain(state, position, matchDevice, emit);
  settleOpen(state, position, into, into === 'OVERDUE' ? ['PENDING'] : UNSETTLED, emit, { limit, sparesOnHold: !onHoldToo });
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

/** Changes nothing when it is all known already. A device that has its result learns too: its NIDD message may name it otherwise. */
function decideLearnt(
  state: RequestState,
  { position, index, answer }: Extract<Change, { type: 'LEARNT' }>,
  emit: (event: LogEvent) => void,
): void {
  const now = state.outcomes[index];
  if (!now || now.position !== position || answer.message.deviceIds.every((identifier) => fits(now.keys, keyOf(identifier)))) return;
  emit({ kind: 'LEARNT', position, outcome: unchanged(index, now), callback: answer, ties: 0 });
}

function decideCallback(state: RequestState, position: number, callback: EventCallback): LogEvent {
  const { message } = callback;
  if (message.bearing === 'OTHER') return { kind: 'NOTICE', position, outcome: null, callback, ties: 0 };
  const matched = matchDevice(state, position, message);
  if (matched !== null) return { position, callback, ties: 0, ...effectOn(state, matched, callback.message, THIS_ROW) };
  if (isOfNewDevice(state, position, message.bearing)) {
    return { position, callback, ties: 0, ...effectOn(state, state.outcomes.length, message, THIS_ROW) };
  }
  return { kind: 'UNMATCHED', position, outcome: null, callback, ties: 0 };
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
  const same = unchanged(index, now);
  if (message.bearing === 'NIDD_CONFIG') return { kind: 'NIDD', outcome: { ...same, niddSeq: row } };
  if (message.bearing === 'PROGRESS') return { kind: 'NOTICE', outcome: now.source === null ? { ...same, finalSeq: row } : same };
  const status = message.succeeded ? 'SUCCEEDED' : 'FAILED';
  if (now.source !== 'CALLBACK' || (now.isSettledByPart && !message.isPart))
    return { kind: 'CALLBACK', outcome: { ...same, status, source: 'CALLBACK', finalSeq: row } };
  if (now.status === status || message.isPart) return { kind: 'REPEAT', outcome: same };
  return { kind: 'CONTRADICTION', outcome: { ...same, contradicted: true } };
}

function unchanged(index: number, now: Omit<OutcomeChange, 'index'>): OutcomeChange {
  const { status, source, finalSeq, niddSeq, contradicted } = now;
  return { index, status, source, finalSeq, niddSeq, contradicted };
}

/**
 * Each match may teach an identifier that ties an earlier message to its device.
 *
 * @param match `matchIdentified` while more of the carrier's answers are on their way: elimination waits for all of them.
 */
function tryUnmatchedAgain(state: RequestState, position: number, match: typeof matchDevice, emit: (event: LogEvent) => void): void {
  const untried = new Set<UnmatchedCallback>();
  for (;;) {
    for (const waiting of takeUnmatchedToTry(state, position)) untried.add(waiting);
    const earliestFirst = [...untried].toSorted((a, b) => a.seq - b.seq);
    const tied = earliestFirst.find((waiting) => {
      untried.delete(waiting);
      const index = match(state, position, waiting.message);
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

/** When every named device has its result, a result that is left over is of a device that nobody named. */
function tieSurplus(state: RequestState, position: number, emit: (event: LogEvent) => void): void {
  const { deviceCount, withoutFinal, unmatchedOf } = state.carrier(position);
  if (deviceCount === null || withoutFinal > 0 || unmatchedOf.FINAL === 0) return;
  for (const waiting of finalsOf(state, position)) tie(state, position, state.outcomes.length, waiting, emit);
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
  { limit = Number.POSITIVE_INFINITY, sparesOnHold = false } = {},
): void {
  let moved = 0;
  for (const [index, outcome] of state.outcomes.entries()) {
    if (outcome.position !== position || !from.includes(outcome.status) || (sparesOnHold && outcome.isOnHold)) continue;
    if (++moved > limit) return;
    emit({
      kind: 'SETTLED',
      position,
      outcome: { ...unchanged(index, outcome), status },
      callback: null,
      ties: 0,
    });
  }
}
