import { matchDevice, matchIccid, matchIdentified, takeUnmatchedToTry } from './match-device.ts';
import { THIS_ROW, type EventCallback, type LogEvent, type OutcomeChange } from './log-event.ts';
import { hasRoomFor, LOG_LIMITS, type RequestLimits } from './log-limits.ts';
import { UNSETTLED } from './request-state.ts';
import { effectOn, unchanged } from './device-effects.ts';
import { payOwed, SETTLES, settleOpen, tie, TIED_AT_ONCE, tieFinals, tieSurplus } from './settle-devices.ts';
import { fits, keyOf } from '../thingspace/wire/same-identifier.ts';
import type { SendingStep } from './sending-steps.ts';
import type { OutcomeSource } from './stored-request.ts';
import type { WorkingSet } from './working-set.ts';

export type Change =
  | { readonly type: 'CREATED' }
  | { readonly type: 'STEP'; readonly position: number; readonly step: SendingStep }
  | { readonly type: 'CALLBACK'; readonly position: number; readonly callback: EventCallback }
  /** The devices of a group were read, and the state was built again with them. */
  | { readonly type: 'MEMBERS' }
  /**
   * Of the devices from `from` on, up to `limit` are looked at: those that have not reported become overdue, or expire. When the last
   * one has expired, the carrier request is closed. Devices on hold are spared, unless `onHoldToo`.
   */
  | {
      readonly type: 'LAPSE';
      readonly position: number;
      readonly into: 'OVERDUE' | 'EXPIRED';
      readonly from: number;
      readonly limit: number;
      readonly onHoldToo?: boolean;
    }
  /** What messages have told is put into the index of the devices, up to a bounded number of rows. */
  | { readonly type: 'CATCH_UP' }
  /** The next part of what a step owes. */
  | { readonly type: 'OWED'; readonly position: number }
  /** The carrier answered our question. `index` is set when the answer itself names no device. */
  | { readonly type: 'RECONCILED'; readonly position: number; readonly index: number | null; readonly answer: EventCallback }
  /** The carrier told further identifiers of a device. */
  | { readonly type: 'LEARNT'; readonly position: number; readonly index: number; readonly answer: EventCallback }
  /** A callback came for another tool's carrier request, which was closed. */
  | { readonly type: 'REOPENED'; readonly position: number };

export interface Decision {
  /**
   * - `DUPLICATE`: the message is there already.
   * - `FULL`: it is more than the Request may hold. It must not be acknowledged.
   * - `NOT_YET`: what messages have told must be put into the index first, see `WorkingSet.learn`.
   */
  readonly result: 'APPLIED' | 'DUPLICATE' | 'FULL' | 'NOT_YET';
  /** Of `LAPSE`: the device from which it goes on; null when it is done. */
  readonly next: number | null;
}

/** Rows whose identifiers are learnt in one change. Each takes 40 µs to read. */
export const LEARNT_AT_ONCE = 200;

const APPLIED: Decision = { result: 'APPLIED', next: null };

/**
 * Decides what a change means for a Request, and applies its rows to the working set. It has no input or output of its own: the same
 * rows and the same change give the same new rows on every backend.
 *
 * Only the last row of a change has the new status, because a follower may stop at a terminal status.
 */
export function transition(set: WorkingSet, change: Change, limits: RequestLimits = LOG_LIMITS.request): Decision {
  const { status } = set.state;
  const decision = decide(set, change, limits);
  const last = set.placed.at(-1);
  if (last) set.state.derive();
  for (const each of set.placed) each.status = each === last ? set.state.status : status;
  return decision;
}

function decide(set: WorkingSet, change: Change, limits: RequestLimits): Decision {
  switch (change.type) {
    case 'CREATED':
      set.apply({ kind: 'CREATED', position: -1, outcome: null, callback: null, ties: 0 });
      return APPLIED;
    case 'MEMBERS':
      set.apply({ kind: 'MEMBERS', position: -1, outcome: null, callback: null, ties: 0 });
      return APPLIED;
    case 'CATCH_UP':
      return { ...APPLIED, result: set.learn(LEARNT_AT_ONCE) ? 'APPLIED' : 'NOT_YET' };
    case 'LAPSE':
      return { ...APPLIED, next: decideLapse(set, change) };
    case 'OWED':
      payOwed(set, change.position);
      return APPLIED;
    case 'RECONCILED':
    case 'LEARNT':
      if (!set.learn(LEARNT_AT_ONCE)) return { ...APPLIED, result: 'NOT_YET' };
      if (change.type === 'RECONCILED') settleByAnswer(set, change, 'RECONCILED');
      else decideLearnt(set, change);
      tryUnmatchedAgain(set, change.position, matchIdentified);
      tieSurplus(set, change.position);
      return APPLIED;
    case 'REOPENED':
      set.apply({ kind: 'REOPENED', position: change.position, outcome: null, callback: null, ties: 0 });
      return APPLIED;
    case 'STEP':
      decideStep(set, change.position, change.step);
      return APPLIED;
    case 'CALLBACK':
      return { ...APPLIED, result: decideCallback(set, change.position, set.take(change.position, change.callback), limits) };
  }
}

function decideStep(set: WorkingSet, position: number, step: SendingStep): void {
  const carrier = set.state.carrier(position);
  const settles = SETTLES[step.type];
  // What an earlier step still owes to a device, this one does instead: it moves the device to the same end.
  if (settles) {
    const isAny = settles.from.some((each) => set.state.counts[each] > 0);
    carrier.owed = isAny ? { type: 'SETTLE', next: 0, ...settles } : null;
  }
  const kind = step.type === 'ANSWERED' ? 'ACCEPTED' : step.type;
  set.apply({ kind, position, outcome: null, callback: null, ties: 0 });
  if (settles) payOwed(set, position);
  if (step.type !== 'ANSWERED') return;
  for (const answer of step.results) settleByAnswer(set, { position, index: null, answer }, 'ANSWER');
}

/** @returns the device from which the next call goes on; null when it is done. */
function decideLapse(
  set: WorkingSet,
  { position, into, from, limit, onHoldToo = false }: Extract<Change, { type: 'LAPSE' }>,
): number | null {
  // Before devices are given up, what was learnt of them since the last callback counts, by elimination too.
  if (into === 'EXPIRED' && from === 0) tryUnmatchedAgain(set, position, matchDevice);
  const next = settleOpen(set, position, into, into === 'OVERDUE' ? ['PENDING'] : UNSETTLED, { from, limit, sparesOnHold: !onHoldToo });
  const carrier = set.state.carrier(position);
  if (next !== null || into === 'OVERDUE' || carrier.unsettled > 0) return next;
  // A result that is left over is of a device that nobody named.
  if (tieFinals(set, position) && carrier.unmatched.FINAL > 0) return set.state.devices;
  set.apply({ kind: 'CLOSED', position, outcome: null, callback: null, ties: 0 });
  return null;
}

/** Changes nothing for a device that a callback has settled, nor when the answer cannot be tied to a device. */
function settleByAnswer(
  set: WorkingSet,
  { position, index, answer }: Pick<Extract<Change, { type: 'RECONCILED' }>, 'position' | 'index' | 'answer'>,
  source: OutcomeSource,
): void {
  const found = index ?? matchIdentified(set, position, answer.message);
  const now = found === null ? null : set.device(found);
  if (found === null || !now || now.position !== position || !(now.status === 'EXPIRED' || UNSETTLED.includes(now.status))) return;
  const status = answer.message.succeeded ? 'SUCCEEDED' : 'FAILED';
  const outcome: OutcomeChange = {
    index: found,
    status,
    source,
    finalSeq: THIS_ROW,
    niddSeq: now.niddSeq,
    contradicted: now.contradicted,
  };
  set.apply({ kind: 'RECONCILED', position, outcome, callback: answer, ties: 0 });
}

/** Changes nothing when it is all known already. A device that has its result learns too: its NIDD message may name it otherwise. */
function decideLearnt(set: WorkingSet, { position, index, answer }: Extract<Change, { type: 'LEARNT' }>): void {
  const now = set.device(index);
  if (!now || now.position !== position || answer.message.deviceIds.every((identifier) => fits(set.keys(index), keyOf(identifier)))) return;
  set.apply({ kind: 'LEARNT', position, outcome: unchanged(index, now), callback: answer, ties: 0 });
}

function decideCallback(set: WorkingSet, position: number, callback: EventCallback, limits: RequestLimits): Decision['result'] {
  const { message } = callback;
  const isOther = message.bearing === 'OTHER';
  const named = isOther ? null : matchIccid(set, position, message);
  if (named === null && !isOther && !set.learn(LEARNT_AT_ONCE)) return 'NOT_YET';
  if (!isOther && isDuplicate(set, position, callback, named)) return 'DUPLICATE';
  const event =
    named === null ? eventOf(set, position, callback) : { position, callback, ties: 0, ...effectOn(set, named, message, THIS_ROW) };
  if (!hasRoomFor(set, event, limits)) return 'FULL';
  // Before another tool's request is opened again, the store must know whether the message is a duplicate: by its digest alone.
  set.apply(event, named !== null && set.state.carrier(position).deviceCount !== null);
  tryUnmatchedAgain(set, position, matchDevice);
  tieSurplus(set, position);
  return 'APPLIED';
}

/** Whether the message has gone to its device before. The store finds all others by their digests. */
function isDuplicate(set: WorkingSet, position: number, { message, digest }: EventCallback, named: number | null): boolean {
  if (!digest) return false;
  const candidates = named === null ? message.deviceIds.flatMap((identifier) => set.namedBy(position, keyOf(identifier))) : [named];
  return [...new Set(candidates)].some((index) => set.device(index)?.digests.some((known) => Buffer.compare(known, digest) === 0));
}

function eventOf(set: WorkingSet, position: number, callback: EventCallback): LogEvent {
  const { message } = callback;
  if (message.bearing === 'OTHER') return { kind: 'NOTICE', position, outcome: null, callback, ties: 0 };
  const matched = matchDevice(set, position, message, null);
  if (matched !== null) return { position, callback, ties: 0, ...effectOn(set, matched, message, THIS_ROW) };
  if (isOfNewDevice(set, position, message.bearing)) {
    return { position, callback, ties: 0, ...effectOn(set, set.state.devices, message, THIS_ROW) };
  }
  return { kind: 'UNMATCHED', position, outcome: null, callback, ties: 0 };
}

/**
 * True when a message that could not be tied to a device makes a device of its own. When only the carrier knows the devices, we learn
 * of a device by its report. When the carrier request is closed, a final message has nothing to wait for. A progress message would
 * then open the Request again, and nothing would close it.
 */
function isOfNewDevice({ state }: WorkingSet, position: number, bearing: EventCallback['message']['bearing']): boolean {
  const closed = state.carrierState(position) === 'CLOSED';
  if (bearing === 'FINAL') return closed || state.carrier(position).deviceCount === null;
  return bearing === 'PROGRESS' && !closed && state.carrier(position).deviceCount === null;
}

/**
 * Each match may teach an identifier that ties an earlier message to its device.
 *
 * @param match `matchIdentified` while more of the carrier's answers are on their way: elimination waits for all of them.
 */
function tryUnmatchedAgain(set: WorkingSet, position: number, match: typeof matchDevice): void {
  const untried = new Set<number>();
  for (let ties = 0; ties < TIED_AT_ONCE; ties++) {
    for (const seq of takeUnmatchedToTry(set, position)) untried.add(seq);
    const earliestFirst = [...untried].toSorted((a, b) => a - b);
    const tied = earliestFirst.find((seq) => {
      untried.delete(seq);
      const message = set.message(position, seq);
      const index = message && match(set, position, message, seq);
      if (index !== null) tie(set, position, index, seq);
      return index !== null;
    });
    if (tied === undefined) return;
  }
}
