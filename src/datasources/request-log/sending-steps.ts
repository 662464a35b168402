import type { CarrierRequestState, SendingStep } from './request-log.ts';

/** Where each step begins. What has left is never cancelled, what is cancelled never leaves. */
export const STEP_FROM: Readonly<Record<SendingStep['type'], readonly CarrierRequestState[]>> = {
  SENDING: ['QUEUED'],
  REQUEUED: ['QUEUED', 'SENDING'],
  // QUEUED: another tool's request, first seen with its id. The last three: an id that is learnt late.
  ACCEPTED: ['SENDING', 'QUEUED', 'UNKNOWN', 'ACCEPTED', 'CLOSED'],
  REFUSED: ['SENDING'],
  // QUEUED: after a backup was restored, it may have left since.
  UNANSWERED: ['SENDING', 'QUEUED'],
  CANCELLED: ['QUEUED', 'UNKNOWN'],
  PROVEN: ['UNKNOWN'],
};

/** Where each step leads. */
export const CARRIER_STATE: Readonly<Record<SendingStep['type'], CarrierRequestState>> = {
  SENDING: 'SENDING',
  ACCEPTED: 'ACCEPTED',
  REFUSED: 'REFUSED',
  UNANSWERED: 'UNKNOWN',
  REQUEUED: 'QUEUED',
  CANCELLED: 'CANCELLED',
  PROVEN: 'ACCEPTED',
};
