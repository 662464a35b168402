import type { CarrierRequestState, RequestError } from './stored-request.ts';

/** What happened to one carrier request, as the sender tells it. */
export type SendingStep =
  | { readonly type: 'SENDING' }
  | { readonly type: 'ACCEPTED'; readonly carrierRequestId: string }
  | { readonly type: 'REFUSED'; readonly error: RequestError }
  | { readonly type: 'UNANSWERED'; readonly error: RequestError }
  | { readonly type: 'REQUEUED'; readonly error: RequestError }
  | { readonly type: 'CANCELLED'; readonly error: RequestError }
  | { readonly type: 'PROVEN' };

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
