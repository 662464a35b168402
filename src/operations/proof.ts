import type { HistoryEvent } from '../datasources/thingspace/wire/device-history.ts';
import type { DeviceRecord } from '../datasources/thingspace/wire/device-list.ts';
import { means } from '../datasources/thingspace/wire/state-words.ts';

/** How an operation is proven done when no callback has come. Times are milliseconds of our own clock. */
export interface ProvenBy {
  /** Whether the carrier's request status shows it, for a request of a single device. */
  readonly requestStatus: boolean;
  /** Whether a record of the device list proves it. */
  readonly record: (record: DeviceRecord, sentAt: number) => Proof;
  /** Whether a device's provisioning history proves it. It is asked when the record says LOOK_CLOSER. */
  readonly history: (events: readonly HistoryEvent[], sentAt: number) => boolean;
}

/** LOOK_CLOSER: the list does not decide it. Ask for that device alone, and for its history. */
export type Proof = 'DONE' | 'NOT_YET' | 'LOOK_CLOSER';

/**
 * An event of the carrier may be dated this many milliseconds before our sending and still be its effect. The carrier's dates are
 * cut to the second, and its clock may be behind ours. Half a minute covers both. If somebody else had activated the line within
 * that time, our activation would have failed with DeviceAlreadyActive.
 */
export const CLOCK_SKEW_MS = 30_000;

export function isAfterSending(at: number, sentAt: number): boolean {
  return at >= sentAt - CLOCK_SKEW_MS;
}

/**
 * A proof by a state without a date: the device is in the state that was asked for. A record without a state does not decide it,
 * and any other state means that it is not done.
 */
export function stateShows(wanted: 'PRE_ACTIVE' | 'ACTIVE' | 'SUSPENDED' | 'DEACTIVE'): ProvenBy['record'] {
  return ({ state }) => (state === null ? 'LOOK_CLOSER' : means(state, wanted) ? 'DONE' : 'NOT_YET');
}

/**
 * The proof of an activation.
 *
 * | record of the device list | proof |
 * |---|---|
 * | active, `lastActivationDate` not before the sending (less CLOCK_SKEW_MS) | DONE |
 * | active, without a date | LOOK_CLOSER: list that device alone, then ask its history |
 * | active since before the sending, or any other state | NOT_YET |
 */
export function activationShows({ state, lastActivationAt }: DeviceRecord, sentAt: number): Proof {
  if (!means(state, 'ACTIVE')) return 'NOT_YET';
  if (lastActivationAt === null) return 'LOOK_CLOSER';
  return isAfterSending(lastActivationAt, sentAt) ? 'DONE' : 'NOT_YET';
}

/**
 * A proof by the status of an eSIM profile. There is no date, but it is the status that was asked for.
 *
 * | record of the device list | proof |
 * |---|---|
 * | active, and ProfileStatus is one of `wanted` (state-words.ts) | DONE |
 * | active, without ProfileStatus | LOOK_CLOSER: lists of several devices may leave it out, so list that device alone |
 * | any other ProfileStatus or state | NOT_YET |
 */
export function profileShows({ state, profileStatus }: DeviceRecord, ...wanted: readonly ProfileMeaning[]): Proof {
  if (!means(state, 'ACTIVE')) return 'NOT_YET';
  if (profileStatus === null) return 'LOOK_CLOSER';
  return wanted.some((each) => means(profileStatus, each)) ? 'DONE' : 'NOT_YET';
}

type ProfileMeaning = 'PROFILE_WORKING' | 'PROFILE_DOWNLOADED';

/** A proof by an event that succeeded after the sending. `type` matches the event's type, whose words vary between the samples. */
export function historyShows(type: RegExp): ProvenBy['history'] {
  return historyHas((event) => type.test(event.type ?? ''));
}

/** The same by whatever else an event tells. */
export function historyHas(shows: (event: HistoryEvent) => boolean): ProvenBy['history'] {
  return (events, sentAt) =>
    events.some(
      (event) =>
        shows(event) && means(event.status, 'EVENT_SUCCEEDED') && event.occurredAt !== null && isAfterSending(event.occurredAt, sentAt),
    );
}
