import type { SendingStep } from '../../datasources/request-log/sending-steps.ts';
import type { SendAnswer } from '../../datasources/thingspace/thing-space.ts';

/** The step in the log that an answer of the carrier is. Null for what was not sent. */
export function stepOf(answer: SendAnswer, receivedAt: number): SendingStep | null {
  switch (answer.type) {
    case 'ACCEPTED':
      return { type: 'ACCEPTED', carrierRequestId: answer.carrierRequestId, answered: true };
    case 'ANSWERED':
      return { type: 'ANSWERED', results: answer.results.map((each) => ({ ...each, digest: null, callbackCount: null, receivedAt })) };
    case 'REFUSED':
      return { type: 'REFUSED', error: { code: answer.error.code, message: answer.error.message, httpStatus: answer.httpStatus } };
    case 'UNKNOWN':
      return { type: 'UNANSWERED', error: { code: 'UNANSWERED', message: answer.reason } };
    case 'NOT_SENT':
      return null;
  }
}
