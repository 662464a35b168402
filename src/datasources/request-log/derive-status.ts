import type { CarrierRequestState, Progress, RequestStatus } from './stored-request.ts';

/**
 * The status of a Request is a pure function of its carrier requests and of its devices' outcomes.
 *
 * ```
 *  a carrier request is being sent, or some wait and some have left      SUBMITTING
 *  all carrier requests wait                                             QUEUED
 *  the fate of a carrier request or a device is unknown                  UNKNOWN
 *  a device is pending or overdue, or more devices may still report      IN_PROGRESS
 *  nothing is open:
 *    all succeeded SUCCEEDED · some PARTIALLY_FAILED · all rejected REJECTED
 *    all cancelled CANCELLED · all expired EXPIRED   · any other mix FAILED
 *    no device at all: all carrier requests refused REJECTED · all cancelled CANCELLED · otherwise EXPIRED
 * ```
 *
 * @param devicesKnown false when only the carrier knows the devices. An accepted carrier request then stays open until it is
 *   CLOSED, however many devices have reported.
 */
export function deriveStatus(carrierStates: readonly CarrierRequestState[], progress: Progress, devicesKnown: boolean): RequestStatus {
  const waiting = count(carrierStates, 'QUEUED');
  if (carrierStates.includes('SENDING')) return 'SUBMITTING';
  if (waiting > 0) return waiting === carrierStates.length ? 'QUEUED' : 'SUBMITTING';
  if (progress.UNKNOWN > 0 || carrierStates.includes('UNKNOWN')) return 'UNKNOWN';
  if (progress.PENDING + progress.OVERDUE > 0) return 'IN_PROGRESS';
  if (!devicesKnown && carrierStates.includes('ACCEPTED')) return 'IN_PROGRESS';

  const { SUCCEEDED, FAILED, EXPIRED, CANCELLED, REJECTED } = progress;
  const settled = SUCCEEDED + FAILED + EXPIRED + CANCELLED + REJECTED;
  if (settled === 0) return deriveEmptyStatus(carrierStates);
  if (SUCCEEDED === settled) return 'SUCCEEDED';
  if (SUCCEEDED > 0) return 'PARTIALLY_FAILED';
  if (REJECTED === settled) return 'REJECTED';
  if (CANCELLED === settled) return 'CANCELLED';
  if (EXPIRED === settled) return 'EXPIRED';
  return 'FAILED';
}

function deriveEmptyStatus(carrierStates: readonly CarrierRequestState[]): RequestStatus {
  if (count(carrierStates, 'REFUSED') === carrierStates.length) return 'REJECTED';
  if (count(carrierStates, 'CANCELLED') === carrierStates.length) return 'CANCELLED';
  return 'EXPIRED';
}

function count(states: readonly CarrierRequestState[], wanted: CarrierRequestState): number {
  return states.reduce((sum, state) => (state === wanted ? sum + 1 : sum), 0);
}
