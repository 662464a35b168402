import type { CarrierRequestState, OutcomeStatus, RequestStatus } from '../../../src/datasources/request-log/stored-request.ts';

/** The documented table of a Request's status, written again independently: it depends on which statuses occur. */
export function plainStatus(parts: readonly CarrierRequestState[], devices: readonly OutcomeStatus[], allKnown: boolean): RequestStatus {
  const states = new Set(parts);
  if (states.has('SENDING')) return 'SUBMITTING';
  if (states.has('QUEUED')) return states.size === 1 ? 'QUEUED' : 'SUBMITTING';

  const found = new Set(devices);
  if (states.has('UNKNOWN') || found.has('UNKNOWN')) return 'UNKNOWN';
  if (found.has('PENDING') || found.has('OVERDUE')) return 'IN_PROGRESS';
  if (states.has('ACCEPTED') && !allKnown) return 'IN_PROGRESS';

  if (found.size === 0) {
    if (states.size > 1) return 'EXPIRED';
    return states.has('REFUSED') ? 'REJECTED' : states.has('CANCELLED') ? 'CANCELLED' : 'EXPIRED';
  }
  const [only] = found;
  if (found.size === 1 && only) return SAME_WORD[only];
  return found.has('SUCCEEDED') ? 'PARTIALLY_FAILED' : 'FAILED';
}

const SAME_WORD: Readonly<Record<OutcomeStatus, RequestStatus>> = {
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  EXPIRED: 'EXPIRED',
  CANCELLED: 'CANCELLED',
  REJECTED: 'REJECTED',
  PENDING: 'IN_PROGRESS',
  OVERDUE: 'IN_PROGRESS',
  UNKNOWN: 'UNKNOWN',
};
