import { effectOn, unchanged } from './device-effects.ts';
import { hasSurplus, UNSETTLED, type Owed } from './request-state.ts';
import type { SendingStep } from './sending-steps.ts';
import type { OutcomeStatus } from './stored-request.ts';
import type { WorkingSet } from './working-set.ts';

/** Devices that a step looks at in one change; the rest is owed. */
const SETTLED_AT_ONCE = 500;
export const TIED_AT_ONCE = 100;

/** What each step does to devices. */
export const SETTLES: Partial<Record<SendingStep['type'], { readonly into: OutcomeStatus; readonly from: readonly OutcomeStatus[] }>> = {
  REFUSED: { into: 'REJECTED', from: UNSETTLED },
  UNANSWERED: { into: 'UNKNOWN', from: ['PENDING', 'OVERDUE'] },
  CANCELLED: { into: 'CANCELLED', from: UNSETTLED },
  ACCEPTED: { into: 'PENDING', from: ['UNKNOWN', 'CANCELLED'] },
  ANSWERED: { into: 'PENDING', from: ['UNKNOWN', 'CANCELLED'] },
  PROVEN: { into: 'PENDING', from: ['UNKNOWN', 'CANCELLED'] },
};

/** Does a bounded part of what is owed. The Request gets its new status with the last row of the last part. */
export function payOwed(set: WorkingSet, position: number): void {
  const carrier = set.state.carrier(position);
  const { owed } = carrier;
  if (!owed) return;
  let rest: Owed | null = null;
  if (owed.type === 'SETTLE') {
    const next = settleOpen(set, position, owed.into, owed.from, { from: owed.next, limit: SETTLED_AT_ONCE });
    if (next !== null) rest = { ...owed, next };
  } else if (tieFinals(set, position) && hasSurplus(carrier)) rest = owed;
  carrier.owed = rest ?? (hasSurplus(carrier) && owed.type === 'SETTLE' ? { type: 'TIE_SURPLUS' } : null);
  if (carrier.owed) return;
  const before = set.state.status;
  set.state.derive();
  // A follower sees a status with a row. This one repeats how the device before the last part stands.
  if (set.state.status !== before && set.placed.length === 0) settle(set, position, carrier.firstIndex, null);
}

export function tie(set: WorkingSet, position: number, index: number, seq: number): void {
  const message = set.message(position, seq);
  if (!message) return;
  const { outcome } = effectOn(set, index, message, seq);
  set.apply({ kind: 'MATCHED', position, outcome, callback: null, ties: seq });
}

/** When every named device has its result, a result that is left over is of a device that nobody named. */
export function tieSurplus(set: WorkingSet, position: number): void {
  const carrier = set.state.carrier(position);
  if (!hasSurplus(carrier) || carrier.owed) return;
  carrier.owed = { type: 'TIE_SURPLUS' };
  payOwed(set, position);
}

/** Makes devices of some results that could not be tied. False when none can be read. */
export function tieFinals(set: WorkingSet, position: number): boolean {
  const readable = set.waiting(position, 'FINAL', TIED_AT_ONCE).filter((seq) => set.message(position, seq) !== null);
  for (const seq of readable) tie(set, position, set.state.devices, seq);
  return readable.length > 0;
}

/**
 * Looks at up to `limit` devices of a carrier request, from the device `from` on, and moves those in one of the statuses to `into`,
 * with one row each.
 *
 * @returns the device from which the next call goes on; null when it is done.
 */
export function settleOpen(
  set: WorkingSet,
  position: number,
  into: OutcomeStatus,
  statuses: readonly OutcomeStatus[],
  { from, limit, sparesOnHold = false }: { from: number; limit: number; sparesOnHold?: boolean },
): number | null {
  const { firstIndex, named } = set.state.carrier(position);
  // Those that nobody named have the indexes after all that were named.
  const spans = [
    [Math.max(from, firstIndex), firstIndex + named],
    [Math.max(from, set.state.named), set.state.devices],
  ].filter(([first = 0, last = 0]) => first < last) as [number, number][];
  let left = limit;
  let next = from;
  for (const [first, last] of spans) {
    if (left === 0) return next;
    next = Math.min(last, first + left);
    for (const device of set.devices(first, next)) {
      if (device.position !== position || !statuses.includes(device.status) || (sparesOnHold && device.isOnHold)) continue;
      settle(set, position, device.index, into);
    }
    left -= next - first;
    if (next < last) return next;
  }
  return null;
}

/** @param into null when the device stays as it is. */
function settle(set: WorkingSet, position: number, index: number, into: OutcomeStatus | null): void {
  const now = set.device(index);
  if (!now) return;
  const outcome = unchanged(index, now);
  set.apply({ kind: 'SETTLED', position, outcome: into === null ? outcome : { ...outcome, status: into }, callback: null, ties: 0 });
}
