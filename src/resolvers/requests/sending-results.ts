import type { SendingStep } from '../../datasources/request-log/sending-steps.ts';
import type { RequestError } from '../../datasources/request-log/stored-request.ts';
import type { SendAnswer } from '../../datasources/thingspace/thing-space.ts';

/** What the log says about the end of a sending. */

export const BROKEN_OFF: RequestError = {
  code: 'UNANSWERED',
  message: 'A failure of the gateway broke off the sending. Nobody knows whether anything reached the carrier.',
};

export const NOT_MARKED: RequestError = {
  code: 'NOT_SENT',
  message: 'The store did not answer before it was sent. It has not left, and is sent later.',
};

export const WAITED_TOO_LONG: RequestError = {
  code: 'WAITED_TOO_LONG',
  message: 'The request waited too long and is not sent any more. Make a new request if it is still wanted.',
};

/** The step in the log that an answer of the carrier is. Null for what was not sent. */
export function stepOf(answer: SendAnswer): SendingStep | null {
  switch (answer.type) {
    case 'ACCEPTED':
      return { type: 'ACCEPTED', carrierRequestId: answer.carrierRequestId, answered: true };
    case 'REFUSED':
      return { type: 'REFUSED', error: { code: answer.error.code, message: answer.error.message, httpStatus: answer.httpStatus } };
    case 'UNKNOWN':
      return { type: 'UNANSWERED', error: { code: 'UNANSWERED', message: answer.reason } };
    case 'NOT_SENT':
      return null;
  }
}
