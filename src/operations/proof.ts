import type { OperationName } from './operations.ts';
import type { HistoryEvent } from '../datasources/thingspace/wire/device-history.ts';
import { isActive, type DeviceRecord } from '../datasources/thingspace/wire/device-list.ts';

/**
 * What the carrier dates may lie before our own time of sending and still be its consequence, in milliseconds. Its dates are
 * cut to the second and come from another clock, which may be behind ours. Half a minute covers both; a line that was
 * activated by someone else within it and then by us would have failed with DeviceAlreadyActive.
 */
export const CLOCK_SKEW_MS = 30_000;

export type Proof = 'DONE' | 'NOT_YET' | 'LOOK_CLOSER';

/**
 * Whether a record of the device list proves that an operation sent at `sentAt` (ms, our clock) was done.
 *
 * | operation | record | |
 * |---|---|---|
 * | ACTIVATE_DEVICES | active, `lastActivationDate` not before the sending (less {@link CLOCK_SKEW_MS}) | DONE |
 * | | active, without a date | LOOK_CLOSER: list that device alone, then ask {@link historyProves} |
 * | | active since before the sending, or any other state | NOT_YET |
 * | RESUME_PROFILE | active, ProfileStatus ENABLE or ENABLED | DONE: there is no date, but it is the state asked for |
 * | | active, without ProfileStatus | LOOK_CLOSER: lists of several devices may leave it out; list that device alone |
 * | | any other ProfileStatus or state | NOT_YET |
 * | RENEW_ACTIVATION_CODE | any | NOT_YET: no record shows the code or its age |
 */
export function proofOf(operation: OperationName, record: DeviceRecord, sentAt: number): Proof {
  switch (operation) {
    case 'ACTIVATE_DEVICES':
      if (!isActive(record.state)) return 'NOT_YET';
      if (record.lastActivationAt === null) return 'LOOK_CLOSER';
      return isAfterSending(record.lastActivationAt, sentAt) ? 'DONE' : 'NOT_YET';
    case 'RESUME_PROFILE':
      if (!isActive(record.state)) return 'NOT_YET';
      if (record.profileStatus === null) return 'LOOK_CLOSER';
      return /^enabled?$/i.test(record.profileStatus) ? 'DONE' : 'NOT_YET';
    case 'RENEW_ACTIVATION_CODE':
      return 'NOT_YET';
  }
}

/**
 * Whether a device's provisioning history proves that an operation sent at `sentAt` (ms, our clock) was done.
 *
 * | operation | proven by |
 * |---|---|
 * | ACTIVATE_DEVICES | an event `Activate`, `Activation Confirmed` … of status Success, not before the sending (less {@link CLOCK_SKEW_MS}) |
 * | RESUME_PROFILE, RENEW_ACTIVATION_CODE | nothing: the history documents no event of a profile's |
 */
export function historyProves(operation: OperationName, events: readonly HistoryEvent[], sentAt: number): boolean {
  if (operation !== 'ACTIVATE_DEVICES') return false;
  return events.some(
    ({ type, status, occurredAt }) =>
      /^activat/i.test(type ?? '') && status?.toLowerCase() === 'success' && occurredAt !== null && isAfterSending(occurredAt, sentAt),
  );
}

function isAfterSending(at: number, sentAt: number): boolean {
  return at >= sentAt - CLOCK_SKEW_MS;
}
