import { expect, test } from 'vitest';
import { deriveStatus } from '../../src/datasources/request-log/derive-status.ts';
import {
  progressOf,
  type CarrierRequestState,
  type OutcomeStatus,
  type RequestStatus,
} from '../../src/datasources/request-log/stored-request.ts';

type Counts = Partial<Record<OutcomeStatus, number>>;

/** carrier requests · devices by status · are the devices known? → status */
const TABLE: readonly (readonly [CarrierRequestState[], Counts, boolean, RequestStatus])[] = [
  [['QUEUED'], { PENDING: 2 }, true, 'QUEUED'],
  [['QUEUED', 'QUEUED'], { PENDING: 2 }, true, 'QUEUED'],
  [['SENDING'], { PENDING: 2 }, true, 'SUBMITTING'],
  [['SENDING', 'QUEUED'], { PENDING: 2 }, true, 'SUBMITTING'],
  [['ACCEPTED', 'QUEUED'], { PENDING: 1, SUCCEEDED: 1 }, true, 'SUBMITTING'],
  [['UNKNOWN', 'QUEUED'], { PENDING: 1, UNKNOWN: 1 }, true, 'SUBMITTING'],
  [['ACCEPTED'], { PENDING: 2 }, true, 'IN_PROGRESS'],
  [['ACCEPTED'], { OVERDUE: 1, SUCCEEDED: 1 }, true, 'IN_PROGRESS'],
  [['UNKNOWN'], { UNKNOWN: 2 }, true, 'UNKNOWN'],
  [['UNKNOWN', 'ACCEPTED'], { UNKNOWN: 1, PENDING: 1 }, true, 'UNKNOWN'],
  [['ACCEPTED'], { SUCCEEDED: 2 }, true, 'SUCCEEDED'],
  [['ACCEPTED'], { SUCCEEDED: 1, FAILED: 1 }, true, 'PARTIALLY_FAILED'],
  [['ACCEPTED', 'REFUSED'], { SUCCEEDED: 1, REJECTED: 1 }, true, 'PARTIALLY_FAILED'],
  [['ACCEPTED'], { SUCCEEDED: 1, EXPIRED: 1 }, true, 'PARTIALLY_FAILED'],
  [['ACCEPTED'], { FAILED: 2 }, true, 'FAILED'],
  [['ACCEPTED'], { FAILED: 1, EXPIRED: 1 }, true, 'FAILED'],
  [['ACCEPTED', 'REFUSED'], { FAILED: 1, REJECTED: 1 }, true, 'FAILED'],
  [['REFUSED', 'CANCELLED'], { REJECTED: 1, CANCELLED: 1 }, true, 'FAILED'],
  [['REFUSED'], { REJECTED: 2 }, true, 'REJECTED'],
  [['ACCEPTED'], { EXPIRED: 2 }, true, 'EXPIRED'],
  [['CANCELLED'], { CANCELLED: 2 }, true, 'CANCELLED'],
  [['ACCEPTED'], {}, false, 'IN_PROGRESS'],
  [['ACCEPTED'], { SUCCEEDED: 3 }, false, 'IN_PROGRESS'],
  [['UNKNOWN'], {}, false, 'UNKNOWN'],
  [['CLOSED'], { SUCCEEDED: 3 }, false, 'SUCCEEDED'],
  [['CLOSED'], { SUCCEEDED: 3, FAILED: 1 }, false, 'PARTIALLY_FAILED'],
  [['CLOSED'], {}, false, 'EXPIRED'],
  [['REFUSED'], {}, false, 'REJECTED'],
  [['CANCELLED'], {}, false, 'CANCELLED'],
];

test.each(TABLE)('%j with %j (devices known: %j) is %s', (states, counts, devicesKnown, status) => {
  expect(deriveStatus(states, { ...progressOf([]), ...counts }, devicesKnown)).toBe(status);
});
