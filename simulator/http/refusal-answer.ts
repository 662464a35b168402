import type { Refusal } from '../refusal.ts';
import type { Answer } from './answer.ts';
import type { Route } from './route.ts';

/**
 * A refusal on the wire: `{ errorCode, errorMessage }`. The profile operations document `errorCode` as "the 3-digit HTML
 * error code"; everything else has the code behind the prefix of the service.
 */
export function refusalAnswer(refusal: Refusal, dialect: Route['dialect']): Answer {
  const errorCode = dialect === 'status-code' ? String(refusal.status) : `UnifiedWebService.${refusal.code}`;
  return { status: refusal.status, body: { errorCode, errorMessage: refusal.message } };
}
