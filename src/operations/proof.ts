import type { HistoryEvent } from '../datasources/thingspace/wire/device-history.ts';
import type { DeviceRecord } from '../datasources/thingspace/wire/device-list.ts';

/** How an operation is proven done when no callback came. Times are milliseconds of our own clock. */
export interface ProvenBy {
  /** Whether the carrier's request status tells of it, for a request of a single device. */
  readonly requestStatus: boolean;
  /** Whether a record of the device list proves it. */
  readonly record: (record: DeviceRecord, sentAt: number) => Proof;
  /** Whether a device's provisioning history proves it. Asked where the record says LOOK_CLOSER. */
  readonly history: (events: readonly HistoryEvent[], sentAt: number) => boolean;
}

/** LOOK_CLOSER: the list leaves it open; ask for that device alone, and for its history. */
export type Proof = 'DONE' | 'NOT_YET' | 'LOOK_CLOSER';

/**
 * What the carrier dates may lie before our own time of sending and still be its consequence, in milliseconds. Its dates are
 * cut to the second and come from another clock, which may be behind ours. Half a minute covers both; a line that was
 * activated by someone else within it and then by us would have failed with DeviceAlreadyActive.
 */
export const CLOCK_SKEW_MS = 30_000;

export function isAfterSending(at: number, sentAt: number): boolean {
  return at >= sentAt - CLOCK_SKEW_MS;
}

/** A proof by an event that succeeded after the sending, of a type that matches `type` (the words of its samples vary). */
export function historyShows(type: RegExp): ProvenBy['history'] {
  return (events, sentAt) =>
    events.some(
      (event) =>
        type.test(event.type ?? '') &&
        event.status?.toLowerCase() === 'success' &&
        event.occurredAt !== null &&
        isAfterSending(event.occurredAt, sentAt),
    );
}
