import { isQuiet, type OutcomeChange } from './log-event.ts';
import type { DeviceRow } from './request-rows.ts';

export interface DeviceState extends OutcomeChange {
  readonly position: number;
  /** The carrier waits for an approval, by its latest word. */
  readonly isOnHold: boolean;
  /** The final message is about one profile. That of the device itself may still come, and decides. */
  readonly isSettledByPart: boolean;
  /** Messages that settled nothing of it. */
  readonly quiet: number;
  /** Of the messages whose duplicates are found by this device. */
  readonly digests: readonly Uint8Array[];
}

/** What the newest row of a device tells. */
export type NewestState = Omit<DeviceState, 'quiet' | 'digests'>;

/** How a device stands after its rows; null when it has none. */
export function foldDevice(rows: readonly DeviceRow[]): DeviceState | null {
  const last = rows.at(-1);
  if (!last) return null;
  let quiet = 0;
  let before: DeviceRow | undefined;
  for (const row of rows) {
    if (isQuiet({ kind: row.kind, callback: null }, before)) quiet++;
    before = row;
  }
  return { ...last, quiet, digests: rows.flatMap(({ digest }) => digest ?? []) };
}

/** A device of which nothing is known. */
export function pendingDevice(index: number): Omit<DeviceState, 'position'> {
  return {
    index,
    status: 'PENDING',
    source: null,
    finalSeq: 0,
    niddSeq: 0,
    contradicted: false,
    isOnHold: false,
    isSettledByPart: false,
    quiet: 0,
    digests: [],
  };
}

/** Counts a device, or no longer. */
export function addDevice(open: { count: number; sum: number }, index: number, sign: 1 | -1): void {
  open.count += sign;
  open.sum += sign * index;
}
