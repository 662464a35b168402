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
  | { readonly type: 'REFUSED'; readonly error: RequestError }
  | { readonly type: 'UNANSWERED'; readonly error: RequestError }
  | { readonly type: 'REQUEUED'; readonly error: RequestError }
  | { readonly type: 'CANCELLED'; readonly error: RequestError }
  | { readonly type: 'PROVEN' };

export const REUSED_ID: RequestError = {
  code: 'UNUSABLE_ANSWER',
  message: 'The carrier answered with the requestId of another request. Nobody knows what became of this one.',
};

/** The states in which each step may begin. A request that has left is never cancelled, and a cancelled one never leaves. */
const STEP_FROM: Readonly<Record<SendingStep['type'], readonly CarrierRequestState[]>> = {
  SENDING: ['QUEUED'],
  REQUEUED: ['QUEUED', 'SENDING'],
  // QUEUED is another tool's request, which is first seen with its id. In the last three states an id is learnt late.
  ACCEPTED: ['SENDING', 'QUEUED', 'UNKNOWN', 'ACCEPTED', 'CLOSED'],
  // UNKNOWN: the refusal came late.
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

export function isAnswer(step: SendingStep): boolean {
  return step.type === 'ACCEPTED' && step.answered === true;
}

/** The state after each step. */
export const CARRIER_STATE: Readonly<Record<SendingStep['type'], CarrierRequestState>> = {
  SENDING: 'SENDING',
  ACCEPTED: 'ACCEPTED',
  REFUSED: 'REFUSED',
  UNANSWERED: 'UNKNOWN',
  REQUEUED: 'QUEUED',
  CANCELLED: 'CANCELLED',
  PROVEN: 'ACCEPTED',
};
