import type { EventCallback } from './log-event.ts';
import type { CarrierRequestState, RequestError } from './stored-request.ts';

/** What happened to one carrier request. */
export type SendingStep =
  | { readonly type: 'SENDING' }
  /**
   * With the id of another carrier request it becomes UNANSWERED, because nobody can tell whose callbacks come for that id.
   *
   * `answered`: the carrier's own answer to the POST. It wins over an id that was found or given before, and over CANCELLED.
   */
  | { readonly type: 'ACCEPTED'; readonly carrierRequestId: string; readonly answered?: true }
  /** The carrier has answered with results of devices. Those that it has left out are still awaited. */
  | { readonly type: 'ANSWERED'; readonly results: readonly EventCallback[] }
  | { readonly type: 'REFUSED'; readonly error: RequestError }
  | { readonly type: 'UNANSWERED'; readonly error: RequestError }
  | { readonly type: 'REQUEUED'; readonly error: RequestError }
  | { readonly type: 'CANCELLED'; readonly error: RequestError }
  | { readonly type: 'PROVEN' };

export const REUSED_ID: RequestError = {
  code: 'UNUSABLE_ANSWER',
  message: 'The carrier answered with the requestId of another request. Nobody knows what became of this one.',
};

/** Of what was on its way when its gateway ended. */
export const INTERRUPTED: RequestError = {
  code: 'UNANSWERED',
  message: 'The gateway stopped while this was on its way to the carrier: nobody knows whether it arrived. It is not sent again.',
};

/** Of what was being sent when something in the gateway itself failed. */
export const BROKEN_OFF: RequestError = {
  code: 'UNANSWERED',
  message: 'A failure of the gateway broke off the sending. Nobody knows whether anything reached the carrier.',
};

export const NOT_MARKED: RequestError = {
  code: 'NOT_SENT',
  message: 'The store did not answer before it was sent. It has not left, and is sent later.',
};

export const TOKEN_REFUSED: RequestError = {
  code: 'NOT_SENT',
  message: 'The carrier refused a token of the gateway, and did nothing. It is sent again with a new token.',
};

export const WAITED_TOO_LONG: RequestError = {
  code: 'WAITED_TOO_LONG',
  message: 'The request waited too long and is not sent any more. Make a new request if it is still wanted.',
};

/** Of what is queued in a restored store. */
export const RESTORED_SINCE: RequestError = {
  code: 'RESTORED',
  message: 'A backup was restored: this may have been sent since the backup was made. It is not sent again.',
};

/** Of what an operator knows never to have arrived. */
export const NEVER_ARRIVED: RequestError = {
  code: 'NEVER_ARRIVED',
  message: 'An operator stated that this never arrived at the carrier. Nothing was done; make a new request if it is still wanted.',
};

/** The carrier's limit: so many requests may have left in the last minute before a backup was restored. */
export const FULL_WINDOW = 100;

/** The states in which each step may begin. A request that has left is never cancelled, and a cancelled one never leaves. */
const STEP_FROM: Readonly<Record<SendingStep['type'], readonly CarrierRequestState[]>> = {
  SENDING: ['QUEUED'],
  REQUEUED: ['QUEUED', 'SENDING'],
  // QUEUED is another tool's request, which is first seen with its id. In the last three states an id is learnt late.
  ACCEPTED: ['SENDING', 'QUEUED', 'UNKNOWN', 'ACCEPTED', 'CLOSED'],
  // UNKNOWN: the answer came late.
  ANSWERED: ['SENDING', 'UNKNOWN'],
  REFUSED: ['SENDING', 'UNKNOWN'],
  // QUEUED is for a restored backup: the request may have left after the backup was made.
  UNANSWERED: ['SENDING', 'QUEUED'],
  CANCELLED: ['QUEUED', 'UNKNOWN'],
  PROVEN: ['UNKNOWN'],
};

/**
 * Whether a step may begin in a state. A person may say of a request that it never arrived while the carrier's answer is still on
 * its way. The answer wins.
 */
export function mayBegin(step: SendingStep, state: CarrierRequestState): boolean {
  return STEP_FROM[step.type].includes(state) || (isAnswer(step) && state === 'CANCELLED');
}

/** Whether only the gateway that may send it may do this step. What the carrier has said counts, whoever heard it. */
export function needsLease({ type }: SendingStep): boolean {
  return type === 'SENDING' || type === 'REQUEUED';
}

export function isAnswer(step: SendingStep): boolean {
  return step.type === 'ANSWERED' || (step.type === 'ACCEPTED' && step.answered === true);
}

/** The state after each step. */
export const CARRIER_STATE: Readonly<Record<SendingStep['type'], CarrierRequestState>> = {
  SENDING: 'SENDING',
  ACCEPTED: 'ACCEPTED',
  ANSWERED: 'ACCEPTED',
  REFUSED: 'REFUSED',
  UNANSWERED: 'UNKNOWN',
  REQUEUED: 'QUEUED',
  CANCELLED: 'CANCELLED',
  PROVEN: 'ACCEPTED',
};
